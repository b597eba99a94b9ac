/**
 * Opens the storage of one user in a browser, and decides whether rows are kept in memory, because
 * IndexedDB is denied or damaged. returning.ts tries it again.
 */

import { openDexieStorage } from '../storage/dexie.ts'
import { createLastingStorage, type LastingStorage } from '../storage/lasting.ts'
import { isOlderStored, removeDatabase } from '../storage/open-database.ts'

/** Pauses between the attempts to open a database that fails. Then rows are kept in memory. */
const retryMs = [200, 800, 2000]
/** Private windows, sandboxed frames and browsers without IndexedDB. Waiting does not help. */
const denials = ['SecurityError', 'InvalidStateError']
/** The database is intact, but the page has to be reloaded, or another tab has to be closed. */
const conflicts = ['VersionError', 'BlockedError', 'TimeoutError']

export type BrowserStorage = {
  /** `indexedDB` may have an error: why the database cannot be used yet. */
  readonly mode: 'indexedDB' | 'memory'
  /** IndexedDB. In the mode `memory` it cannot be opened yet. */
  readonly storage: LastingStorage
  readonly error?: Error
  /** The browser has dropped a damaged database. */
  readonly isDataLost: boolean
}

/** Never rejects. */
export async function openBrowserStorage(name: string): Promise<BrowserStorage> {
  let isDataLost = false
  const onDataLoss = () => void (isDataLost = true)
  const storage = createLastingStorage({
    open: events => openDexieStorage(name, { ...events, onDataLoss }),
    remove: () => removeDatabase(name),
    isUpgrade: () => isOlderStored(name)
  })
  const error = await openPatiently(storage)
  if (!error) return { storage, mode: 'indexedDB', isDataLost }
  if (conflicts.includes(error.name)) return { storage, mode: 'indexedDB', error, isDataLost }
  return { storage, mode: 'memory', error, isDataLost }
}

/** Resolves with the error of the last attempt, if it failed. */
async function openPatiently(storage: { open(): Promise<void> }): Promise<Error | undefined> {
  for (const pauseMs of [...retryMs, 0]) {
    const error = await storage.open().then(
      () => undefined,
      (reason: unknown) => (reason instanceof Error ? reason : new Error(String(reason)))
    )
    if (!error || [...denials, ...conflicts].includes(error.name)) return error
    if (pauseMs === 0) return error
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
  return undefined
}
