/** Pages in IndexedDB: found by the IDs of their rows, read, and written anew. A page's key is its table, scope and name. */

import type { MemberRow } from '../kernel/model.ts'
import {
  isColumnBlock,
  columnOf,
  type ColumnBlock,
  type RowsOrBlock
} from '../protocol/column-block.ts'
import { editPage, pageOf, pagesOf, parsed, recordOf, rowsIn, type Page } from './pages.ts'
import { done } from './database.ts'
import { editsIn, partName, type Part } from './layer.ts'
import type { StorageQuery } from './port.ts'
import { hasID, idOf, type StoredRow, type TableName } from './tables.ts'

const whole = (table: TableName, scope: string) =>
  IDBKeyRange.bound([table, scope], [table, scope, []])
/** The key of the record that has the names of all pages but the first of each scope, so that a page is found by its key. */
const namesKey = ['names']

type PageKey = [table: TableName, scope: string, name: string]
type Stored = { readonly name: string; readonly record: unknown }
type Found = Stored & { readonly ids: string[] }
/** By scope, in their order. */
type Names = Map<string, readonly string[]>

/** The pages as one transaction sees them. */
export function openPages(store: IDBObjectStore) {
  let names: Promise<Names> | undefined
  let storedNames: unknown
  const got = new Map<string, Promise<Stored>>()

  async function readNames(): Promise<Names> {
    storedNames = await done(store.get(namesKey))
    const record = parsed(storedNames)
    return isNames(record) ? new Map(record) : namesOf(await done(store.getAllKeys()))
  }

  function get(key: PageKey): Promise<Stored> {
    const text = JSON.stringify(key)
    const page =
      got.get(text) ??
      done(store.get(key)).then(record => ({ name: key[2], record: parsed(record) }))
    got.set(text, page)
    return page
  }

  /** The pages that IDs belong into, each with its IDs. */
  async function find(table: TableName, scope: string, ids: readonly string[]): Promise<Found[]> {
    const inScope = (await (names ??= readNames())).get(partName({ table, scope })) ?? []
    const found = new Map<string, Found>()
    const pages = await Promise.all(ids.map(id => get([table, scope, pageOf(inScope, id)])))
    for (const [index, page] of pages.entries()) {
      const known = found.get(page.name) ?? { ...page, ids: [] }
      found.set(page.name, known)
      known.ids.push(ids[index] ?? '')
    }
    return [...found.values()]
  }

  async function writePart(part: Part): Promise<void> {
    const { table, scope, hides } = part
    if (hides) store.delete(whole(table, scope))
    const all = await (names ??= readNames())
    const inScope = new Set(hides ? [] : all.get(partName(part)))
    const put = (name: string, rows: RowsOrBlock<StoredRow>) => {
      store.put(recordOf(rows), [table, scope, name])
      if (name !== '') inScope.add(name)
    }
    const fresh = await behind(part, [...inScope])
    if (fresh) for (const [name, rows] of fresh) put(name, rows)
    else
      for (const { name, parts } of await edited(part)) {
        if (parts.length === 0) store.delete([table, scope, name])
        inScope.delete(name)
        for (const page of parts) put(page.name, page.rows)
      }
    if (inScope.size > 0) all.set(partName(part), [...inScope].sort())
    else all.delete(partName(part))
  }

  /** The pages that a part changes, as they become. */
  async function edited(part: Part): Promise<{ name: string; parts: Page[] }[]> {
    const { table, scope, hides } = part
    const edits = editsIn(part)
    const ids = [...edits.keys()]
    const found = hides ? [{ name: '', record: [], ids }] : await find(table, scope, ids)
    return found.map(({ name, record, ids }) => ({
      name,
      parts: editPage(
        table,
        { name, rows: rowsIn(record) },
        new Map(ids.map(id => [id, edits.get(id) ?? null]))
      )
    }))
  }

  /** New pages, where a part is nothing but packed rows behind all that its scope has: nobody has to look into them. */
  async function behind(
    { table, scope, hides, rows, blocks: [block, ...others] }: Part,
    inScope: readonly string[]
  ): Promise<[string, ColumnBlock][] | undefined> {
    if (!isColumnBlock(block) || others.length > 0) return undefined
    const ids = columnOf<MemberRow, 'userID'>(block, 'userID')
    const [first = ''] = ids
    const last = inScope.at(-1) ?? ''
    const placed = new Set(ids)
    if (
      ids.length < block.count ||
      !isSorted(ids) ||
      last >= first ||
      ![...rows.keys()].every(id => placed.has(id))
    )
      return undefined
    const record = hides ? undefined : (await get([table, scope, last])).record
    const before = isColumnBlock(record)
      ? columnOf<MemberRow, 'userID'>(record, 'userID')
      : rowsIn(record).map(idIn)
    if (!before.every(id => typeof id === 'string' && id < first)) return undefined
    const isAlone = last === '' && before.length === 0
    return pagesOf(block).map((page, index) => {
      const [lowest = ''] = columnOf<MemberRow, 'userID'>(page, 'userID')
      return [isAlone && index === 0 ? '' : lowest, page]
    })
  }

  return {
    /** Begins to read the pages of many queries in the order of their keys, which takes less than half the time. */
    async readAhead(queries: readonly StorageQuery[]): Promise<void> {
      const all = await (names ??= readNames())
      const keys = queries.flatMap(({ table, scope, ids = [] }) => {
        const inScope = all.get(partName({ table, scope })) ?? []
        return ids.map(id => [table, scope, pageOf(inScope, id)] satisfies PageKey)
      })
      keys.sort((a, b) => (a < b ? -1 : 1)).forEach(get)
    },

    async read({ table, scope, ids }: StorageQuery): Promise<StoredRow[]> {
      if (!ids)
        return (await done(store.getAll(whole(table, scope)))).flatMap(record => rowsIn(record))
      if (ids.length === 0) return []
      const asked = new Set(ids)
      const id = idOf[table] as (row: StoredRow) => string
      const found = await find(table, scope, [...asked].sort())
      // What is no row any more is for the reader to see.
      return found
        .flatMap(({ record }) => rowsIn(record, { table, asked }))
        .filter(row => !hasID(table, row) || asked.has(id(row)))
    },

    async write(parts: readonly Part[]): Promise<void> {
      await Promise.all(parts.map(writePart))
      const text = names && JSON.stringify([...(await names)])
      if (text !== storedNames) store.put(text, namesKey)
    }
  }
}

const idIn = (row: StoredRow) => (hasID('members', row) ? (row as MemberRow).userID : undefined)

const isNames = (record: unknown): record is [string, string[]][] =>
  Array.isArray(record) &&
  record.every(each => Array.isArray(each) && Array.isArray(each[1]) && isSorted(each[1]))

const isSorted = (names: readonly unknown[]) =>
  names.every(
    (name, index) => typeof name === 'string' && name > (index > 0 ? String(names[index - 1]) : '')
  )

function namesOf(keys: readonly IDBValidKey[]): Names {
  const names: Names = new Map()
  for (const [table, scope = '', name] of keys as [TableName, string?, string?][])
    if (name)
      names.set(partName({ table, scope }), [
        ...(names.get(partName({ table, scope })) ?? []),
        name
      ])
  return names
}
