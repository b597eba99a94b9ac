/** Pages in IndexedDB: found by the IDs of their rows, read, and written anew. A page's key is its table, scope and name. */

import { editPage, idOf, isRow, pageOf, recordOf, rowsIn, type Row } from './pages.ts'
import type { Part } from './layer.ts'
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

export async function readPages(pages: IDBObjectStore, { table, scope, ids }: Query): Promise<Row[]> {
  if (!ids) return (await done(pages.getAll(whole(table, scope)))).flatMap(rowsIn)
  const asked = new Set(ids)
  const id = idOf[table] as (row: Row) => string
  const found = await pagesOf(pages, table, scope, [...asked].sort())
  // What is no row any more is for the reader to see.
  return found.flatMap(({ rows }) => rows).filter(row => !isRow(table, row) || asked.has(id(row)))
}

export async function writePart(pages: IDBObjectStore, { table, scope, hides, rows: edits }: Part): Promise<void> {
  const ids = [...edits.keys()]
  if (hides) pages.delete(whole(table, scope))
  const found = hides ? [{ name: '', rows: [], ids }] : await pagesOf(pages, table, scope, ids)
  for (const { name, rows, ids } of found) {
    const parts = editPage(table, { name, rows }, new Map(ids.map(id => [id, edits.get(id) ?? null])))
    if (parts.length === 0) pages.delete([table, scope, name])
    for (const part of parts) pages.put(recordOf(part.rows), [table, scope, part.name])
  }
}

type Page = { readonly name: string; readonly rows: readonly Row[] }
type Found = Page & { readonly ids: string[] }

/** The pages that IDs belong into, each with its IDs. */
async function pagesOf(pages: IDBObjectStore, table: TableName, scope: string, ids: readonly string[]): Promise<Found[]> {
  const pageAt = await pageFinder(pages, table, scope, ids.length)
  const found = new Map<string, Found>()
  for (const [index, page] of (await Promise.all(ids.map(pageAt))).entries()) {
    const known = found.get(page.name) ?? { ...page, ids: [] }
    found.set(page.name, known)
    known.ids.push(ids[index] ?? '')
  }
  return [...found.values()]
}

/** Few pages are each found by one request, however many there are; of many, the names are read first. */
const fewIDs = 16

async function pageFinder(
  pages: IDBObjectStore,
  table: TableName,
  scope: string,
  idCount: number
): Promise<(id: string) => Promise<Page>> {
  if (idCount <= fewIDs)
    return async id => {
      const cursor = await done(pages.openCursor(IDBKeyRange.bound([table, scope], [table, scope, id]), 'prev'))
      return { name: cursor ? nameIn(cursor.key) : '', rows: rowsIn(cursor?.value) }
    }
  const names = (await done(pages.getAllKeys(whole(table, scope)))).map(nameIn)
  const got = new Map<string, Promise<Page>>()
  return id => {
    const name = pageOf(names, id)
    const page = got.get(name) ?? done(pages.get([table, scope, name])).then(value => ({ name, rows: rowsIn(value) }))
    got.set(name, page)
    return page
  }
}

const nameIn = (key: IDBValidKey): string => (key as [TableName, string, string])[2]
