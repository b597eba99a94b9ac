/** Answers queries inside a transaction: from the pages, with the journal over them. */

import type { Stores } from './database.ts'
import type { Journal } from './journal.ts'
import { openPages } from './page-store.ts'
import type { StorageQuery } from './port.ts'
import type { StoredRow } from './tables.ts'

/** The rows of each query, in the order of the queries. */
export type QueryAnswers = readonly StoredRow[][]

/** Answers several callers. */
export async function readQueries(
  { journal, stores }: { journal: Journal; stores: Stores },
  callers: readonly (readonly StorageQuery[])[]
): Promise<QueryAnswers[]> {
  const [, stored] = await Promise.all([journal.readNew(stores), readPages(stores.pages, callers)])
  return callers.map((queries, caller) =>
    queries.map((query, index) => journal.memtable.read(query, stored[caller]?.[index] ?? []))
  )
}

async function readPages(
  store: IDBObjectStore,
  callers: readonly (readonly StorageQuery[])[]
): Promise<StoredRow[][][]> {
  const pages = openPages(store)
  if (callers.length > 1) await pages.readAhead(callers.flat())
  return Promise.all(callers.map(queries => Promise.all(queries.map(pages.read))))
}
