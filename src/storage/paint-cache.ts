/**
 * The first-paint cache: the lists that a page showed last, stored as one text beside the rows. The
 * next page shows them before its worker has started.
 *
 * A cached paint is current as long as its commit number is the number of the last journal record.
 * Any commit, and any checkpoint, makes it outdated, so a page never shows rows older than storage.
 */

import {
  nativeVersion,
  reportDataLoss,
  resultOf,
  runTransaction,
  storeNames,
  type OnDataLoss,
  type Stores
} from './database.ts'

/** The key of the cached paint in the store of pages. */
export const paintKey = ['paint']
type CachedPaint = { readonly commitNumber: number; readonly text: string }

/**
 * Every method resolves with `undefined` if there is no database, or if it was removed or upgraded
 * by another tab. The engine reports such errors. Here they only prevent the first paint.
 */
export function openPaintCache(databaseName: string, onDataLoss?: OnDataLoss) {
  let opening: Promise<IDBDatabase | undefined> | undefined
  let isClosed = false

  function open(): Promise<IDBDatabase | undefined> {
    const request = indexedDB.open(databaseName)
    request.onupgradeneeded = event => {
      reportDataLoss(event, onDataLoss)
      // If there is no database, the request must not create it: only the worker may.
      request.transaction?.abort()
    }
    return resultOf(request).then(
      database => {
        database.onversionchange = close
        if (database.version === nativeVersion) return database
        // Another build writes other records.
        database.close()
        return (opening = undefined)
      },
      () => (opening = undefined)
    )
  }

  /** Until the next use: the connection of a frozen page would hold up other tabs. */
  function release(): void {
    void opening?.then(database => database?.close())
    opening = undefined
  }

  function close(): void {
    isClosed = true
    release()
  }

  async function within<T>(
    mode: IDBTransactionMode,
    work: (stores: Stores) => Promise<T>
  ): Promise<T | undefined> {
    try {
      const database = isClosed ? undefined : await (opening ??= open())
      if (!database) return undefined
      const transaction = database.transaction(storeNames, mode)
      const answer = await runTransaction(transaction, stores => {
        const working = work(stores)
        // Commits of the worker wait for this transaction. Without this call, they would also wait
        // for a busy UI thread.
        if (mode === 'readonly') transaction.commit()
        return working
      })
      return isClosed ? undefined : answer
    } catch {
      // Expected: the database was removed, or the disk refuses.
      return undefined
    }
  }

  return {
    /** Resolves with the text if the paint is current. */
    read: (): Promise<string | undefined> =>
      within('readonly', async ({ pages, journal }) => {
        const [last, paint] = await Promise.all([
          lastCommitNumber(journal),
          resultOf(pages.get(paintKey) as IDBRequest<unknown>)
        ])
        const { commitNumber, text } = (paint ?? {}) as Partial<CachedPaint>
        const isCurrent = typeof commitNumber === 'number' && commitNumber === last
        return isCurrent && typeof text === 'string' ? text : undefined
      }),

    /**
     * Resolves with the last commit number if the journal has one record, as after a checkpoint.
     * With more records a checkpoint is due, and it would outdate the paint.
     */
    checkpointedCommit: (): Promise<number | undefined> =>
      within('readonly', async ({ journal }) => {
        const keys = await resultOf(journal.getAllKeys(null, 2))
        return keys.length === 1 ? (keys[0] as number) : undefined
      }),

    /** Does nothing if a later commit has outdated the paint. */
    write: (paint: CachedPaint): Promise<void | undefined> =>
      within('readwrite', async ({ pages, journal }) => {
        if ((await lastCommitNumber(journal)) === paint.commitNumber) pages.put(paint, paintKey)
      }),

    release,
    close
  }
}

const lastCommitNumber = (journal: IDBObjectStore) =>
  resultOf(journal.openKeyCursor(null, 'prev')).then(cursor => cursor?.key)
