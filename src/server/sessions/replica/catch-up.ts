/** Sends the changes since the positions that a client names when it logs in. */

import type { SyncRows } from '../../database/port.ts'
import { groupTopic, userTopic } from '../bus.ts'
import { applyHeld } from './announcements.ts'
import { feedDelta, recentEventsMax } from './feed-delta.ts'
import type { ClientPositions } from './positions.ts'
import { refresh, type Snapshots } from './reads.ts'
import { follow, type ReplicaState } from './state.ts'

/** Groups with few rows are read in larger numbers, so that a login has few statements. */
const lightFactor = 5

/** `send` is called when a frame can be filled. */
export async function catchUp(
  state: ReplicaState,
  database: Snapshots,
  client: ClientPositions,
  { groupsPerFrame, send }: { groupsPerFrame: number; send(): unknown }
): Promise<void> {
  const { userID, positions, outgoing, unanswered } = state
  for (const opID of client.pending) unanswered.named.add(opID)
  state.isReading = true
  // Subscribed before the first read, so no announcement is missed. Those during it are held.
  positions.subscribe(userTopic(userID))
  for (const { groupID } of (await readFeed(database, userID, client.feed, 0)).followed)
    positions.subscribe(groupTopic(groupID))
  const changed = enterGroups(
    state,
    await readFeed(database, userID, client.feed, recentEventsMax),
    client
  )
  let count = groupsPerFrame
  for (let start = 0; start < changed.length;) {
    if (state.isEnded) return
    // The client receives the list of groups first and then asks for their members.
    await refresh(state, database, { listed: changed.slice(start, start + count) })
    start += count
    count = outgoing.isLight() ? groupsPerFrame * lightFactor : groupsPerFrame
    // No transaction stays open while a slow client receives the frame.
    if (start < changed.length) await send()
  }
  state.hasCaughtUp = true
  applyHeld(state)
  outgoing.markCaughtUp()
  await send()
}

/** The user's feed since a position, and its groups, as of one moment. */
export const readFeed = (
  database: Snapshots,
  userID: string,
  position: number,
  eventsMax: number
): Promise<SyncRows> =>
  database.snapshot(
    reader =>
      reader.sync(userID, {
        feed: position,
        isFollowedRead: true,
        groups: [],
        max: { events: eventsMax, tips: 0, changed: 0 },
        opIDs: []
      }),
    { isOneStatement: true }
  )

/** Sets the position of every group of the user, and returns the groups that have changed. */
function enterGroups(
  state: ReplicaState,
  rows: SyncRows,
  { feed: from, groups: known }: ClientPositions
): string[] {
  const { positions, outgoing, now } = state
  const feed = feedDelta(rows, from, now())
  positions.feed = feed.to
  if (feed.to !== from) outgoing.addFeed(feed)
  for (const { groupID, membershipEpoch, since } of rows.followed) {
    const position = known.get(groupID)
    const seq = position?.membershipEpoch === membershipEpoch ? position.seq : 0
    follow(state, groupID, { membershipEpoch, since, seq, upTo: seq })
  }
  return rows.followed
    .filter(({ groupID, seq }) => positions.groups.get(groupID)?.seq !== seq)
    .map(({ groupID }) => groupID)
}
