/** What IndexedDB answers, as promises. */

// Who aborts without a reason leaves none.
export const reasonOf = ({ error }: IDBTransaction | IDBRequest) => error ?? new DOMException('', 'AbortError')

export function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(reasonOf(request))
  })
}
