/**
 * Storage may lose commits: the browser or the user empties it, or puts an older copy back. Commit
 * numbers show it, because they never fall in the life of a database. Then the rows that only this
 * device has are written again from memory: pending operations and verdicts. The server sends the
 * other rows again.
 */

import type { Commit, Storage, Write } from '../../storage/port.ts'
import type { State } from './state.ts'

const own = [
  { table: 'outbox', scope: '' },
  { table: 'verdicts', scope: '' }
] as const

/** Returns the commit, for other tabs: they may have read storage already. */
export async function writeLostRows(storage: Storage, state: State): Promise<Commit> {
  const held = heldRows(state)
  let writes: Write[] = []
  const commitNumber = await storage.transact(own, ([outbox, verdicts]) => {
    const stored = new Set([
      ...outbox.map(({ opID }) => opID),
      ...verdicts.map(({ verdict }) => verdict.opID)
    ])
    return (writes = held.filter(({ id }) => !stored.has(id)))
  })
  state.forgetCommitNumbers()
  return { commitNumber, writes }
}

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
