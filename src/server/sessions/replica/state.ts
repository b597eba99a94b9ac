/** The state of a replica, and the two ways in which a delta changes it. */

import type { FeedDelta, GroupDelta } from '../../../protocol/server-messages.ts'
import type { Announcement } from '../../authority/announcement.ts'
import { createOutgoing, type Outgoing } from './outgoing.ts'
import { createPositions, type GroupPosition, type Positions } from './positions.ts'
import { nothingUnanswered, type Unanswered } from './unanswered.ts'

/** The next read has to bring these. */
type Unread = { feed: boolean; readonly groups: Set<string> }
export const nothingUnread = (): Unread => ({ feed: false, groups: new Set() })

export type ReplicaOptions = {
  subscribe(topic: string): () => void
  now(): number
  /** Whether the client accepts more frames. Otherwise announcements are read later. */
  hasRoom?(): boolean
}

export type ReplicaState = {
  readonly userID: string
  readonly positions: Positions
  readonly outgoing: Outgoing
  readonly unanswered: Unanswered
  readonly now: () => number
  readonly hasRoom: () => boolean
  unread: Unread
  isReading: boolean
  /** Announcements received during the read. */
  held: Announcement[]
  /** How many reads have begun. */
  reads: number
  /** Groups for which the last read had no room. */
  deferred: Set<string>
  hasCaughtUp: boolean
  isEnded: boolean
}

export function createState(
  userID: string,
  { subscribe, now, hasRoom = () => true }: ReplicaOptions
): ReplicaState {
  return {
    userID,
    positions: createPositions(subscribe),
    outgoing: createOutgoing(),
    unanswered: nothingUnanswered(),
    now,
    hasRoom,
    unread: nothingUnread(),
    isReading: false,
    held: [],
    reads: 0,
    deferred: new Set(),
    hasCaughtUp: false,
    isEnded: false
  }
}

export function follow(state: ReplicaState, groupID: string, position: GroupPosition): void {
  const isNew = state.positions.follow(groupID, position)
  // The transaction that found this group is older than the subscription.
  if (isNew && state.isReading) state.unread.groups.add(groupID)
}

/** `due`: receives the groups that the client has no rows of yet. */
export function applyFeed(state: ReplicaState, delta: FeedDelta, due: Set<string>): void {
  const { positions, outgoing, unread, isReading } = state
  outgoing.addFeed(delta)
  const { joined, subscribed, left } = positions.applyFeed(delta)
  for (const groupID of left) {
    unread.groups.delete(groupID)
    // The verdict waits for rows that will not arrive, so the next read must release it.
    unread.feed ||= outgoing.hasVerdictOf(groupID)
  }
  // The transaction that found this group is older than the subscription.
  if (isReading) for (const groupID of subscribed) unread.groups.add(groupID)
  for (const groupID of joined) due.add(groupID)
}

export function applyGroup(
  { outgoing }: ReplicaState,
  position: GroupPosition,
  delta: GroupDelta | undefined
): void {
  if (!delta) return
  outgoing.addGroup(delta)
  position.seq = position.upTo = delta.to
}
