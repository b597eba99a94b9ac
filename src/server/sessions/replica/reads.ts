/** A read transaction that first brings the client up to date, and then answers other queries. */

import type { Database, Reader } from '../../database/port.ts'
import { applyHeld } from './announcements.ts'
import { readFeedDelta } from './feed-delta.ts'
import { membersSentWholeMax, readGroupDelta } from './group-delta.ts'
import { applyFeed, applyGroup, nothingUnread, type ReplicaState } from './state.ts'
import { readVerdicts } from './unanswered.ts'

export type Snapshots = Pick<Database, 'snapshot'>

/** `listed`: groups that are sent without members. The client requests those. */
export async function read<T>(
  state: ReplicaState,
  database: Snapshots,
  work: (reader: Reader) => Promise<T>,
  listed: readonly string[] = []
): Promise<T> {
  // The transaction may be older than changes that become unread from here on.
  const due = state.unread
  state.unread = nothingUnread()
  state.deferred = new Set()
  state.reads++
  state.isReading = true
  try {
    return await database.snapshot(async reader => {
      await readFeed(state, reader, due.groups)
      for (const groupID of listed) await readGroup(state, reader, groupID, 0)
      for (const groupID of due.groups) {
        if (state.outgoing.isFull()) state.deferred.add(groupID)
        else await readGroup(state, reader, groupID)
      }
      for (const groupID of state.deferred) state.unread.groups.add(groupID)
      await readVerdicts(state, reader)
      return await work(reader)
    })
  } finally {
    if (state.hasCaughtUp) applyHeld(state)
  }
}

/** The feed precedes the groups: after leaving, a user must not learn of later changes. */
async function readFeed(state: ReplicaState, reader: Reader, due: Set<string>): Promise<void> {
  const { userID, positions, now } = state
  const { head } = await reader.feed(userID)
  if (head > positions.feed) {
    const followed = await reader.followed(userID)
    const from = positions.feed
    applyFeed(state, await readFeedDelta(reader, { userID, from, followed, now: now() }), due)
  }
}

/** Brings the client from its position in a group to the present. */
export async function readGroup(
  state: ReplicaState,
  reader: Reader,
  groupID: string,
  membersMax = membersSentWholeMax
): Promise<void> {
  const { userID, positions } = state
  const position = positions.groups.get(groupID)
  if (!position) return
  const from = { userID, groupID, ...position }
  applyGroup(state, position, await readGroupDelta(reader, from, membersMax))
}
