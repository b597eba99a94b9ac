/**
 * The protocol, one union each way. A client opens with `hello` and says where it stands: in the user's feed and in the
 * log of each group it holds. The server answers `welcome`, then `delta`s that take the client from there to now, the
 * last of them marked `caughtUp`; from then on it sends what changes. `push` carries operations; their verdicts come
 * in a `delta`, together with the rows they speak of. `members` asks for a page of a group's members, `read` for the
 * profile of a group that the user need not be in.
 *
 * A delta holds whole rows and continues from a position; a client applies it only if it stands there, so a repeated
 * one does no harm and a lost one is noticed. Feed events come before group deltas: they say which groups are held.
 *
 * Everything is checked when it arrives. What only another build knows does no harm: unknown fields are ignored, unknown
 * messages and feed events skipped, unknown words kept as they came.
 */

import * as v from 'valibot'
import { encodeRows, columnOf } from './column-block.ts'
import { isShallow } from '../kernel/shallow.ts'
import {
  isFields,
  id,
  milliseconds,
  natural,
  oneOf,
  printable,
  short,
  text,
  truth,
  where,
  word
} from './fields.ts'
import { orNull } from './exact.ts'
import {
  groupRow,
  memberRow,
  memberRows,
  notice,
  policySchema,
  settingsRow,
  tipRow
} from './rows.ts'
import { groupErrorSchema, verdictSchema } from './verdicts.ts'

export const protocolVersion = 3

/** Bounds of what may arrive. */
export const frameLimits = {
  toServerBytesMax: 1_048_576,
  /** Values of a frame to the server: a hello of 10,000 groups has 50,000, a group of 500 with all fields 37,000. */
  valuesMax: 65_536,
  /** Operations are pushed in frames of about so many characters. */
  pushLength: 50_000,
  operationsPerPushMax: 50,
  membersPerPageMax: 500,
  groupsPerHelloMax: 10_000,
  tokenLengthMax: 4096
} as const

/** Operations as they are pushed. */
export const pushedOperation = v.object({
  opID: id,
  name: printable(/^[\x20-\x7e]{0,40}$/),
  args: v.custom<Readonly<Record<string, unknown>>>(args => isFields(args) && isShallow(args)),
  groupID: id,
  /** The operation before this one in the same lane. */
  after: v.exactOptional(id),
  /** The position in the group's log that the user was looking at. */
  seen: natural,
  /** How long it has waited on the device, in seconds. */
  waited: natural
})
export type PushedOperation = v.InferOutput<typeof pushedOperation>

/**
 * `unknown`: a message of the type `what`, which only another build knows. It is skipped; a server also says so, by this
 * very message. `types`: those that are known.
 */
export const unknownMessage = (...types: readonly string[]) =>
  [
    v.object({ type: oneOf('unknown'), what: word }),
    v.pipe(
      v.object({ type: word }),
      v.check(({ type }) => type !== 'unknown' && !types.includes(type)),
      v.transform(({ type }) => ({ type: 'unknown' as const, what: type }))
    )
  ] as const

// ── server → client ─────────────────────────────────────────────────────────

const eventKinds: readonly unknown[] = ['joined', 'left', 'notice', 'handled']
/** `fseq`: the position in the user's feed. */
const feedEvent = v.union([
  /** `since`: the position in the group's log from which on the user is in it. */
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
  /** Somebody has decided about an application that this user was told of. */
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
  /** Something that only another build knows: it takes a position, and nothing else is done about it. */
  v.pipe(
    v.object({ kind: word, fseq: natural }),
    v.check(({ kind }) => !eventKinds.includes(kind)),
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
    /** Members who are no longer. */
    gone: v.array(id),
    /** With `from: 0`: whether `members` is all there are. */
    complete: truth,
    /** What the user has set for the group, where that has changed. */
    settings: v.exactOptional(settingsRow),
    tips: v.array(tipRow)
  }),
  ({ groupID, group, members }) => [group, ...members].every(row => row.groupID === groupID)
)
export type GroupDelta = v.InferOutput<typeof groupDelta>

/** What the client has seen, signed by the server; only the server reads it. */
const receipt = text(200)

const serverMessage = v.union([
  v.object({
    type: oneOf('welcome'),
    protocol: natural,
    /** The rules that the server judges by. */
    kernel: natural,
    epoch: id,
    serverTime: milliseconds,
    userID: id,
    isAppAdmin: truth,
    policy: policySchema,
    /** Whether the client can stand where it says; if not, it has to forget what it holds. */
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
    /** Operations to send again: something they build on has not arrived. */
    retry: v.array(id),
    caughtUp: truth
  }),
  where(
    v.object({
      type: oneOf('members'),
      groupID: id,
      membershipEpoch: natural,
      /** The position in the group's log that the page was read at. */
      asOf: natural,
      /** The userID behind which it was asked for. */
      after: text(64),
      members: memberRows,
      /** `null` after the last page, else the userID to continue behind. */
      next: orNull(id)
    }),
    ({ groupID, members }) => columnOf(members, 'groupID').every(each => each === groupID)
  ),
  /** The answer to `read`: the profile, or why not. */
  v.object({
    type: oneOf('profile'),
    request: natural,
    answer: v.union([groupRow, groupErrorSchema])
  }),
  /** Where the client stands once it has taken everything before this: its feed, and a digest of its groups' positions. */
  v.object({
    type: oneOf('pong'),
    serverTime: milliseconds,
    feed: natural,
    groups: natural,
    receipt: v.exactOptional(receipt)
  }),
  v.object({ type: oneOf('error'), error: groupErrorSchema }),
  ...unknownMessage('welcome', 'delta', 'members', 'profile', 'pong', 'error')
])
export type ServerMessage = v.InferOutput<typeof serverMessage>
export type DeltaMessage = Extract<ServerMessage, { type: 'delta' }>
export type MembersMessage = Extract<ServerMessage, { type: 'members' }>

/** What goes over the wire. */
export const serverFrame = (message: ServerMessage): string =>
  JSON.stringify(
    message.type === 'members' ? { ...message, members: encodeRows(message.members) } : message
  )

/** The message in a frame, or `undefined`: not one. */
export const parseServerMessage = (frame: string): ServerMessage | undefined =>
  parse(serverMessage, frame)

export function parse<T>(schema: v.GenericSchema<unknown, T>, frame: string): T | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(frame), { abortEarly: true })
    return parsed.success ? parsed.output : undefined
  } catch {
    // Expected: anybody may send anything.
    return undefined
  }
}
