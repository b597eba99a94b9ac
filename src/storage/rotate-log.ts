/**
 * Makes Chromium begin another log file, after a crash.
 *
 * Why: LevelDB appends a record in two writes. A kill between them leaves half a record. The next
 * start appends after it, and the start after that finds a damaged log and drops every database of
 * the origin. A log that has grown by 2 MB is closed and read no more. This takes 35 to 500 ms, and
 * may happen while the app already works: what it writes meanwhile is kept.
 * https://github.com/google/leveldb/issues/1287
 */

import { resultOf } from './database.ts'

const name = 'offline-groups log rotation'
// Larger values do not go to the log.
const recordBytes = 32 * 1024
const records = 72

/** Never rejects. */
export async function rotateLog(): Promise<void> {
  try {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore('records')
    const database = await resultOf(request)
    await transact(database, store => {
      for (let key = 0; key < records; key++) store.put(new Uint8Array(recordBytes), key)
    })
    await transact(database, store => store.clear())
    database.close()
  } catch {
    // Expected: the browser denies storage, or the disk is full.
  }
}

function transact(database: IDBDatabase, work: (store: IDBObjectStore) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('records', 'readwrite')
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException('', 'AbortError'))
    work(transaction.objectStore('records'))
  })
}
