/**
 * What a client may say: the half of the protocol that only a server has to check.
 *
 * Why: this is a file of its own, so that a worker does not carry the checks that only a server
 * needs.
 */

import * as v from 'valibot'
import { frameLimits, parse, protocolVersion, pushedOperation, unknownMessage } from './messages.ts'
import { id, listOf, natural, oneOf, printable, text, truth, where } from './fields.ts'

const token = text(frameLimits.tokenLengthMax)

/** A hello of another protocol version: nothing else about it is known, and the server refuses it with 4508. */
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
    /** The rules that the client judges by. */
    kernel: natural,
    token,
    /** The epoch the positions belong to; `''` when there are none. */
    epoch: text(64),
    /** The last one that the server gave. */
    receipt: v.exactOptional(text(200)),
    feed: natural,
    /** ID, membership epoch and position of each group held: a list, because users choose the IDs. */
    groups: listOf(v.tuple([id, natural, natural]), { countMax: frameLimits.groupsPerHelloMax })
  }),
  v.object({
    type: oneOf('push'),
    operations: listOf(pushedOperation, { countMin: 1, countMax: frameLimits.operationsPerPushMax })
  }),
  v.object({
    type: oneOf('members'),
    groupID: id,
    /** The page begins behind this userID; `''` for the first. */
    after: printable(/^[\x20-\x7e]{0,64}$/),
    limit: v.pipe(natural, v.minValue(1), v.maxValue(frameLimits.membersPerPageMax))
  }),
  /** Asks for the profile of a group, also of one that the user is not in; a search does not find Private groups. */
  v.object({ type: oneOf('read'), request: natural, groupID: id, search: truth }),
  /** A new token of the same user, before the old one expires. */
  v.object({ type: oneOf('auth'), token }),
  /**
   * Asks whether both still mean the same. `check`: what the client holds of one group, all members included; where that
   * is not what the server has at this position, the server sends the group anew. `version`: of the digest.
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
  ...unknownMessage('hello', 'push', 'members', 'read', 'auth', 'ping')
])
export type ReceivedMessage = v.InferOutput<typeof clientMessage>
export type ClientMessage = Exclude<ReceivedMessage, { type: 'otherProtocol' }>

/** The message in a frame, or `undefined`: not one. */
export const parseClientMessage = (frame: string): ReceivedMessage | undefined =>
  hasFewValues(frame, frameLimits.valuesMax) ? parse(clientMessage, frame) : undefined

/** What a character outside of strings begins, as a number of values: JSON.parse is slow with objects. */
const values = new Map(
  Object.entries({ '[': 1, '{': 8, ',': 1, ':': 1 }).map(([mark, count]) => [
    mark.charCodeAt(0),
    count
  ])
)
const [quote, backslash] = [0x22, 0x5c]

/**
 * Whether a JSON text holds at most so many values. Without this limit, 1 MiB of brackets or of small objects makes
 * JSON.parse block the event loop for 0.1 s.
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
