/**
 * What a page showed last, kept beside the rows, so that the next page shows it before its worker has started. It is kept
 * when nothing has been written for a while, and it counts for as long as the last record of the journal is the one that
 * was the last then, that is until something is written, or folded.
 */

import { done, finished, storeNames, type Stores } from './database.ts'

/** The key of its record among the pages. */
export const pictureKey = ['picture']
/** `mark`: the number of that last record. */
type Picture = { readonly mark: number; readonly text: string }

/**
 * The pictures of one database. When that is removed, or brought to another version, there are none any more: what is on
 * the screen may be of another time then.
 */
export function openPictures(name: string) {
  let opening: Promise<IDBDatabase | undefined> | undefined
  let isOver = false

  function open(): Promise<IDBDatabase | undefined> {
    const request = indexedDB.open(name)
    // There is none yet, and it is not for a picture to make one.
    request.onupgradeneeded = () => request.transaction?.abort()
    return done(request).then(
      database => {
        database.onversionchange = close
        return database
      },
      () => (opening = undefined)
    )
  }

  function close(): void {
    isOver = true
    void opening?.then(database => database?.close())
  }

  // Dexie is the worker's. Whatever is wrong with the database, the engine tells; here it only means that there is no picture.
  async function within<T>(
    mode: IDBTransactionMode,
    work: (stores: Stores) => Promise<T>
  ): Promise<T | undefined> {
    try {
      const database = isOver ? undefined : await (opening ??= open())
      if (!database) return undefined
      const transaction = database.transaction(storeNames, mode)
      const answer = await finished(transaction, stores => {
        const working = work(stores)
        // Everybody's commits wait for it: not for a page as well that has other things to do.
        if (mode === 'readonly') transaction.commit()
        return working
      })
      return isOver ? undefined : answer
    } catch {
      return undefined
    }
  }

  const lastKey = (journal: IDBObjectStore) =>
    done(journal.openKeyCursor(null, 'prev')).then(cursor => cursor?.key)

  return {
    /** `undefined`: there is none that counts, or no database. */
    read: (): Promise<string | undefined> =>
      within('readonly', async ({ pages, journal }) => {
        const [last, kept] = await Promise.all([
          lastKey(journal),
          done(pages.get(pictureKey) as IDBRequest<unknown>)
        ])
        const { mark, text } = (kept ?? {}) as Partial<Picture>
        return typeof text === 'string' && typeof mark === 'number' && mark === last
          ? text
          : undefined
      }),

    /** The number of the last record; `undefined`: there are others before it, so it will soon be followed by a fold. */
    mark: (): Promise<number | undefined> =>
      within('readonly', async ({ journal }) => {
        const keys = await done(journal.getAllKeys(null, 2))
        return keys.length === 1 ? (keys[0] as number) : undefined
      }),

    /** Where something has been written since the mark, it is not kept. */
    keep: (picture: Picture): Promise<void | undefined> =>
      within('readwrite', async ({ pages, journal }) => {
        if ((await lastKey(journal)) === picture.mark) pages.put(picture, pictureKey)
      }),

    close
  }
}
