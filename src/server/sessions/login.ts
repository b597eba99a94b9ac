/** What the database says to a client that logs in. */

import type { Database, Reader } from '../database/port.ts'
import { provesLoss, receiptOf } from './receipts.ts'
import { canStand, type Stand } from './replica-deltas.ts'

type Hello = {
  readonly userID: string
  readonly epoch: string
  readonly receipt: string
  readonly stand: Stand
}

/** Where the client's receipt proves that data was lost, the data gets another epoch: everybody is told everything anew. */
export async function readLogin(
  database: Pick<Database, 'snapshot' | 'renewEpoch'>,
  hello: Hello,
  onLoss: () => void
): Promise<{ epoch: string; known: boolean; receipt: string }> {
  const found = await database.snapshot(reader => read(reader, hello))
  if (!found.isLoss) return found
  // Of several clients that prove it at once, the first one renews the epoch.
  if (await database.renewEpoch(found.epoch)) onLoss()
  return database.snapshot(reader => read(reader, hello))
}

async function read(reader: Reader, { userID, epoch, receipt, stand }: Hello) {
  const identity = await reader.identity()
  const { head } = await reader.feed(userID)
  const followed = await reader.followed(userID)
  const seen = { feed: head, positions: followed.reduce((sum, { seq }) => sum + seq, 0) }
  return {
    epoch: identity.epoch,
    isLoss: provesLoss(identity, userID, receipt, seen),
    known: epoch === identity.epoch && (await canStand(reader, userID, stand)),
    receipt: receiptOf(identity, userID, seen)
  }
}
