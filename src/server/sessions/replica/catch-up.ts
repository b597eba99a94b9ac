/** Sends the changes since the positions that a client names when it logs in. */

import { groupTopic, userTopic } from '../bus.ts'
import { applyHeld } from './announcements.ts'
import { readFeedDelta } from './feed-delta.ts'
import type { ClientPositions } from './positions.ts'
import { read, type Snapshots } from './reads.ts'
import { follow, type ReplicaState } from './state.ts'

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
  for (const { groupID } of await database.snapshot(reader => reader.followed(userID)))
    positions.subscribe(groupTopic(groupID))
  const changed = await enterGroups(state, database, client)
  for (let start = 0; start < changed.length; start += groupsPerFrame) {
    if (state.isEnded) return
    // The client receives the list of groups first and then asks for their members.
    await read(state, database, async () => undefined, changed.slice(start, start + groupsPerFrame))
    // No transaction stays open while a slow client receives the frame.
    if (start + groupsPerFrame < changed.length) await send()
  }
  state.hasCaughtUp = true
  applyHeld(state)
  outgoing.markCaughtUp()
  await send()
}

/** Sets the position of every group of the user, and returns the groups that have changed. */
async function enterGroups(
  state: ReplicaState,
  database: Snapshots,
  { feed: from, groups: known }: ClientPositions
): Promise<string[]> {
  const { userID, positions, outgoing, now } = state
  return database.snapshot(async reader => {
    const followed = await reader.followed(userID)
    const feed = await readFeedDelta(reader, { userID, from, followed, now: now() })
    positions.feed = feed.to
    if (feed.to !== from) outgoing.addFeed(feed)
    for (const { groupID, membershipEpoch, since } of followed) {
      const position = known.get(groupID)
      const seq = position?.membershipEpoch === membershipEpoch ? position.seq : 0
      follow(state, groupID, { membershipEpoch, since, seq, upTo: seq })
    }
    return followed
      .filter(({ groupID, seq }) => positions.groups.get(groupID)?.seq !== seq)
      .map(({ groupID }) => groupID)
  })
}
