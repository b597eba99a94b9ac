/** A user's database: its name, its two stores, and what IndexedDB answers, as promises. */

/** What one user of one server has is nobody else's. */
export const databaseName = ({
  url,
  userID
}: {
  readonly url: string
  readonly userID: string
}): string => `offline-groups ${url} ${userID}`

export const storeNames = ['pages', 'journal'] as const
export type Stores = { readonly [name in (typeof storeNames)[number]]: IDBObjectStore }

// Who aborts without a reason leaves none.
const reasonOf = ({ error }: IDBTransaction | IDBRequest) =>
  error ?? new DOMException('', 'AbortError')

export function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(reasonOf(request))
  })
}

/** Runs `work` and waits for the transaction; an abort may leave a request unanswered, so it ends the wait as well. */
export function finished<T>(
  transaction: IDBTransaction,
  work: (stores: Stores) => Promise<T>
): Promise<T> {
  return new Promise((resolve, reject) => {
    let answer: Promise<T>
    transaction.oncomplete = () => resolve(answer)
    transaction.onabort = () => reject(reasonOf(transaction))
    answer = work({
      pages: transaction.objectStore('pages'),
      journal: transaction.objectStore('journal')
    })
    answer.catch((error: unknown) => {
      reject(error)
      transaction.abort()
    })
  })
}
