/**
 * The identity of a database, by which a page notices a logout of another tab while it was frozen,
 * or kept for the back button. Such a page has no worker, so it receives no message.
 */

import type { Storage } from '../storage/port.ts'

/** Reads the identity of an open database, and gives it one if it has none. */
export async function readIdentity(
  storage: Storage,
  newID: () => string
): Promise<string | undefined> {
  let identity = newID()
  try {
    await storage.transact([query], ([[stored]]) => {
      if (stored) identity = stored.databaseID
      return stored ? [] : [{ ...query, id: '', row: { databaseID: identity } }]
    })
    return identity
  } catch {
    // Expected: storage refuses. Then a logout goes unnoticed.
    return undefined
  }
}

/** Whether a tab has logged out and could not remove the database. */
export async function isSealed(storage: Storage): Promise<boolean> {
  const { answers } = await storage.read([{ table: 'lease', scope: '' }])
  return answers[0][0]?.isSealed === true
}

const query = { table: 'database', scope: '' } as const
