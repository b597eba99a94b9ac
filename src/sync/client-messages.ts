/** What a client may say: the half of the protocol that only a server has to check. */

import * as v from 'valibot'
import { frameLimits, parse, pushedOperation } from './messages.ts'
import { id, natural, oneOf, printable, text, truth } from './rows.ts'

const token = text(4096)

const clientMessage = v.union([
  v.object({
    type: oneOf('hello'),
    protocol: natural,
    /** The rules that the client judges by. */
    kernel: natural,
    token,
    /** The epoch the positions belong to; `''` when there are none. */
    epoch: text(64),
    feed: natural,
    /** Membership epoch and position of each group held. */
    groups: v.pipe(v.record(id, v.tuple([natural, natural])), v.maxEntries(frameLimits.groupsPerHelloMax))
  }),
  v.object({
    type: oneOf('push'),
    operations: v.pipe(v.array(pushedOperation), v.minLength(1), v.maxLength(frameLimits.operationsPerPushMax))
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
   * is not what the server has at this position, the server sends the group anew.
   */
  v.object({
    type: oneOf('ping'),
    check: v.exactOptional(v.object({ groupID: id, mep: natural, seq: natural, digest: natural }))
  })
])
export type ClientMessage = v.InferOutput<typeof clientMessage>

/** The message in a frame, or `undefined`: not one. */
export const parseClientMessage = (frame: string): ClientMessage | undefined => parse(clientMessage, frame)
