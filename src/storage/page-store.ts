/** The pages of IndexedDB: found by the IDs of their rows, read, and rewritten. */

import { resultOf } from './database.ts'
import { scopeKey, type Scope, type ScopeWrites } from './memtable.ts'
import { pageChanges } from './page-changes.ts'
import { decodePage, encodePage, parseRecord } from './page-format.ts'
import { readPageIndex, type PageIndex } from './page-index.ts'
import { idsByPage } from './page-names.ts'
import type { StorageQuery } from './port.ts'
import { hasID, idOf, type StoredRow, type TableName } from './tables.ts'

type PageKey = [table: TableName, scope: string, name: string]
type PageRecord = { readonly name: string; readonly record: unknown }

export const scopeRange = ({ table, scope }: Scope) =>
  IDBKeyRange.bound([table, scope], [table, scope, []])

/** The pages as one transaction sees them. */
export function openPages(store: IDBObjectStore) {
  let index: Promise<PageIndex> | undefined
  const readIndex = () => (index ??= readPageIndex(store))
  const records = new Map<string, Promise<PageRecord>>()
  const scopes = new Map<string, Promise<StoredRow[]>>()

  /** Requests each page once per transaction. */
  function get(key: PageKey): Promise<PageRecord> {
    const text = JSON.stringify(key)
    const page =
      records.get(text) ??
      resultOf(store.get(key)).then(record => ({ name: key[2], record: parseRecord(record) }))
    records.set(text, page)
    return page
  }

  /** Requests each scope once per transaction: every operation of a commit reads the lease. */
  function getAll(scope: Scope): Promise<StoredRow[]> {
    const text = scopeKey(scope)
    const rows =
      scopes.get(text) ??
      resultOf(store.getAll(scopeRange(scope))).then(records =>
        records.flatMap(record => decodePage(record))
      )
    scopes.set(text, rows)
    return rows
  }

  /** Groups IDs by the pages that they belong to. */
  async function find(
    { table, scope }: Scope,
    ids: readonly string[]
  ): Promise<(PageRecord & { readonly ids: string[] })[]> {
    const { namesIn } = await readIndex()
    const pages = idsByPage(namesIn({ table, scope }), ids)
    return Promise.all(
      [...pages].map(([name, ids]) => get([table, scope, name]).then(page => ({ ...page, ids })))
    )
  }

  async function writeScope(writes: ScopeWrites): Promise<void> {
    const { table, scope, isEmptied } = writes
    if (isEmptied) store.delete(scopeRange(writes))
    const { namesIn, setNames } = await readIndex()
    const names = new Set(isEmptied ? [] : namesIn(writes))
    const changes = await pageChanges(writes, {
      names: [...names],
      readPage: async name => (await get([table, scope, name])).record
    })
    for (const { replaces, pages } of changes) {
      if (replaces !== undefined) names.delete(replaces)
      if (replaces !== undefined && pages.length === 0) store.delete([table, scope, replaces])
      for (const { name, rows } of pages) {
        store.put(encodePage(rows), [table, scope, name])
        if (name !== '') names.add(name)
      }
    }
    setNames(writes, names)
  }

  return {
    /** Requests pages in the order of their keys. Browsers answer this order twice as fast. */
    async readAhead(queries: readonly StorageQuery[]): Promise<void> {
      const { pageOf } = await readIndex()
      const keys = queries.flatMap(({ table, scope, ids = [] }) =>
        ids.map(id => [table, scope, pageOf({ table, scope }, id)] satisfies PageKey)
      )
      keys.sort((a, b) => (a < b ? -1 : 1)).forEach(get)
    },

    async read({ table, scope, ids }: StorageQuery): Promise<StoredRow[]> {
      if (!ids) return getAll({ table, scope })
      if (ids.length === 0) return []
      const wanted = new Set(ids)
      const id = idOf[table] as (row: StoredRow) => string
      const found = await find({ table, scope }, [...wanted].sort())
      // Damaged rows stay in the answer: the engine repairs them.
      return found
        .flatMap(({ record }) => decodePage(record, { table, ids: wanted }))
        .filter(row => !hasID(table, row) || wanted.has(id(row)))
    },

    async write(writes: readonly ScopeWrites[]): Promise<void> {
      await Promise.all(writes.map(writeScope))
      if (index) (await index).write()
    }
  }
}
