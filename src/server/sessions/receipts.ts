/**
 * Receipts prove the positions that a client has seen. The server signs the positions of a user's
 * feed and groups. The client returns the last receipt when it logs in. A database behind a receipt
 * has been replaced by an older one, for instance a restored backup. The key is in the database,
 * so a client cannot forge a receipt.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Identity } from '../database/port.ts'

/**
 * `positions`: the sum of the positions of the user's groups. While the feed does not change, the
 * set of these groups does not change either, and the sum only grows.
 */
type Seen = { readonly feed: number; readonly positions: number }

export const receiptOf = (identity: Identity, userID: string, { feed, positions }: Seen): string =>
  `${feed}.${positions}.${sign(identity, userID, feed, positions)}`

/** Whether a receipt of this epoch proves a later state than `now`. A forged one is ignored. */
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
