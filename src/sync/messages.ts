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
 * Everything is checked when it arrives. Unknown fields are ignored.
 */

import * as v from 'valibot'
import { errors, type GroupError, type Reason, type Scope } from '../kernel/errors.ts'
import {
  groupTypes,
  joinOptions,
  remindTypes,
  type CustomField,
  type GroupRow,
  type MemberRow,
  type SettingsRow
} from '../kernel/model.ts'
import { noticeTypes, tipTypes, type NoticeRow, type TipRow } from '../kernel/notices.ts'
import type { Policy } from '../kernel/limits.ts'
import { causeReasons, type Verdict } from '../kernel/verdict.ts'

export const protocolVersion = 1

/** Bounds of what may arrive. */
export const frameLimits = {
  toServerBytesMax: 1_048_576,
  /** Operations are pushed in frames of about so many characters. */
  pushLength: 200_000,
  operationsPerPushMax: 50,
  membersPerPageMax: 500,
  groupsPerHelloMax: 10_000
} as const

export const id = v.pipe(v.string(), v.regex(/^[\x20-\x7e]{1,64}$/))
const short = v.pipe(v.string(), v.maxLength(1024))
export const natural = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER))
const milliseconds = v.pipe(v.number(), v.minValue(-8.64e15), v.maxValue(8.64e15))

// ── rows ────────────────────────────────────────────────────────────────────

const customFields: v.GenericSchema<unknown, readonly CustomField[]> = v.pipe(
  v.array(v.object({ key: short, value: short })),
  v.maxLength(64)
)

const groupProfile = v.object({
  groupID: id,
  type: v.picklist(groupTypes),
  name: short,
  avatar: short,
  introduction: short,
  notification: short,
  ownerID: short,
  createTime: natural,
  lastInfoTime: natural,
  infoSequence: natural,
  memberNum: natural,
  maxMemberNum: natural,
  joinOption: v.picklist(joinOptions),
  muteAllMembers: v.boolean(),
  groupCustomField: customFields
})
export const groupRow: v.GenericSchema<unknown, GroupRow> = groupProfile
// What has come as JSON holds no undefined.
const groupFields = v.partial(groupProfile) as v.GenericSchema<unknown, Partial<GroupRow>>

export const memberRow: v.GenericSchema<unknown, MemberRow> = v.object({
  groupID: id,
  userID: id,
  role: v.picklist(['Owner', 'Admin', 'Member']),
  joinTime: natural,
  nameCard: short,
  muteUntil: natural,
  memberCustomField: customFields
})

export const settingsRow: v.GenericSchema<unknown, SettingsRow> = v.object({
  groupID: id,
  userID: id,
  messageRemindType: v.picklist(remindTypes)
})

const told = { groupID: id, time: natural, operatorID: short }

export const tip = {
  ...told,
  seq: natural,
  operationType: v.picklist(Object.values(tipTypes)),
  userIDList: v.array(id),
  memberNum: v.exactOptional(natural),
  newGroupProfile: v.exactOptional(groupFields),
  memberList: v.exactOptional(v.array(v.object({ userID: id, muteTime: natural })))
}
export const tipRow: v.GenericSchema<unknown, TipRow> = v.object(tip)

export const notice = {
  ...told,
  operationType: v.picklist(Object.values(noticeTypes)),
  groupName: short,
  handleMessage: short,
  userDefinedField: v.exactOptional(v.pipe(v.string(), v.maxLength(8000))),
  fseq: natural
}
export const noticeRow: v.GenericSchema<unknown, NoticeRow> = v.object(notice)

const writeLevel = v.picklist(['App', 'Owner', 'Admin', 'Member'])
const fieldKey = v.pipe(v.string(), v.maxLength(32))
export const policySchema: v.GenericSchema<unknown, Policy> = v.object({
  adminsCanKick: v.boolean(),
  groupsPerUserMax: natural,
  suppressTips: v.picklist(['none', 'tencent']),
  customFields: v.exactOptional(
    v.object({
      group: v.record(fieldKey, writeLevel),
      member: v.record(v.picklist(groupTypes), v.record(fieldKey, v.object({ write: writeLevel, ownWrite: v.boolean() })))
    })
  )
})

const reason = v.picklist(Object.keys(errors) as Reason[])
export const groupErrorSchema: v.GenericSchema<unknown, GroupError> = v.object({
  code: v.pipe(v.number(), v.integer()),
  reason,
  message: short
})
const scope: v.GenericSchema<unknown, Scope> = v.picklist([
  'permission',
  'state',
  'limit',
  'invalid',
  'gone',
  'dependency',
  'expired',
  'retry'
])

export const verdictSchema: v.GenericSchema<unknown, Verdict> = v.union([
  v.object({ kind: v.picklist(['applied', 'partial']), opID: id, groupID: id, seq: natural, result: v.unknown() }),
  v.object({
    kind: v.literal('rejected'),
    opID: id,
    groupID: id,
    error: groupErrorSchema,
    scope,
    cause: v.exactOptional(v.object({ reason: v.picklist(causeReasons), by: short, at: natural }))
  })
])

// ── client → server ─────────────────────────────────────────────────────────

/** Operations as they are pushed. */
export const pushedOperation = v.object({
  opID: id,
  name: v.pipe(v.string(), v.regex(/^[\x20-\x7e]{0,40}$/)),
  args: v.record(v.pipe(v.string(), v.maxLength(64)), v.unknown()),
  groupID: id,
  /** The operation before this one in the same lane. */
  after: v.exactOptional(id),
  /** The position in the group's log that the user was looking at. */
  seen: natural,
  /** How long it has waited on the device, in seconds. */
  waited: natural
})
export type PushedOperation = v.InferOutput<typeof pushedOperation>

const token = v.pipe(v.string(), v.maxLength(4096))

const clientMessage = v.union([
  v.object({
    type: v.literal('hello'),
    protocol: natural,
    /** The rules that the client judges by. */
    kernel: natural,
    token,
    /** The epoch the positions belong to; `''` when there are none. */
    epoch: v.pipe(v.string(), v.maxLength(64)),
    feed: natural,
    /** Membership epoch and position of each group held. */
    groups: v.pipe(v.record(id, v.tuple([natural, natural])), v.maxEntries(frameLimits.groupsPerHelloMax))
  }),
  v.object({
    type: v.literal('push'),
    operations: v.pipe(v.array(pushedOperation), v.minLength(1), v.maxLength(frameLimits.operationsPerPushMax))
  }),
  v.object({
    type: v.literal('members'),
    groupID: id,
    /** The page begins behind this userID; `''` for the first. */
    after: v.pipe(v.string(), v.regex(/^[\x20-\x7e]{0,64}$/)),
    limit: v.pipe(natural, v.minValue(1), v.maxValue(frameLimits.membersPerPageMax))
  }),
  /** Asks for the profile of a group, also of one that the user is not in; a search does not find Private groups. */
  v.object({ type: v.literal('read'), request: natural, groupID: id, search: v.boolean() }),
  /** A new token of the same user, before the old one expires. */
  v.object({ type: v.literal('auth'), token }),
  /**
   * Asks whether both still mean the same. `check`: what the client holds of one group, all members included; where that
   * is not what the server has at this position, the server sends the group anew.
   */
  v.object({
    type: v.literal('ping'),
    check: v.exactOptional(v.object({ groupID: id, mep: natural, seq: natural, digest: natural }))
  })
])
export type ClientMessage = v.InferOutput<typeof clientMessage>

// ── server → client ─────────────────────────────────────────────────────────

/** `fseq`: the position in the user's feed. */
const feedEvent = v.union([
  /** `since`: the position in the group's log from which on the user is in it. */
  v.object({ kind: v.literal('joined'), fseq: natural, groupID: id, mep: natural, since: natural }),
  v.object({
    kind: v.literal('left'),
    fseq: natural,
    groupID: id,
    mep: natural,
    reason: v.picklist(['quit', 'kicked', 'dismissed']),
    by: short,
    at: natural
  }),
  v.object({ kind: v.literal('notice'), ...notice }),
  /** Somebody has decided about an application that this user was told of. */
  v.object({
    kind: v.literal('handled'),
    fseq: natural,
    groupID: id,
    userID: id,
    state: v.picklist(['agreed', 'refused']),
    by: short,
    at: natural
  })
])
export type FeedEvent = v.InferOutput<typeof feedEvent>
/** An event that has no position yet. */
export type NewFeedEvent = FeedEvent extends infer E ? (E extends { fseq: number } ? Omit<E, 'fseq'> : never) : never

const feedDelta = v.object({ from: natural, to: natural, events: v.array(feedEvent) })
export type FeedDelta = v.InferOutput<typeof feedDelta>

const groupDelta = v.pipe(
  v.object({
    groupID: id,
    mep: natural,
    from: natural,
    to: natural,
    group: groupRow,
    members: v.array(memberRow),
    /** Members who are no longer. */
    gone: v.array(id),
    /** With `from: 0`: whether `members` is all there are. */
    complete: v.boolean(),
    /** What the user has set for the group, where that has changed. */
    settings: v.exactOptional(settingsRow),
    tips: v.array(tipRow)
  }),
  v.check(({ groupID, group, members }) => [group, ...members].every(row => row.groupID === groupID))
)
export type GroupDelta = v.InferOutput<typeof groupDelta>

const serverMessage = v.union([
  v.object({
    type: v.literal('welcome'),
    protocol: natural,
    /** The rules that the server judges by. */
    kernel: natural,
    epoch: id,
    serverTime: milliseconds,
    userID: id,
    isAppAdmin: v.boolean(),
    policy: policySchema,
    /** Whether the client can stand where it says; if not, it has to forget what it holds. */
    known: v.boolean()
  }),
  v.object({
    type: v.literal('delta'),
    serverTime: milliseconds,
    feed: v.exactOptional(feedDelta),
    groups: v.array(groupDelta),
    verdicts: v.array(verdictSchema),
    /** Operations to send again: something they build on has not arrived. */
    retry: v.array(id),
    caughtUp: v.boolean()
  }),
  v.pipe(
    v.object({
      type: v.literal('members'),
      groupID: id,
      mep: natural,
      /** The position in the group's log that the page was read at. */
      asOf: natural,
      members: v.array(memberRow),
      /** `null` after the last page, else the userID to continue behind. */
      next: v.nullable(id)
    }),
    v.check(({ groupID, members }) => members.every(row => row.groupID === groupID))
  ),
  /** The answer to `read`: the profile, or why not. */
  v.object({ type: v.literal('profile'), request: natural, answer: v.union([groupRow, groupErrorSchema]) }),
  /** Where the client stands once it has taken everything before this: its feed, and a digest of its groups' positions. */
  v.object({ type: v.literal('pong'), serverTime: milliseconds, feed: natural, groups: natural }),
  v.object({ type: v.literal('error'), error: groupErrorSchema })
])
export type ServerMessage = v.InferOutput<typeof serverMessage>
export type DeltaMessage = Extract<ServerMessage, { type: 'delta' }>
export type MembersMessage = Extract<ServerMessage, { type: 'members' }>

/** The message in a frame, or `undefined`: not one. */
export const parseClientMessage = (frame: string): ClientMessage | undefined => parse(clientMessage, frame)
export const parseServerMessage = (frame: string): ServerMessage | undefined => parse(serverMessage, frame)

export function parse<T>(schema: v.GenericSchema<unknown, T>, frame: string): T | undefined {
  if (isTooDeep(frame)) return undefined
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), frame, { abortEarly: true })
  return parsed.success ? parsed.output : undefined
}

// Before anything recursive: deep nesting overflows the stack of whoever walks it.
const depthMax = 12
function isTooDeep(frame: string): boolean {
  let depth = 0
  let inString = false
  for (let index = 0; index < frame.length; index++) {
    const character = frame.charCodeAt(index)
    if (inString) {
      if (character === 0x5c) index++
      else if (character === 0x22) inString = false
    } else if (character === 0x22) inString = true
    else if (character === 0x5b || character === 0x7b) {
      if (++depth > depthMax) return true
    } else if (character === 0x5d || character === 0x7d) depth--
  }
  return false
}
