/** Pages in IndexedDB: found by the IDs of their rows, read, and written anew. A page's key is its table, scope and name. */

import { editPage, idOf, isRow, pageOf, parsed, recordOf, rowsIn, type Row } from './pages.ts'
import { partName, type Part } from './layer.ts'
import type { Query, TableName } from './port.ts'

// Who aborts without a reason leaves none.
export const reasonOf = ({ error }: IDBTransaction | IDBRequest) => error ?? new DOMException('', 'AbortError')

export function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(reasonOf(request))
  })
}

const whole = (table: TableName, scope: string) => IDBKeyRange.bound([table, scope], [table, scope, []])
/** The key of the record that has the names of all pages but the first of each scope, so that a page is found by its key. */
const namesKey = ['names']

type Page = { readonly name: string; readonly record: unknown }
type Found = Page & { readonly ids: string[] }
/** By scope, in their order. */
type Names = Map<string, readonly string[]>

/** The pages as one transaction sees them. */
export function openPages(store: IDBObjectStore) {
  let names: Promise<Names> | undefined
  let storedNames: unknown
  const got = new Map<string, Promise<Page>>()

  async function readNames(): Promise<Names> {
    storedNames = await done(store.get(namesKey))
    const record = parsed(storedNames)
    return isNames(record) ? new Map(record) : namesOf(await done(store.getAllKeys()))
  }

  function get(key: [TableName, string, string]): Promise<Page> {
    const text = JSON.stringify(key)
    const page = got.get(text) ?? done(store.get(key)).then(record => ({ name: key[2], record: parsed(record) }))
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

  async function writePart({ table, scope, hides, rows: edits }: Part): Promise<void> {
    const ids = [...edits.keys()]
    if (hides) store.delete(whole(table, scope))
    const found = hides ? [{ name: '', record: [], ids }] : await find(table, scope, ids)
    const all = await (names ??= readNames())
    const inScope = new Set(hides ? [] : all.get(partName({ table, scope })))
    for (const { name, record, ids } of found) {
      const parts = editPage(table, { name, rows: rowsIn(record) }, new Map(ids.map(id => [id, edits.get(id) ?? null])))
      if (parts.length === 0) store.delete([table, scope, name])
      inScope.delete(name)
      for (const part of parts) {
        store.put(recordOf(part.rows), [table, scope, part.name])
        if (part.name !== '') inScope.add(part.name)
      }
    }
    if (inScope.size > 0) all.set(partName({ table, scope }), [...inScope].sort())
    else all.delete(partName({ table, scope }))
  }

  return {
    async read({ table, scope, ids }: Query): Promise<Row[]> {
      if (!ids) return (await done(store.getAll(whole(table, scope)))).flatMap(record => rowsIn(record))
      if (ids.length === 0) return []
      const asked = new Set(ids)
      const id = idOf[table] as (row: Row) => string
      const found = await find(table, scope, [...asked].sort())
      // What is no row any more is for the reader to see.
      return found
        .flatMap(({ record }) => rowsIn(record, { table, asked }))
        .filter(row => !isRow(table, row) || asked.has(id(row)))
    },

    async write(parts: readonly Part[]): Promise<void> {
      await Promise.all(parts.map(writePart))
      const text = names && JSON.stringify([...(await names)])
      if (text !== storedNames) store.put(text, namesKey)
    }
  }
}

const isNames = (record: unknown): record is [string, string[]][] =>
  Array.isArray(record) && record.every(each => Array.isArray(each) && Array.isArray(each[1]) && isSorted(each[1]))

const isSorted = (names: readonly unknown[]) =>
  names.every((name, index) => typeof name === 'string' && name > (index > 0 ? String(names[index - 1]) : ''))

function namesOf(keys: readonly IDBValidKey[]): Names {
  const names: Names = new Map()
  for (const [table, scope = '', name] of keys as [TableName, string?, string?][])
    if (name) names.set(partName({ table, scope }), [...(names.get(partName({ table, scope })) ?? []), name])
  return names
}
