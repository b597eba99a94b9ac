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
/**
 * Browsers notice an exhausted quota late. In tests, other data of the site exceeded it by 400 kB.
 * The browser keeps a value this large in its own file, so its deletion frees space at once.
 */
const reserveBytes = 1_000_000
/** `getRandomValues` has this limit. */
const randomBytesMax = 65_536

/** Puts the reserve, if there is none. */
export async function keepReserve(pages: IDBObjectStore): Promise<void> {
  if ((await resultOf(pages.getKey(reserveKey))) === undefined)
    pages.put(createReserve(), reserveKey)
}

/** Random, because browsers compress values. */
function createReserve(): Uint8Array {
  const reserve = new Uint8Array(reserveBytes)
  for (let from = 0; from < reserveBytes; from += randomBytesMax)
    crypto.getRandomValues(reserve.subarray(from, from + randomBytesMax))
  return reserve
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
