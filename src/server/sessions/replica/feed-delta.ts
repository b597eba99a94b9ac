/** A delta that brings a client from its position in the user's feed to the present. */

import type { FeedDelta, FeedEvent } from '../../../protocol/server-messages.ts'
import type { FeedState, SyncRows } from '../../database/port.ts'

/** A client that was away receives the last notices, at most this many and this old. */
const noticesMax = 100
const noticesKeptSeconds = 7 * 86_400
/**
 * A client that is further behind gets the feed from the beginning: other users can fill a feed.
 */
const feedEventsMax = 150

/** A summary is made from at most this many events. */
export const recentEventsMax = 2 * noticesMax

/** Whether every event after a position can be sent. */
export const reachesBack = (from: number, { head, floor }: FeedState): boolean =>
  from > 0 && from >= floor && from <= head && head - from <= feedEventsMax

/** The events after the position, or the feed from the beginning if history is missing. */
export function feedDelta(
  { feed: { head, floor }, followed, events }: Pick<SyncRows, 'feed' | 'followed' | 'events'>,
  from: number,
  nowMs: number
): FeedDelta {
  if (reachesBack(from, { head, floor }))
    return { from, to: head, events: events.filter(({ fseq }) => fseq > from) }
  // From the beginning: the groups of the user and the recent notices, without other history.
  const kept = events.filter(
    event =>
      event.kind === 'handled' ||
      (event.kind === 'notice' && event.time > nowMs / 1000 - noticesKeptSeconds)
  )
  const joined = followed.map(({ groupID, membershipEpoch, since }): FeedEvent => ({
    kind: 'joined',
    fseq: head,
    groupID,
    membershipEpoch,
    since
  }))
  return { from: 0, to: head, events: [...joined, ...kept.slice(-noticesMax)] }
}
