/** Schemas of the messages of a server. */

import * as v from 'valibot'
import { encodeRows, columnOf } from './column-block.ts'
import { id, milliseconds, natural, oneOf, short, text, truth, where, word } from './fields.ts'
import { orNull } from './exact.ts'
import { parse, unknownMessage } from './messages.ts'
import {
  attributesRow,
  countersRow,
  groupRow,
  memberRow,
  memberRows,
  notice,
  policySchema,
  settingsRow,
  tipRow
} from './rows.ts'
import { groupErrorSchema, verdictSchema } from './verdicts.ts'

const eventKinds: readonly unknown[] = ['joined', 'left', 'notice', 'handled']
/** `fseq` is the position in the feed of the user. */
const feedEvent = v.union([
  /** `since` is the position of the group at which the user joined. */
  v.object({
    kind: oneOf('joined'),
    fseq: natural,
    groupID: id,
    membershipEpoch: natural,
    since: natural
  }),
  v.object({
    kind: oneOf('left'),
    fseq: natural,
    groupID: id,
    membershipEpoch: natural,
    reason: word,
    by: short,
    atSeconds: natural
  }),
  v.object({ kind: oneOf('notice'), ...notice }),
  /** An application is decided, and this user had a notice of it. */
  v.object({
    kind: oneOf('handled'),
    fseq: natural,
    groupID: id,
    userID: id,
    applicationSeq: natural,
    state: word,
    by: short,
    atSeconds: natural
  }),
  /** An event of another build. It uses up a position, and is skipped otherwise. */
  v.pipe(
    where(v.object({ kind: word, fseq: natural }), ({ kind }) => !eventKinds.includes(kind)),
    v.transform(({ fseq }) => ({ kind: 'unknown' as const, fseq }))
  )
])
export type FeedEvent = v.InferOutput<typeof feedEvent>
/** An event that has no position yet. */
export type NewFeedEvent = FeedEvent extends infer E
  ? E extends { fseq: number }
    ? Omit<E, 'fseq'>
    : never
  : never

const feedDelta = v.object({ from: natural, to: natural, events: v.array(feedEvent) })
export type FeedDelta = v.InferOutput<typeof feedDelta>

const groupDelta = where(
  v.object({
    groupID: id,
    membershipEpoch: natural,
    from: natural,
    to: natural,
    group: groupRow,
    members: v.array(memberRow),
    /** Removed members. */
    gone: v.array(id),
    /** Whether `members` has all members. It has a meaning only if `from` is 0. */
    complete: truth,
    /** The settings of the user for the group, if they have changed. */
    settings: v.exactOptional(settingsRow),
    /** The attributes and counters of the group, if they have changed. */
    attributes: v.exactOptional(attributesRow),
    counters: v.exactOptional(countersRow),
    tips: v.array(tipRow)
  }),
  ({ groupID, group, members, attributes = group, counters = group }) =>
    [group, attributes, counters, ...members].every(row => row.groupID === groupID)
)
export type GroupDelta = v.InferOutput<typeof groupDelta>

/** The positions of the client, signed by the server. Only the server reads it. */
const receipt = text(200)

const serverMessage = v.union([
  v.object({
    type: oneOf('welcome'),
    protocol: natural,
    /** The kernel version by which the server judges. */
    kernel: natural,
    epoch: id,
    serverTime: milliseconds,
    userID: id,
    isAppAdmin: truth,
    policy: policySchema,
    /** Whether the positions of the client are possible. If not, it forgets its base rows. */
    known: truth,
    receipt: v.exactOptional(receipt),
    /** The version of the digests that the server compares. */
    digest: natural
  }),
  v.object({
    type: oneOf('delta'),
    serverTime: milliseconds,
    feed: v.exactOptional(feedDelta),
    groups: v.array(groupDelta),
    verdicts: v.array(verdictSchema),
    /** Operations that were not judged. The client sends them again. */
    retry: v.array(id),
    caughtUp: truth
  }),
  where(
    v.object({
      type: oneOf('members'),
      groupID: id,
      membershipEpoch: natural,
      /** The position of the group at which the page was read. */
      asOf: natural,
      /** The `after` of the request. */
      after: text(64),
      members: memberRows,
      /** The `after` of the next request, or `null` after the last page. */
      next: orNull(id)
    }),
    ({ groupID, members }) => columnOf(members, 'groupID').every(each => each === groupID)
  ),
  /** The answer to `read`: the profile, or the reason of the refusal. */
  v.object({
    type: oneOf('profile'),
    request: natural,
    answer: v.union([groupRow, groupErrorSchema])
  }),
  /**
   * The answer to `readMembers`: a page, or the reason of the refusal. `next` is the `offset` of the
   * next request, or `null` after the last page.
   */
  v.object({
    type: oneOf('memberPage'),
    request: natural,
    answer: v.union([v.object({ members: memberRows, next: orNull(natural) }), groupErrorSchema])
  }),
  /** The answer to `readEntries`: both rows, or the reason of the refusal. */
  v.object({
    type: oneOf('entries'),
    request: natural,
    answer: v.union([
      v.object({ attributes: attributesRow, counters: countersRow }),
      groupErrorSchema
    ])
  }),
  /**
   * The positions of the client once it has applied all earlier frames. `groups` is their digest.
   */
  v.object({
    type: oneOf('pong'),
    serverTime: milliseconds,
    feed: natural,
    groups: natural,
    receipt: v.exactOptional(receipt)
  }),
  v.object({ type: oneOf('error'), error: groupErrorSchema }),
  ...unknownMessage(
    'welcome',
    'delta',
    'members',
    'profile',
    'memberPage',
    'entries',
    'pong',
    'error'
  )
])
export type ServerMessage = v.InferOutput<typeof serverMessage>
export type DeltaMessage = Extract<ServerMessage, { type: 'delta' }>
export type MembersMessage = Extract<ServerMessage, { type: 'members' }>

export const serverFrame = (message: ServerMessage): string =>
  JSON.stringify(
    message.type === 'members' ? { ...message, members: encodeRows(message.members) } : message
  )

/** The message in a frame, or `undefined` if the frame is invalid. */
export const parseServerMessage = (frame: string): ServerMessage | undefined =>
  parse(serverMessage, frame)
