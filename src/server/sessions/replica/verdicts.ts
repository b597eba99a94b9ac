/** A verdict is in the same delta as the rows it refers to, or in a later one. */

import type { Verdict, WaitingVerdict } from './outgoing.ts'
import type { ReplicaState } from './state.ts'

export function addVerdict(state: ReplicaState, verdict: Verdict): void {
  const { positions, outgoing, unread, reads } = state
  outgoing.addVerdict({ verdict, readsBefore: reads })
  if (verdict.kind === 'rejected') return
  const { seq } = positions.groups.get(verdict.groupID) ?? {}
  // The group may be in an unread part of the feed: an announcement may be lost.
  if (seq === undefined) unread.feed = true
  // The client waits for this position, even if the commits up to it concern other users.
  else if (verdict.seq > seq) unread.groups.add(verdict.groupID)
}

/** Whether the client has the rows, or a later read found no rows to send. */
export function isReady(
  { positions, reads, deferred }: ReplicaState,
  { verdict, readsBefore }: WaitingVerdict
): boolean {
  if (verdict.kind === 'rejected') return true
  const { seq } = positions.groups.get(verdict.groupID) ?? { seq: -1 }
  return seq >= verdict.seq || (reads > readsBefore && !deferred.has(verdict.groupID))
}
