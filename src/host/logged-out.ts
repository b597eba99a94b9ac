/**
 * A page that the browser has frozen, or kept for its back button, has no worker, so it misses the
 * message of a logout in another tab. Its next worker compares the ID of the database.
 */

import { database } from '../engine/state/database-id.ts'
import { lease, leaseOf, leaseWrite } from '../engine/state/lease.ts'
import type { OutboxJournal } from './outbox-journal/journal.ts'
import type { Journaled } from './outbox-journal/open.ts'

/**
 * Whether a logout has ended the database of the last worker of this page. Then storage is closed.
 * A database that was lost, or put back by the browser, has another ID too, and is no logout.
 */
export async function endIfLoggedOut(
  knownID: string | undefined,
  { storage, recovery }: Journaled,
  journal: OutboxJournal | undefined
): Promise<boolean> {
  if (knownID === undefined || !recovery || recovery.databaseID === knownID) return false
  // Without a journal, a loss looks like a logout, and a logout must not go unnoticed.
  if (journal && !recovery.endedIDs.includes(knownID)) return false
  const isOwn = recovery.found === 'new' && journal?.hasOthers === false
  try {
    const isUnused = isOwn && (await sealIfUnused(storage, recovery.databaseID))
    await (isUnused ? storage.destroy() : storage.close())
  } catch {
    // Expected: storage refuses. Then an empty database stays.
  }
  return true
}

/** Opening has created the database. Another tab may have logged in since, and then it stays. */
async function sealIfUnused(storage: Journaled['storage'], databaseID: string): Promise<boolean> {
  let isUnused = false
  const queries = [{ table: 'outbox', scope: '' }, database, lease] as const
  await storage.transact(queries, ([pending, [named], [row]]) => {
    isUnused = pending.length === 0 && named?.databaseID === databaseID
    return isUnused ? [leaseWrite({ ...leaseOf(row), isSealed: true })] : []
  })
  return isUnused
}
