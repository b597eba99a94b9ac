/**
 * Merges verdicts. A refused operation leaves the outbox at once. An applied one leaves it only
 * with the rows that hold its effect, so that the effect never disappears from the screen in
 * between.
 *
 * Only the server judges, even after the user has left the group: a sent operation may have taken
 * effect before. To know which operations were sent would cost a durable write per push.
 */

import type { Verdict } from '../../kernel/verdict.ts'
import type { Pending } from '../../storage/tables.ts'
import { settle } from '../state/settle.ts'
import { groupOf, type Draft } from './draft.ts'

export function mergeVerdict(draft: Draft, verdict: Verdict): void {
  const pending = draft.outbox.get(verdict.opID)
  if (!pending) return
  if (verdict.kind === 'rejected' || isReached(draft, verdict)) conclude(draft, pending, verdict)
  else {
    const applied = { ...pending, applied: verdict }
    draft.outbox.set(verdict.opID, applied)
    draft.writes.push({ table: 'outbox', scope: '', id: verdict.opID, row: applied })
  }
}

/** Settles applied operations after their rows have arrived. */
export function settleReached(draft: Draft): void {
  for (const pending of draft.outbox.values())
    if (pending.applied && isReached(draft, pending.applied))
      conclude(draft, pending, pending.applied)
}

/** Whether the rows hold the effect, or will never arrive because the user is not in the group. */
function isReached(draft: Draft, { groupID, seq }: { groupID: string; seq: number }): boolean {
  const group = groupOf(draft, groupID)
  return !group || group.seq >= seq
}

function conclude({ outbox, writes }: Draft, pending: Pending, verdict: Verdict): void {
  outbox.delete(pending.opID)
  writes.push(...settle(pending, verdict))
}
