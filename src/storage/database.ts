/** The IndexedDB database of one user: its name, its stores, and its requests as promises. */

/**
 * Each user of each server has a database. An app may change from WebSocket to HTTP, so the scheme
 * does not count: an operation that is pending under one is sent under the other.
 */
export function databaseName({
  url,
  userID
}: {
  readonly url: string
  readonly userID: string
}): string {
  return `offline-groups ${serverOf(url)} ${userID}`
}

function serverOf(url: string): string {
  try {
    // Without letter case of the host, and without a default port.
    const { host, pathname, search } = new URL(url)
    return `${host}${pathname.replace(/\/+$/, '')}${search}`
  } catch {
    // Expected: an invalid address. The store works offline under it.
    return url
  }
}

/**
 * Raise it if older builds cannot read the rows of this one. Versions before 4 have other keys, so
 * they are refused. Dexie upgrades the others in place.
 */
export const schemaVersion = 7
/** Dexie multiplies its versions by 10. */
export const nativeVersion = 10 * schemaVersion

export const storeNames = ['pages', 'journal'] as const
export type Stores = { readonly [name in (typeof storeNames)[number]]: IDBObjectStore }

export type OnDataLoss = (message: string) => unknown

/**
 * Chromium reports a dropped database in one upgrade event: that of the first connection. So all
 * code that opens a database has to check for it.
 */
export function reportDataLoss(
  event: IDBVersionChangeEvent & {
    readonly dataLoss?: 'none' | 'partial' | 'total'
    readonly dataLossMessage?: string
  },
  onDataLoss: OnDataLoss | undefined
): void {
  const { dataLoss = 'none', dataLossMessage = '' } = event
  if (dataLoss !== 'none') onDataLoss?.(dataLossMessage)
}

export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(errorOf(request))
  })
}

/** Resolves when the transaction is complete. An abort rejects, even if no request fails. */
export function runTransaction<T>(
  transaction: IDBTransaction,
  work: (stores: Stores) => Promise<T>
): Promise<T> {
  return new Promise((resolve, reject) => {
    let result: Promise<T>
    transaction.oncomplete = () => resolve(result)
    transaction.onabort = () => reject(errorOf(transaction))
    result = work({
      pages: transaction.objectStore('pages'),
      journal: transaction.objectStore('journal')
    })
    result.catch((error: unknown) => {
      reject(error)
      try {
        transaction.abort()
      } catch {
        // Expected: the browser has ended the transaction, with its database.
      }
    })
  })
}

// After a call of `abort()`, the transaction has no error.
const errorOf = ({ error }: IDBTransaction | IDBRequest) =>
  error ?? new DOMException('', 'AbortError')
