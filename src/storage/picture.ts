/**
 * What a page showed last, kept beside the rows, so that the next page shows it before its worker has started. It is kept
 * when nothing has been written for a while and the journal is folded, and it counts for as long as that fold is the last
 * record of the journal, that is until something is written.
 */

import type { JournalRecord } from './journal.ts'
import { done } from './paging.ts'

/** What one user of one server has is nobody else's. */
export const databaseName = ({ url, userID }: { readonly url: string; readonly userID: string }): string =>
  `offline-groups ${url} ${userID}`

/** The key of its record among the pages. */
export const pictureKey = ['picture']
/** `mark`: the fold. */
type Picture = { readonly mark: number; readonly text: string }

/** `undefined`: there is none that counts, or no database. */
export const readPicture = (name: string): Promise<string | undefined> =>
  withDatabase(name, 'readonly', async ({ pages, journal }) => {
    const last = done(journal.openKeyCursor(null, 'prev'))
    const picture = (await done(pages.get(pictureKey) as IDBRequest<unknown>)) as Picture | undefined
    return picture && picture.mark === (await last)?.key ? picture.text : undefined
  })

/** The number of the fold that all is in; whatever is committed from now on comes after it. `undefined`: not all is folded. */
export const markPicture = (name: string): Promise<number | undefined> =>
  withDatabase(name, 'readonly', async ({ journal }) => {
    const records = await done(journal.getAll(null, 2) as IDBRequest<JournalRecord[]>)
    return records.length === 1 && records[0]?.paged === 'all' ? records[0].at : undefined
  })

export const keepPicture = (name: string, picture: Picture): Promise<unknown> =>
  withDatabase(name, 'readwrite', ({ pages }) => done(pages.put(picture, pictureKey)))

type Stores = { readonly pages: IDBObjectStore; readonly journal: IDBObjectStore }

// Dexie is the worker's. Whatever is wrong with the database, the engine tells; here it only means that there is no picture.
async function withDatabase<T>(
  name: string,
  mode: IDBTransactionMode,
  work: (stores: Stores) => Promise<T>
): Promise<T | undefined> {
  let database: IDBDatabase | undefined
  try {
    const opening = indexedDB.open(name)
    // There is none yet, and it is not for a picture to make one.
    opening.onupgradeneeded = () => opening.transaction?.abort()
    const opened = (database = await done(opening))
    opened.onversionchange = () => opened.close()
    const transaction = opened.transaction(['pages', 'journal'], mode)
    return await work({ pages: transaction.objectStore('pages'), journal: transaction.objectStore('journal') })
  } catch {
    return undefined
  } finally {
    database?.close()
  }
}
