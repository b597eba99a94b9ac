/**
 * Announcements that continue at the client's position are sent unchanged. If one does not, the
 * group is read from the database.
 *
 * The database may have several connections, so a read may be older than an announcement received
 * during it. Positions therefore do not change during a read: announcements are held until its
 * end. A read is at least as new as every announcement received before it began.
 */

import type { Announcement } from '../../authority/announcement.ts'
import { announcedDelta, partBytesMax } from './group-delta.ts'
import { applyFeed, applyGroup, type ReplicaState } from './state.ts'

/** Announcements that are held during a read. Of further ones, only the groups are remembered. */
const heldMax = 100

export function receiveAnnouncement(state: ReplicaState, announcement: Announcement): void {
  if (state.isReading) hold(state, announcement)
  else applyOrPostpone(state, announcement)
}

function hold(state: ReplicaState, announcement: Announcement): void {
  const { held } = state
  if (held.length < heldMax) held.push(announcement)
  else postpone(state, announcement)
}

export function applyHeld(state: ReplicaState): void {
  state.isReading = false
  const announcements = state.held
  state.held = []
  for (const announcement of announcements) applyOrPostpone(state, announcement)
}

function applyOrPostpone(state: ReplicaState, announcement: Announcement): void {
  const { userID, hasRoom, outgoing, unanswered } = state
  // Another session may have pushed an operation that this client has named. A read finds its
  // verdict too.
  const mayHoldNamed = unanswered.named.size > 0 && announcement.actors.has(userID)
  if (!mayHoldNamed && hasRoom() && !outgoing.isFull()) apply(state, announcement)
  else postpone(state, announcement)
}

/** The next read finds the change, so the announcement itself is not kept. */
function postpone({ userID, unread }: ReplicaState, { feeds, groupID }: Announcement): void {
  unread.feed ||= feeds.has(userID)
  unread.groups.add(groupID)
}

function apply(state: ReplicaState, announcement: Announcement): void {
  const { userID, positions, unread } = state
  const { groupID, from, to, group } = announcement
  const feed = announcement.feeds.get(userID)
  if (feed && feed.to > positions.feed) {
    if (!unread.feed && feed.from === positions.feed) applyFeed(state, feed, unread.groups)
    else unread.feed = true
  }
  const position = positions.groups.get(groupID)
  // No row: the group is dismissed. The feed has an event for that.
  if (!group || !position || to <= position.upTo) return
  // An unread feed may say that the user has left.
  const isCurrent = !unread.feed && !unread.groups.has(groupID)
  // A read delivers a long announcement in parts.
  if (!(isCurrent && announcement.bytes <= partBytesMax && from > 0 && position.upTo === from))
    return void unread.groups.add(groupID)
  position.upTo = to
  applyGroup(state, position, announcedDelta(announcement, { userID, ...position }))
}
