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

type Page = { readonly name: string; readonly record: unknown }
type Found = Page & { readonly ids: string[] }
export type Pages = ReturnType<typeof openPages>

/** Few pages are each found by one request, however many there are; of many, the names are read first. */
const fewIDs = 16

/** The pages as one transaction sees them. `searches`: how many scopes are about to be searched for IDs. */
export function openPages(store: IDBObjectStore, searches: number) {
  const directory = searches > fewIDs ? done(store.getAllKeys()).then(byPart) : undefined
  const got = new Map<string, Promise<Page>>()

  async function namesIn(table: TableName, scope: string): Promise<readonly string[]> {
    if (directory) return (await directory).get(partName({ table, scope })) ?? []
    return (await done(store.getAllKeys(whole(table, scope)))).map(nameIn)
  }

  async function search(table: TableName, scope: string, id: string): Promise<Page> {
    const cursor = await done(store.openCursor(IDBKeyRange.bound([table, scope], [table, scope, id]), 'prev'))
    return { name: cursor ? nameIn(cursor.key) : '', record: cursor?.value }
  }

  function get(table: TableName, scope: string, name: string): Promise<Page> {
    const key = [table, scope, name]
    const page = got.get(key.join()) ?? done(store.get(key)).then(record => ({ name, record: parsed(record) }))
    got.set(key.join(), page)
    return page
  }

  /** The pages that IDs belong into, each with its IDs. */
  async function pagesOf(table: TableName, scope: string, ids: readonly string[]): Promise<Found[]> {
    const names = directory || ids.length > fewIDs ? await namesIn(table, scope) : undefined
    const pageAt = (id: string) => (names ? get(table, scope, pageOf(names, id)) : search(table, scope, id))
    const found = new Map<string, Found>()
    for (const [index, page] of (await Promise.all(ids.map(pageAt))).entries()) {
      const known = found.get(page.name) ?? { ...page, ids: [] }
      found.set(page.name, known)
      known.ids.push(ids[index] ?? '')
    }
    return [...found.values()]
  }

  return {
    async read({ table, scope, ids }: Query): Promise<Row[]> {
      if (!ids) return (await done(store.getAll(whole(table, scope)))).flatMap(record => rowsIn(record))
      const asked = new Set(ids)
      const id = idOf[table] as (row: Row) => string
      const found = await pagesOf(table, scope, [...asked].sort())
      // What is no row any more is for the reader to see.
      return found
        .flatMap(({ record }) => rowsIn(record, { table, asked }))
        .filter(row => !isRow(table, row) || asked.has(id(row)))
    },

    async write({ table, scope, hides, rows: edits }: Part): Promise<void> {
      const ids = [...edits.keys()]
      if (hides) store.delete(whole(table, scope))
      const found = hides ? [{ name: '', record: [], ids }] : await pagesOf(table, scope, ids)
      for (const { name, record, ids } of found) {
        const parts = editPage(table, { name, rows: rowsIn(record) }, new Map(ids.map(id => [id, edits.get(id) ?? null])))
        if (parts.length === 0) store.delete([table, scope, name])
        for (const part of parts) store.put(recordOf(part.rows), [table, scope, part.name])
      }
    }
  }
}

const nameIn = (key: IDBValidKey): string => (key as [TableName, string, string])[2]

/** The names of the pages of each scope, in their order. */
function byPart(keys: readonly IDBValidKey[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>()
  for (const key of keys as [TableName, string, string][]) {
    const part = partName({ table: key[0], scope: key[1] })
    const known = names.get(part)
    if (known) known.push(key[2])
    else names.set(part, [key[2]])
  }
  return names
}
