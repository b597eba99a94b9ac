/** The followers of a group: its members, and the owner of an AVChatRoom. */

import { must } from '../../kernel/must.ts'
import type { LogEntry, Membership } from '../database/port.ts'
import { addFeedEvent, type Batch } from './batch.ts'

export async function loadMemberships(
  { tx, groupID, memberships }: Batch,
  userIDs: readonly string[]
): Promise<void> {
  const missing = userIDs.filter(userID => !memberships.has(userID))
  for (const userID of missing)
    memberships.set(userID, { userID, membershipEpoch: 0, since: 0, follows: false, left: null })
  if (missing.length > 0)
    for (const membership of await tx.memberships(groupID, missing))
      memberships.set(membership.userID, membership)
}

export async function membershipOf(batch: Batch, userID: string): Promise<Membership> {
  await loadMemberships(batch, [userID])
  return must(batch.memberships.get(userID))
}

export async function followers({ tx, groupID, memberships }: Batch): Promise<string[]> {
  const stored = (await tx.followers(groupID)).filter(
    userID => memberships.get(userID)?.follows ?? true
  )
  const loaded = [...memberships.values()].flatMap(({ userID, follows }) => (follows ? userID : []))
  return [...new Set([...stored, ...loaded])]
}

/** If the user has joined or left by this entry, changes the membership and adds the feed event. */
export function updateMembership(
  batch: Batch,
  userID: string,
  { actor, atSeconds, name }: LogEntry
): void {
  const { groupID, group, members, memberships, changed, counts, seq } = batch
  const membership = must(memberships.get(userID), `the membership of ${userID}`)
  const follows =
    group !== null &&
    (Boolean(members.get(userID)?.row) || (group.type === 'AVChatRoom' && group.ownerID === userID))
  if (follows === membership.follows) return
  const reason = userID === actor && name === 'quitGroup' ? 'quit' : group ? 'kicked' : 'dismissed'
  const next: Membership = follows
    ? { userID, membershipEpoch: membership.membershipEpoch + 1, since: seq, follows, left: null }
    : { ...membership, follows, left: { reason, by: actor, atSeconds } }
  memberships.set(userID, next)
  changed.memberships.add(userID)
  counts.set(userID, (counts.get(userID) ?? 0) + (follows ? 1 : -1))
  addFeedEvent(
    batch,
    userID,
    next.left
      ? { kind: 'left', groupID, membershipEpoch: next.membershipEpoch, ...next.left }
      : { kind: 'joined', groupID, membershipEpoch: next.membershipEpoch, since: seq }
  )
}
