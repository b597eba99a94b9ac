/**
 * Opens the IndexedDB database of one user: upgrades an older one, refuses a newer one, and reports
 * damage, blocked upgrades and the end of the connection.
 *
 * Why Dexie gets a factory of its own: Dexie opens a newer database and adds its stores to it, or
 * raises its version, which locks the newer build out. Dexie also hides the upgrade event, the only
 * place where Chromium reports that it has dropped a damaged database.
 */

import './denied-channels.ts'
import { Dexie } from 'dexie'
import {
  nativeVersion,
  reportDataLoss,
  resultOf,
  runTransaction,
  schemaVersion,
  storeNames,
  type OnDataLoss
} from './database.ts'

export type DatabaseEvents = {
  /** The browser, another tab or a newer build has ended the connection. */
  onLost?(error: Error): void
  /** The upgrade waits for another tab to close its connection. */
  onBlocked?(): void
  /** The browser has dropped a damaged database, and has started an empty one. */
  readonly onDataLoss?: OnDataLoss
}

type OpenDatabase = {
  readonly database: IDBDatabase
  close(): void
  remove(): Promise<void>
}

/** Rejects with the error of IndexedDB. `VersionError`: a newer build has written the database. */
export async function openDatabase(name: string, events: DatabaseEvents): Promise<OpenDatabase> {
  const dexie = new Dexie(name, { indexedDB: guardedFactory(events), IDBKeyRange })
  dexie.version(schemaVersion).stores({ pages: '', journal: '++commitNumber' })
  let isClosed = false
  await dexie.open().catch(describeOlderVersion)
  const database = dexie.backendDB()
  const lost = (error: Error) => {
    if (!isClosed) events.onLost?.(error)
  }
  database.addEventListener('close', () =>
    lost(new DOMException('The browser has closed the database.', 'InvalidStateError'))
  )
  // Dexie closes the connection at this event, so that the other tab can continue.
  database.addEventListener('versionchange', ({ newVersion }) =>
    lost(newVersion === null ? removed() : newer())
  )
  return {
    database,
    close() {
      isClosed = true
      dexie.close()
    },
    async remove() {
      isClosed = true
      // A frozen tab may block the removal for days, so the rows go first.
      const isEmptied = await emptied(database)
      dexie.close()
      await removeDatabase(name).catch((error: unknown) => {
        if (!isEmptied) throw error
      })
    }
  }
}

/**
 * Whether an older version is stored, whose upgrade waits. A frozen tab does not react to the
 * request to close it, so browsers send no `blocked` event.
 */
export async function isOlderStored(name: string): Promise<boolean> {
  const databases = await indexedDB.databases()
  return databases.some(each => each.name === name && (each.version ?? 0) < nativeVersion)
}

async function emptied(database: IDBDatabase): Promise<boolean> {
  try {
    const transaction = database.transaction(storeNames, 'readwrite', { durability: 'strict' })
    await runTransaction(transaction, async ({ pages, journal }) => {
      await Promise.all([resultOf(pages.clear()), resultOf(journal.clear())])
    })
    return true
  } catch {
    // Expected: the database is damaged, or the browser has closed it.
    return false
  }
}

const removalWithinMs = 3000

/** Removes a database, also one that cannot be opened. */
export function removeDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error ?? new DOMException('', 'UnknownError'))
    const late = new DOMException('Another tab keeps the database open.', 'BlockedError')
    setTimeout(() => reject(late), removalWithinMs)
  })
}

/** Reads `indexedDB` at each opening: some browsers remove it during the life of a page. */
function guardedFactory({ onBlocked, onDataLoss }: DatabaseEvents): IDBFactory {
  // Reading it throws a SecurityError where the browser denies storage.
  const native = globalThis.indexedDB as IDBFactory | undefined
  if (!native) throw new DOMException('This browser has no IndexedDB.', 'SecurityError')
  return {
    open(name: string, version?: number) {
      // Dexie passes no version if the database is newer, and a raised one if it lacks a store.
      if (!version) throw newer()
      if (version !== nativeVersion)
        throw new DOMException('The database lacks a store.', 'DataError')
      const request = native.open(name, version)
      if (onBlocked) request.addEventListener('blocked', onBlocked)
      request.addEventListener('upgradeneeded', event => reportDataLoss(event, onDataLoss))
      return request
    },
    deleteDatabase: (name: string) => native.deleteDatabase(name),
    // Without this function, Dexie keeps a list of databases in one more database.
    databases: () => native.databases(),
    cmp: (a: unknown, b: unknown) => native.cmp(a, b)
  }
}

const newer = () =>
  new DOMException('A newer build of the app has written the database.', 'VersionError')
const removed = () => new DOMException('Another tab has removed the database.', 'NotFoundError')

function describeOlderVersion(error: Error): never {
  if (error.name !== Dexie.errnames.Upgrade) throw error
  throw new DOMException(
    'The database has an older storage version. Remove it to start anew.',
    'DataError'
  )
}
