/**
 * The messages of the protocol: an overview, limits, and the parts that both sides use. The schemas
 * are in client-messages.ts and server-messages.ts.
 *
 * A client sends `hello` with its positions in the feed of its user and in the log of each group.
 * The server answers `welcome`, and then `delta`s up to the current positions. The last of these is
 * marked `caughtUp`. After that, the server sends each change. `push` carries operations. Their
 * verdicts arrive in a `delta`, together with their rows or before them. `members` requests a page
 * of the members of a group. `read` requests the profile of any group.
 *
 * A delta holds whole rows and continues from a position. A client at another position ignores it
 * or reconnects, so a repeated delta does no harm and a lost one is noticed. Feed events come
 * before the deltas of groups, because they name the groups that the client holds.
 *
 * Each message is checked when it arrives. Data of another build does no harm: unknown fields are
 * ignored, unknown messages and feed events are skipped, unknown words are kept unchanged.
 */

import * as v from 'valibot'
import { isShallow } from '../kernel/shallow.ts'
import { id, isFields, natural, oneOf, printable, where, word } from './fields.ts'

export { protocolVersion } from './version.ts'

/** Limits of frames. */
export const frameLimits = {
  toServerBytesMax: 1_048_576,
  /**
   * The values of a frame to the server. A hello of 10,000 groups has 50,000, and a new group of
   * 500 members with all fields has 37,000.
   */
  valuesMax: 65_536,
  /** The approximate length of a `push`, in characters. */
  pushLength: 50_000,
  operationsPerPushMax: 50,
  membersPerPageMax: 500,
  groupsPerHelloMax: 10_000,
  /** Also the number of operations that a client may have sent without receiving a verdict. */
  pendingPerHelloMax: 500,
  tokenLengthMax: 4096
} as const

export const pushedOperation = v.object({
  opID: id,
  name: printable(/^[\x20-\x7e]{0,40}$/),
  args: v.custom<Readonly<Record<string, unknown>>>(args => isFields(args) && isShallow(args)),
  groupID: id,
  /** The operation before this one in the same lane. */
  after: v.exactOptional(id),
  /** The position of the group that the user saw. */
  seen: natural,
  /** Since the call. */
  waitedSeconds: natural
})
export type PushedOperation = v.InferOutput<typeof pushedOperation>

/**
 * A message of a type other than `types` becomes `unknown`, with its type as `what`. A client skips
 * it, and a server answers with this same message.
 */
export const unknownMessage = (...types: readonly string[]) =>
  [
    v.object({ type: oneOf('unknown'), what: word }),
    v.pipe(
      where(v.object({ type: word }), ({ type }) => type !== 'unknown' && !types.includes(type)),
      v.transform(({ type }) => ({ type: 'unknown' as const, what: type }))
    )
  ] as const

export function parse<T>(schema: v.GenericSchema<unknown, T>, frame: string): T | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(frame), { abortEarly: true })
    return parsed.success ? parsed.output : undefined
  } catch {
    // Expected: the frame is not JSON.
    return undefined
  }
}
