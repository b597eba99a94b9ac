/**
 * Room in a full database. A browser whose quota is exhausted refuses every transaction that puts
 * something, however small, and however much the same transaction deletes. Transactions that only
 * delete succeed. So a useless record is kept in reserve, and deleted when the quota is exhausted.
 */

import { resultOf, runTransaction, storeNames } from './database.ts'
import type { Journal } from './journal.ts'
import { scopeRange } from './page-store.ts'
import { paintKey } from './paint-cache.ts'

const reserveKey = ['reserve']
/** Enough for some commits. Browsers keep larger values in files of their own. */
const reserveBytes = 60_000

/** Puts the reserve, if there is none. */
export async function keepReserve(pages: IDBObjectStore): Promise<void> {
  if ((await resultOf(pages.getKey(reserveKey))) === undefined)
    pages.put(new Uint8Array(reserveBytes), reserveKey)
}

/**
 * Deletes the reserve, the cached paint, and the pages of scopes that were emptied: until the next
 * checkpoint, the journal alone says so.
 */
export async function makeRoom(database: IDBDatabase, journal: Journal): Promise<void> {
  await runTransaction(database.transaction(storeNames, 'readwrite'), async stores => {
    await journal.readNew(stores)
    for (const key of [reserveKey, paintKey]) stores.pages.delete(key)
    for (const scope of journal.memtable.scopes.values())
      if (scope.isEmptied) stores.pages.delete(scopeRange(scope))
  })
}
