/** A ping compares the replica with the database, so a lost announcement only costs time. */

import type { ClientMessage } from '../../../protocol/client-messages.ts'
import { digestVersion } from '../../../protocol/digest.ts'
import type { GroupState, SyncRows } from '../../database/port.ts'
import type { ReplicaState } from './state.ts'

export type GroupCheck = NonNullable<Extract<ClientMessage, { type: 'ping' }>['check']>

/** The groups that have commits after the client's position. */
export const behind = ({ positions }: ReplicaState, followed: SyncRows['followed']): string[] =>
  followed.flatMap(({ groupID, seq }) =>
    seq > (positions.groups.get(groupID)?.upTo ?? seq) ? groupID : []
  )

/** Whether the client's digest of its rows of the group is wrong. */
export function isDrifted(
  { positions }: ReplicaState,
  { groupID, membershipEpoch, seq, digest, version }: GroupCheck,
  group: GroupState
): boolean {
  const position = positions.groups.get(groupID)
  return (
    version === digestVersion &&
    position?.membershipEpoch === membershipEpoch &&
    position.seq === seq &&
    // No commit between `seq` and `upTo` changes rows that the digest covers.
    group.seq === position.upTo &&
    group.digest !== digest
  )
}
