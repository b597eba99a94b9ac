/**
 * The smallest storage adapter: a key-value store of texts, as mini-programs have. It imports
 * only the port, which proves that the port is enough to write an adapter.
 */

import { describe, expect, test } from 'vitest'
import { rowsOf } from '../../src/protocol/column-block.ts'
import type { Storage, StorageQuery, Write } from '../../src/storage/port.ts'
import { storageContract } from '../../src/testing/storage-contract.ts'

type Scopes = Record<string, Record<string, unknown>>
type Content = { commitNumber: number; readonly scopes: Scopes }

function openTextStorage(disk: Map<string, string>, name: string): Storage {
  const load = (): Content =>
    JSON.parse(disk.get(name) ?? '{"commitNumber":0,"scopes":{}}') as Content
  // One synchronous step per call: calls of all connections take effect one after another.
  const inOneStep = <T>(step: () => T): Promise<T> => Promise.resolve().then(step)
  // `never`, because the type cannot state that each query's rows are rows of its table.
  const answer = ({ scopes }: Content, queries: readonly StorageQuery[]) =>
    queries.map(query => find(scopes, query)) as never

  return {
    read: queries =>
      inOneStep(() => {
        const content = load()
        return { answers: answer(content, queries), commitNumber: content.commitNumber }
      }),
    transact: (queries, body) =>
      inOneStep(() => {
        const content = load()
        for (const write of body(answer(content, queries))) apply(content.scopes, write)
        content.commitNumber++
        disk.set(name, JSON.stringify(content))
        return content.commitNumber
      }),
    close: () => inOneStep(() => undefined),
    destroy: () => inOneStep(() => void disk.delete(name))
  }
}

function find(scopes: Scopes, { table, scope, ids }: StorageQuery): unknown[] {
  const rows = scopes[`${table}/${scope}`] ?? {}
  const storedIDs = Object.keys(rows).filter(id => !ids || ids.includes(id))
  return storedIDs.sort().map(id => rows[id])
}

function apply(scopes: Scopes, write: Write): void {
  const rows = (scopes[`${write.table}/${write.scope}`] ??= {})
  if ('empty' in write) delete scopes[`${write.table}/${write.scope}`]
  else if ('block' in write) for (const row of rowsOf(write.block)) rows[row.userID] = row
  else if (write.row) rows[write.id] = write.row
  else delete rows[write.id]
}

describe('an adapter over a key-value store', () => {
  const disk = new Map<string, string>()
  storageContract({ test, expect }, name => Promise.resolve(openTextStorage(disk, name)), {
    survives: true
  })
})
