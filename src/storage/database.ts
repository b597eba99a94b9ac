/** The IndexedDB database of one user: its name, its stores, and its requests as promises. */

/** Users, and servers, never share a database. */
export const databaseName = ({
  url,
  userID
}: {
  readonly url: string
  readonly userID: string
}): string => `offline-groups ${url} ${userID}`

export const storeNames = ['pages', 'journal'] as const
export type Stores = { readonly [name in (typeof storeNames)[number]]: IDBObjectStore }

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
      transaction.abort()
    })
  })
}

// A call of `abort()` leaves no error in the transaction.
const errorOf = ({ error }: IDBTransaction | IDBRequest) =>
  error ?? new DOMException('', 'AbortError')
