/** The rows that storage must hold: a model of the storage port, and random writes for it. */

import { rowsOf } from '../../../src/protocol/column-block.ts'
import type { Storage, StorageQuery, Write } from '../../../src/storage/port.ts'
import { member, putPending } from '../../../src/testing/storage/case.ts'
import { hashText, type Random } from '../../simulation/random.ts'

export type Model = Map<string, Map<string, unknown>>

const groupIDs = ['large', 'small', 'café/😀'] as const
const queries: readonly StorageQuery[] = [
  ...groupIDs.map(scope => ({ table: 'members', scope }) as const),
  { table: 'outbox', scope: '' }
]
const keyOf = ({ table, scope }: StorageQuery | Write): string => `${table} ${scope}`

export function applyWrites(model: Model, writes: readonly Write[]): void {
  for (const write of writes) {
    const rows = model.get(keyOf(write)) ?? new Map<string, unknown>()
    model.set(keyOf(write), rows)
    if ('empty' in write) rows.clear()
    else if ('block' in write) for (const row of rowsOf(write.block)) rows.set(row.userID, row)
    else if (write.row) rows.set(write.id, write.row)
    else rows.delete(write.id)
  }
}

/** A digest of all rows. */
export const stateOf = (model: Model): string =>
  digest(
    queries.map(query => {
      const rows = [...(model.get(keyOf(query)) ?? [])]
      return rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
    })
  )

/** The same digest, of the rows in storage. */
export async function storedState(storage: Storage): Promise<string> {
  const { answers } = await storage.read(queries)
  return digest(answers)
}

const digest = (rows: readonly (readonly unknown[])[]): string => {
  const text = JSON.stringify(rows)
  return `${rows.map(({ length }) => length).join('+')} rows, ${hashText(text)}`
}

export async function modelOf(storage: Storage): Promise<Model> {
  const { answers } = await storage.read(queries)
  const model: Model = new Map()
  for (const [index, query] of queries.entries())
    applyWrites(
      model,
      (answers[index] ?? []).map(row => ({ ...query, id: idOf(row), row }) as Write)
    )
  return model
}

const idOf = (row: unknown): string => {
  const { userID, opID } = row as { userID?: string; opID?: string }
  return userID ?? opID ?? ''
}

/** The writes of one commit. `number` makes them different from those of other commits. */
export function randomWrites(random: Random, number: number): Write[] {
  const scope = random.pick(groupIDs)
  const userIDs = scope === 'large' ? 400 : 12
  const put = (): Write => {
    const row = {
      ...member(userIDAt(random.below(userIDs)), { nameCard: `${number} 名` }),
      groupID: scope
    }
    return { table: 'members', scope, id: row.userID, row }
  }
  const kind = random.below(20)
  const operation = putPending(`op ${number}`)
  if (kind < 10) return [put(), operation]
  if (kind < 15)
    return [{ table: 'outbox', scope: '', id: `op ${random.below(number + 1)}`, row: null }, put()]
  if (kind < 17)
    return [{ table: 'members', scope, id: userIDAt(random.below(userIDs)), row: null }, operation]
  if (kind < 18) return [{ table: 'members', scope, empty: true }, put(), operation]
  if (kind < 19) return [{ table: 'outbox', scope: '', empty: true }, operation]
  const start = random.below(userIDs)
  const rows = Array.from({ length: Math.min(userIDs - start, 150) }, (_, index) => ({
    ...member(userIDAt(start + index), { nameCard: `block ${number}` }),
    groupID: scope
  }))
  return [{ table: 'members', scope, block: rows }]
}

const userIDAt = (number: number): string => `u${String(number).padStart(3, '0')}`
