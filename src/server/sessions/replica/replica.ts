/**
 * The server's side of one client: the positions that the client holds (`positions.ts`) and the
 * delta that brings it further (`outgoing.ts`). Changes come from the read at the login
 * (`catch-up.ts`), from announcements (`announcements.ts`) and from later reads (`reads.ts`).
 */

import type { Announcement } from '../../authority/announcement.ts'
import type { Identity, Reader } from '../../database/port.ts'
import { receiveAnnouncement } from './announcements.ts'
import { catchUp } from './catch-up.ts'
import type { OutgoingDelta, Verdict } from './outgoing.ts'
import type { ClientPositions, GroupPosition } from './positions.ts'
import { read, refresh, type Goal, type Snapshots } from './reads.ts'
import { createState, type ReplicaOptions } from './state.ts'
import { addOutcome, addPushed, addRetry } from './unanswered.ts'
import { isReady } from './verdicts.ts'

export type Replica = ReturnType<typeof createReplica>

export function createReplica(userID: string, options: ReplicaOptions) {
  const state = createState(userID, options)
  const { positions, outgoing } = state

  return {
    catchUp: (
      database: Snapshots,
      client: ClientPositions,
      frames: { groupsPerFrame: number; send(): unknown }
    ): Promise<void> => catchUp(state, database, client, frames),

    refresh: (database: Snapshots, goal?: Goal): Promise<Identity> =>
      refresh(state, database, goal),

    read: <T>(
      database: Snapshots,
      query: (reader: Reader) => Promise<T>,
      listed?: readonly string[]
    ): Promise<T> => read(state, database, query, listed),

    /** Returns whether there may be a delta to send. */
    receive(announcement: Announcement): boolean {
      receiveAnnouncement(state, announcement)
      return state.hasCaughtUp
    },

    position: (groupID: string): Readonly<GroupPosition> | undefined =>
      positions.groups.get(groupID),
    positionDigest: positions.digest,
    seen: positions.seen,

    addPushed: (opID: string) => addPushed(state, opID),
    addOutcome: (verdict: Verdict) => addOutcome(state, verdict),
    addRetry: (opID: string) => addRetry(state, opID),

    hasUnread: () => state.unread.feed || state.unread.groups.size > 0,
    /** Removes and returns the delta to send. `undefined`: there is none. */
    nextDelta: (): OutgoingDelta | undefined => outgoing.next(waiting => isReady(state, waiting)),

    end(): void {
      state.isEnded = true
      positions.end()
    }
  }
}
