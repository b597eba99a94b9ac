/** Whether a client that logs in can continue from its positions. */

import type { Database, Reader } from '../database/port.ts'
import { provesLoss, receiptOf } from './receipts.ts'
import { reachesBack } from './replica/feed-delta.ts'
import type { ClientPositions } from './replica/positions.ts'

type Hello = {
  readonly userID: string
  readonly epoch: string
  readonly receipt: string
  readonly positions: ClientPositions
}

/** If the client's receipt proves a loss of data, the epoch changes. All clients then begin anew. */
export async function readLogin(
  database: Pick<Database, 'snapshot' | 'renewEpoch'>,
  hello: Hello,
  onLoss: () => void
): Promise<{ epoch: string; known: boolean; receipt: string }> {
  const login = await database.snapshot(reader => read(reader, hello))
  if (!login.isLoss) return login
  // If several clients prove the loss at once, the first one renews the epoch.
  if (await database.renewEpoch(login.epoch)) onLoss()
  return database.snapshot(reader => read(reader, hello))
}

async function read(reader: Reader, { userID, epoch, receipt, positions }: Hello) {
  const identity = await reader.identity()
  const { head } = await reader.feed(userID)
  const followed = await reader.followed(userID)
  const seen = { feed: head, positions: followed.reduce((sum, { seq }) => sum + seq, 0) }
  return {
    epoch: identity.epoch,
    isLoss: provesLoss(identity, userID, receipt, seen),
    known: epoch === identity.epoch && (await canContinue(reader, userID, positions)),
    receipt: receiptOf(identity, userID, seen)
  }
}

/**
 * Whether the client can continue from its positions: none is in the future, the feed's position
 * is not below the floor, and every group up to it is held. Below the floor, the end of a
 * membership may be forgotten, and its epoch given to a later one.
 */
async function canContinue(
  reader: Reader,
  userID: string,
  { feed: from, groups: held }: ClientPositions
): Promise<boolean> {
  const { head, floor } = await reader.feed(userID)
  if (from > head || from < floor) return false
  const hasEvents = reachesBack(from, { head, floor })
  const named = new Set(
    hasEvents
      ? (await reader.feedSince(userID, from)).flatMap(event =>
          'groupID' in event ? event.groupID : []
        )
      : []
  )
  return (await reader.followed(userID)).every(({ groupID, membershipEpoch, seq }) => {
    const position = held.get(groupID)
    if (!position) return !hasEvents || named.has(groupID)
    return (
      position.membershipEpoch < membershipEpoch ||
      (position.membershipEpoch === membershipEpoch && position.seq <= seq)
    )
  })
}
