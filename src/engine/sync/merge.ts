/**
 * Merges messages from the server into the stored rows. Pure: the caller commits the writes in one
 * transaction, so that rows, verdicts and the position move together.
 */

import type { Write } from '../../storage/port.ts'
import type { DeltaMessage, MembersMessage } from '../../protocol/server-messages.ts'
import {
  createDraft,
  dropGroup,
  storedGroups,
  writesOf,
  type Draft,
  type MergeBase
} from './draft.ts'
import { mergeFeed } from './merge-feed.ts'
import { mergeGroup, mergePage } from './merge-group.ts'
import { mergeVerdict, settleReached } from './merge-verdicts.ts'

/** Messages with rows. */
export type RowsMessage = DeltaMessage | MembersMessage

/**
 * Merges consecutive messages. `isGap`: changes before one of them are missing. Neither that
 * message nor later ones are merged, and the client has to reconnect.
 */
export function merge(
  base: MergeBase,
  messages: readonly RowsMessage[]
): { readonly writes: readonly Write[]; readonly isGap: boolean } {
  const draft = createDraft(base)
  const gap = messages.findIndex(message => !mergeMessage(draft, message))
  if (gap < 0) return { writes: writesOf(draft), isGap: false }
  // The draft already contains a part of the message after the gap, so it cannot be used.
  return { writes: merge(base, messages.slice(0, gap)).writes, isGap: true }
}

function mergeMessage(draft: Draft, message: RowsMessage): boolean {
  if (message.type === 'delta') return mergeDelta(draft, message)
  mergePage(draft, message)
  return true
}

function mergeDelta(draft: Draft, { feed, groups, verdicts }: DeltaMessage): boolean {
  if (feed && !mergeFeed(draft, feed)) return false
  if (!groups.every(group => mergeGroup(draft, group))) return false
  for (const verdict of verdicts) mergeVerdict(draft, verdict)
  settleReached(draft)
  return true
}

/** Another epoch is another history: all base rows are removed, and the outbox stays. */
export function forgetBase(base: MergeBase, epoch: string): Write[] {
  const draft = createDraft(base)
  for (const groupID of storedGroups(base)) dropGroup(draft, groupID)
  settleReached(draft)
  return [
    ...writesOf(draft),
    { table: 'notices', scope: '', empty: true },
    { table: 'meta', scope: '', id: '', row: { ...base.meta, epoch, feed: 0, noticeSeq: 0 } }
  ]
}
