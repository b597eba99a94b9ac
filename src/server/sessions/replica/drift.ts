/** A ping compares the replica with the database, so a lost announcement only costs time. */

import type { ClientMessage } from '../../../protocol/client-messages.ts'
import { digestVersion } from '../../../protocol/digest.ts'
import type { Reader } from '../../database/port.ts'
import { readGroup } from './reads.ts'
import type { ReplicaState } from './state.ts'

export type GroupCheck = NonNullable<Extract<ClientMessage, { type: 'ping' }>['check']>

/** Reads the groups that have commits after the client's position. */
export async function checkHeads(state: ReplicaState, reader: Reader): Promise<void> {
  const { userID, positions } = state
  for (const { groupID, seq } of await reader.followed(userID))
    if (seq > (positions.groups.get(groupID)?.upTo ?? seq)) await readGroup(state, reader, groupID)
}

/** Sends a full snapshot of the group if the client's digest of its rows is wrong. */
export async function checkGroup(
  state: ReplicaState,
  reader: Reader,
  { groupID, membershipEpoch, seq, digest, version }: GroupCheck
): Promise<void> {
  if (version !== digestVersion) return
  const position = state.positions.groups.get(groupID)
  const group = await reader.group(groupID)
  // No commit between `seq` and `upTo` changes rows that the digest covers.
  if (
    position?.membershipEpoch !== membershipEpoch ||
    position.seq !== seq ||
    group.seq !== position.upTo ||
    group.digest === digest
  )
    return
  position.seq = 0
  await readGroup(state, reader, groupID)
}
