/**
 * Schemas of the messages of a client. They have a file of their own, so that a worker does not
 * carry checks that only a server needs.
 */

import * as v from 'valibot'
import { frameLimits, parse, protocolVersion, pushedOperation, unknownMessage } from './messages.ts'
import { id, listOf, natural, oneOf, printable, text, truth, where, word } from './fields.ts'

const token = text(frameLimits.tokenLengthMax)
const users = listOf(id, { countMin: 1, countMax: frameLimits.membersPerPageMax })
const pageLimit = v.pipe(natural, v.minValue(1), v.maxValue(frameLimits.membersPerPageMax))

/**
 * A hello of another protocol version. Its other fields are unknown, and the server refuses it with
 * 4508.
 */
const otherProtocol = v.pipe(
  where(
    v.object({ type: oneOf('hello'), protocol: natural }),
    ({ protocol }) => protocol !== protocolVersion
  ),
  v.transform(() => ({ type: 'otherProtocol' }) as const)
)

const clientMessage = v.union([
  otherProtocol,
  v.object({
    type: oneOf('hello'),
    protocol: natural,
    /** The kernel version by which the client predicts. */
    kernel: natural,
    token,
    /** The epoch of the positions, or `''` without positions. */
    epoch: text(64),
    /** The last receipt from the server. */
    receipt: v.exactOptional(text(200)),
    feed: natural,
    /** The positions of the held groups. A list, because users choose the IDs. */
    groups: listOf(v.tuple([id, natural, natural]), { countMax: frameLimits.groupsPerHelloMax }),
    /** Operations without a verdict that may have been sent. */
    pending: listOf(id, { countMax: frameLimits.pendingPerHelloMax })
  }),
  v.object({
    type: oneOf('push'),
    operations: listOf(pushedOperation, { countMin: 1, countMax: frameLimits.operationsPerPushMax })
  }),
  v.object({
    type: oneOf('members'),
    groupID: id,
    /** The page starts after this user ID, or at the first member after `''`. */
    after: printable(/^[\x20-\x7e]{0,64}$/),
    limit: pageLimit
  }),
  /** Requests the profile of any group. A search does not find Private groups. */
  v.object({ type: oneOf('read'), request: natural, groupID: id, search: truth }),
  /**
   * Requests members of a group, the owner first, or only these users. Members and app admins may
   * ask. It changes no row of the client.
   */
  v.object({
    type: oneOf('readMembers'),
    request: natural,
    groupID: id,
    offset: natural,
    limit: pageLimit,
    role: v.exactOptional(word),
    userIDList: v.exactOptional(v.pipe(users, v.readonly())),
    /** Only members of an AVChatRoom with this mark. */
    markType: v.exactOptional(natural)
  }),
  /** Requests the attributes and counters of a group. Members and app admins may ask. */
  v.object({ type: oneOf('readEntries'), request: natural, groupID: id }),
  /** A new token of the same user, before the old one expires. */
  v.object({ type: oneOf('auth'), token }),
  /**
   * Compares positions, and with `check` the rows of one group with all members. If the server has
   * other rows at this position, it sends a full snapshot. `version` is that of the digest.
   */
  v.object({
    type: oneOf('ping'),
    check: v.exactOptional(
      v.object({
        groupID: id,
        membershipEpoch: natural,
        seq: natural,
        digest: natural,
        version: natural
      })
    )
  }),
  ...unknownMessage(
    'hello',
    'push',
    'members',
    'read',
    'readMembers',
    'readEntries',
    'auth',
    'ping'
  )
])
export type ReceivedMessage = v.InferOutput<typeof clientMessage>
export type ClientMessage = Exclude<ReceivedMessage, { type: 'otherProtocol' }>

/** The message in a frame, or `undefined` if the frame is invalid. */
export const parseClientMessage = (frame: string): ReceivedMessage | undefined =>
  hasFewValues(frame, frameLimits.valuesMax) ? parse(clientMessage, frame) : undefined

/**
 * The values that a character outside of strings counts as. Objects count more: parsing them is
 * slow.
 */
const values = new Map(
  Object.entries({ '[': 1, '{': 8, ',': 1, ':': 1 }).map(([mark, count]) => [
    mark.charCodeAt(0),
    count
  ])
)
const [quote, backslash] = [0x22, 0x5c]

/**
 * Whether a JSON text has at most `max` values. Without this limit, `JSON.parse` blocks the event
 * loop for 0.1 s on 1 MiB of brackets or small objects.
 */
export function hasFewValues(json: string, max: number): boolean {
  let count = 0
  let isText = false
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index)
    if (code === quote) isText = !isText
    else if (isText) index += code === backslash ? 1 : 0
    else if ((count += values.get(code) ?? 0) > max) return false
  }
  return true
}
