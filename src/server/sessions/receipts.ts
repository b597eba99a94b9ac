/**
 * Receipts: what a client has provably seen. The server signs where a user's feed and groups stood; the client gives the
 * last receipt back when it returns. A database that is behind it was replaced by an older one, as by a restored backup.
 * The key lies in the database, so a client cannot claim what it has not seen.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Identity } from '../database/port.ts'

/**
 * `positions`: the sum of the positions of the groups that the user follows. While the feed stands still, so does the set
 * of these groups, and the sum only grows.
 */
export type Seen = { readonly feed: number; readonly positions: number }

export const receiptOf = (identity: Identity, userID: string, { feed, positions }: Seen): string =>
  `${feed}.${positions}.${sign(identity, userID, feed, positions)}`

/** Whether a receipt of this epoch speaks of a later state than `now`. A receipt that is none proves nothing. */
export function provesLoss(
  identity: Identity,
  userID: string,
  receipt: string,
  now: Seen
): boolean {
  const [feed = NaN, positions = NaN] = receipt.split('.', 2).map(Number)
  const isLater = feed > now.feed || (feed === now.feed && positions > now.positions)
  return isLater && isSame(receipt, receiptOf(identity, userID, { feed, positions }))
}

const sign = ({ epoch, receiptKey }: Identity, ...parts: (string | number)[]) =>
  createHmac('sha256', receiptKey)
    .update(JSON.stringify([epoch, ...parts]))
    .digest('base64url')

function isSame(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)]
  return first.length === second.length && timingSafeEqual(first, second)
}
