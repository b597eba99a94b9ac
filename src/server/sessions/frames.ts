/** Cuts deltas and pages into frames that arrive within seconds over a slow link. */

import type { MemberRow } from '../../kernel/model.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import {
  serverFrame,
  type DeltaMessage,
  type FeedDelta,
  type GroupDelta,
  type ServerMessage
} from '../../protocol/server-messages.ts'
import { bytesOf, groupJson } from './json.ts'

/** A client gives up after 10 s without a frame. At 10 KB/s this many bytes arrive in time. */
const frameBytesTarget = 65_536
/** A frame may be longer by this for the verdicts of its rows. It still arrives in time. */
const ownVerdictBytes = 32_768

/** `texts`: the groups as JSON. `room`: the bytes that still fit. */
type Part = {
  readonly feed?: FeedDelta
  readonly groups: GroupDelta[]
  readonly texts: string[]
  readonly verdicts: Verdict[]
  room: number
}

const emptyPart = (feed?: FeedDelta): Part => ({
  ...(feed && { feed }),
  groups: [],
  texts: [],
  verdicts: [],
  room: frameBytesTarget - bytesOf(feed)
})

/**
 * The feed comes first, then the groups. A verdict is in the frame with its rows or in one before
 * it: a client must not show an effect together with its prediction.
 */
export function deltaFrames({
  feed,
  groups,
  verdicts,
  retry,
  caughtUp,
  ...rest
}: DeltaMessage): string[] {
  const parts = withVerdicts(cut(feed, groups), verdicts)
  const last = parts.length - 1
  return parts.map(({ groups: _groups, room: _room, texts, ...part }, index) => {
    const end = index === last ? { retry, caughtUp } : { retry: [], caughtUp: false }
    const others: Omit<DeltaMessage, 'groups'> = { ...rest, ...part, ...end }
    return `${JSON.stringify(others).slice(0, -1)},"groups":[${texts.join()}]}`
  })
}

/** The feed stays whole: the server never had a position within one commit. */
function cut(feed: FeedDelta | undefined, groups: readonly GroupDelta[]): [Part, ...Part[]] {
  let part = emptyPart(feed)
  const parts: [Part, ...Part[]] = [part]
  for (const group of groups) {
    const text = groupJson(group)
    const bytes = Buffer.byteLength(text)
    if (bytes > part.room && part.room < frameBytesTarget) parts.push((part = emptyPart()))
    part.groups.push(group)
    part.texts.push(text)
    part.room -= bytes
  }
  return parts
}

/**
 * Adds each verdict to the part with its rows. If a part has no room for all of them, the first ones
 * precede the groups in parts of their own: the client keeps such an operation until its rows
 * arrive. The feed precedes them, because a client settles an operation of an unknown group at once.
 * Verdicts stay with their rows if they can: the loss of a frame without rows is not noticed.
 */
function withVerdicts(parts: [Part, ...Part[]], verdicts: readonly Verdict[]): Part[] {
  const early: Verdict[] = []
  for (const verdict of [...verdicts].reverse()) {
    const own = parts.find(each => hasRowsOf(each, verdict))
    const part = own ?? parts.at(-1) ?? parts[0]
    part.room -= bytesOf(verdict)
    if (part.room < (own ? -ownVerdictBytes : 0)) early.unshift(verdict)
    else part.verdicts.unshift(verdict)
  }
  if (early.length === 0) return parts
  const [{ feed, ...first }, ...others] = parts
  return [...(feed ? [emptyPart(feed)] : []), ...verdictParts(early), first, ...others]
}

const hasRowsOf = ({ groups }: Part, verdict: Verdict): boolean =>
  verdict.kind !== 'rejected' &&
  groups.some(({ groupID, to }) => groupID === verdict.groupID && to >= verdict.seq)

function verdictParts(verdicts: readonly Verdict[]): Part[] {
  let part = emptyPart()
  const parts = [part]
  for (const verdict of verdicts) {
    const bytes = bytesOf(verdict)
    if (bytes > part.room && part.room < frameBytesTarget) parts.push((part = emptyPart()))
    part.verdicts.push(verdict)
    part.room -= bytes
  }
  return parts
}

/** A page of members in one frame. If the frame is too long, the page ends earlier. */
export function pageFrame(
  rows: readonly MemberRow[],
  messageWith: (rows: MemberRow[]) => ServerMessage
): string {
  const frame = serverFrame(messageWith([...rows]))
  const bytes = Buffer.byteLength(frame)
  if (bytes <= frameBytesTarget || rows.length < 2) return frame
  const count = Math.max(1, Math.floor((rows.length * frameBytesTarget) / bytes))
  return pageFrame(rows.slice(0, count), messageWith)
}
