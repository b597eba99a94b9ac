/** The database behind a storage, as its records. */

export function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not opened'))
  })
}

export const resultOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise(resolve => (request.onsuccess = () => resolve(request.result)))

export const recordsIn = (database: IDBDatabase, storeName: string): Promise<unknown[]> =>
  resultOf(database.transaction(storeName).objectStore(storeName).getAll())
