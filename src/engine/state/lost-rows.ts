/**
 * Storage may lose commits: the browser or the user empties it, or puts an older copy back. Commit
 * numbers show it, because they never fall in the life of a database. Other tabs may have filled the
 * database meanwhile, so its ID counts as well. Then the rows that only this device has are written
 * again from memory: pending operations and verdicts. The server sends the other rows again.
 */

import type { Commit, Storage, Write } from '../../storage/port.ts'
import { database, databaseIDOf, naming } from './database-id.ts'
import { isEndedDatabase, lease } from './lease.ts'
import { discarded } from './settle.ts'
import type { State } from './state.ts'
import { parsed, storedRows } from './stored-rows.ts'

const own = [
  { table: 'outbox', scope: '' },
  { table: 'verdicts', scope: '' },
  lease,
  database
] as const

type Restored = {
  /** For other tabs: they may have read storage already. */
  readonly commit: Commit
  /** Of the database that holds the commit. */
  readonly databaseID: string | undefined
  readonly restoredCount: number
  /** A logout has ended the database of this tab. */
  readonly isEnded: boolean
}

export async function writeLostRows(
  storage: Storage,
  state: State,
  newID: () => string,
  isLoggedOut: () => boolean
): Promise<Restored> {
  const known = heldRows(state)
  let lost: Write[] = []
  let writes: Write[] = []
  let isEnded: boolean | undefined
  let databaseID: string | undefined
  const commitNumber = await storage.transact(own, ([outbox, verdicts, [row], [stored]]) => {
    const held = new Set([
      ...outbox.map(({ opID }) => opID),
      ...verdicts.map(({ verdict }) => verdict.opID)
    ])
    lost = known.filter(({ id }) => !held.has(id))
    isEnded = isLoggedOut() || isEndedDatabase(row, stored, state.databaseID())
    writes = isEnded ? [] : [...lost, ...naming(stored, newID)]
    databaseID = parsed(storedRows.database, stored)?.databaseID ?? databaseIDOf(writes)
    return writes
  })
  // Its operations must not enter the database of a later login.
  if (isEnded) state.settle(lost.flatMap(discardedIfPending))
  state.forgetCommitNumbers()
  return {
    commit: { commitNumber, writes },
    databaseID,
    restoredCount: isEnded ? 0 : lost.length,
    isEnded: isEnded === true
  }
}

const discardedIfPending = (write: Write): Write[] =>
  write.table === 'outbox' && 'row' in write && write.row ? discarded(write.row) : []

/** An operation that is about to be stored is not among them: its caller has no answer yet. */
function heldRows({ outbox, verdicts }: State): (Write & { readonly id: string })[] {
  return [
    ...outbox
      .inOrder()
      .filter(({ opID }) => outbox.isDurable(opID))
      .map(row => ({ table: 'outbox', scope: '', id: row.opID, row }) as const),
    ...[...verdicts.rows].map(([id, row]) => ({ table: 'verdicts', scope: '', id, row }) as const)
  ]
}
