/** The pages of IndexedDB: found by the IDs of their rows, read, and rewritten. */

import type { MemberRow } from '../kernel/model.ts'
import { columnOf, isColumnBlock } from '../protocol/column-block.ts'
import { resultOf } from './database.ts'
import { decodedRows, type Scope, type ScopeWrites } from './memtable.ts'
import {
  blockPages,
  decodePage,
  editPage,
  encodePage,
  parseRecord,
  type Page
} from './page-format.ts'
import { isAscending, readPageIndex, type PageIndex } from './page-index.ts'
import type { StorageQuery } from './port.ts'
import { hasID, idOf, type StoredRow, type TableName } from './tables.ts'

type PageKey = [table: TableName, scope: string, name: string]
type PageRecord = { readonly name: string; readonly record: unknown }
/** New pages. They replace the page that `replaces` names, if any. */
type PageChange = { readonly replaces?: string; readonly pages: readonly Page[] }

export const scopeRange = ({ table, scope }: Scope) =>
  IDBKeyRange.bound([table, scope], [table, scope, []])

/** The pages as one transaction sees them. */
export function openPages(store: IDBObjectStore) {
  let index: Promise<PageIndex> | undefined
  const readIndex = () => (index ??= readPageIndex(store))
  const records = new Map<string, Promise<PageRecord>>()

  /** Requests each page once per transaction. */
  function get(key: PageKey): Promise<PageRecord> {
    const text = JSON.stringify(key)
    const page =
      records.get(text) ??
      resultOf(store.get(key)).then(record => ({ name: key[2], record: parseRecord(record) }))
    records.set(text, page)
    return page
  }

  /** Groups IDs by the pages that they belong to. */
  async function find(
    { table, scope }: Scope,
    ids: readonly string[]
  ): Promise<(PageRecord & { readonly ids: string[] })[]> {
    const { pageOf } = await readIndex()
    const idsByPage = new Map<string, string[]>()
    for (const id of ids) {
      const name = pageOf({ table, scope }, id)
      const pageIDs = idsByPage.get(name) ?? []
      idsByPage.set(name, pageIDs)
      pageIDs.push(id)
    }
    return Promise.all(
      [...idsByPage].map(([name, ids]) =>
        get([table, scope, name]).then(page => ({ ...page, ids }))
      )
    )
  }

  async function writeScope(writes: ScopeWrites): Promise<void> {
    const { table, scope, isEmptied } = writes
    if (isEmptied) store.delete(scopeRange(writes))
    const { namesIn, setNames } = await readIndex()
    const names = new Set(isEmptied ? [] : namesIn(writes))
    const changes = (await appendedPages(writes, [...names])) ?? (await editedPages(writes))
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

  async function editedPages(writes: ScopeWrites): Promise<PageChange[]> {
    const rows = decodedRows(writes)
    const ids = [...rows.keys()]
    const found = writes.isEmptied ? [{ name: '', record: [], ids }] : await find(writes, ids)
    return found.map(({ name, record, ids }) => {
      const edits = new Map(ids.map(id => [id, rows.get(id) ?? null]))
      return {
        replaces: name,
        pages: editPage(writes.table, { name, rows: decodePage(record) }, edits)
      }
    })
  }

  /**
   * A block with IDs greater than all stored IDs becomes pages without being decoded. A server
   * sends the members of a group in this order.
   */
  async function appendedPages(
    { table, scope, isEmptied, rows, blocks: [block, ...others] }: ScopeWrites,
    names: readonly string[]
  ): Promise<PageChange[] | undefined> {
    if (!isColumnBlock(block) || others.length > 0) return undefined
    const ids = columnOf<MemberRow, 'userID'>(block, 'userID')
    const [first = ''] = ids
    const lastName = names.at(-1) ?? ''
    if (ids.length < block.count || !isAscending(ids) || lastName >= first) return undefined
    const blockIDs = new Set(ids)
    if (![...rows.keys()].every(id => blockIDs.has(id))) return undefined
    const stored = isEmptied ? [] : storedUserIDs((await get([table, scope, lastName])).record)
    if (!stored.every(id => typeof id === 'string' && id < first)) return undefined
    const isFirstPageFree = lastName === '' && stored.length === 0
    const pages = blockPages(block).map((page, index) => {
      const [lowestID = ''] = columnOf<MemberRow, 'userID'>(page, 'userID')
      return { name: isFirstPageFree && index === 0 ? '' : lowestID, rows: page }
    })
    return [{ pages }]
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
      if (!ids) {
        const all = await resultOf(store.getAll(scopeRange({ table, scope })))
        return all.flatMap(record => decodePage(record))
      }
      if (ids.length === 0) return []
      const wanted = new Set(ids)
      const id = idOf[table] as (row: StoredRow) => string
      const found = await find({ table, scope }, [...wanted].sort())
      // Damaged rows stay in the answer: the engine repairs them.
      return found
        .flatMap(({ record }) => decodePage(record, { table, ids: wanted }))
        .filter(row => !hasID(table, row) || wanted.has(id(row)))
    },

    async write(scopes: readonly ScopeWrites[]): Promise<void> {
      await Promise.all(scopes.map(writeScope))
      if (index) (await index).write()
    }
  }
}

function storedUserIDs(record: unknown): readonly unknown[] {
  if (isColumnBlock(record)) return columnOf<MemberRow, 'userID'>(record, 'userID')
  return decodePage(record).map(row => (row as Partial<MemberRow> | null)?.userID)
}
