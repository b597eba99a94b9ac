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

/** `texts`: the groups as JSON. */
type Part = {
  readonly feed?: FeedDelta
  readonly groups: GroupDelta[]
  readonly texts: string[]
}

/**
 * The feed comes first, then the groups. A verdict is in the frame with its rows: a client must not
 * show an effect together with its prediction.
 */
export function deltaFrames({
  feed,
  groups,
  verdicts,
  retry,
  caughtUp,
  ...rest
}: DeltaMessage): string[] {
  const parts = cut(feed, groups)
  const last = parts.length - 1
  const places = verdicts.map(verdict => {
    const place = parts.findIndex(part => hasRowsOf(part, verdict))
    return { verdict, place: place < 0 ? last : place }
  })
  return parts.map(({ groups: _groups, texts, ...part }, index) => {
    const own = places.flatMap(({ verdict, place }) => (place === index ? verdict : []))
    const end = index === last ? { retry, caughtUp } : { retry: [], caughtUp: false }
    const others: Omit<DeltaMessage, 'groups'> = { ...rest, ...part, verdicts: own, ...end }
    return `${JSON.stringify(others).slice(0, -1)},"groups":[${texts.join()}]}`
  })
}

const hasRowsOf = ({ groups }: Part, verdict: Verdict): boolean =>
  verdict.kind !== 'rejected' &&
  groups.some(({ groupID, to }) => groupID === verdict.groupID && to >= verdict.seq)

/** The feed stays whole: the server never had a position within one commit. */
function cut(feed: FeedDelta | undefined, groups: readonly GroupDelta[]): Part[] {
  const parts: Part[] = [{ ...(feed && { feed }), groups: [], texts: [] }]
  let room = frameBytesTarget - bytesOf(feed)
  for (const group of groups) {
    const text = groupJson(group)
    const bytes = Buffer.byteLength(text)
    if (bytes > room && room < frameBytesTarget) {
      parts.push({ groups: [], texts: [] })
      room = frameBytesTarget
    }
    parts.at(-1)?.groups.push(group)
    parts.at(-1)?.texts.push(text)
    room -= bytes
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
