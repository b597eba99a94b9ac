/** Cuts what a client is to be told into frames that a slow link brings within seconds. */

import type { MemberRow } from '../src/kernel/model.ts'
import { must } from '../src/kernel/must.ts'
import { serverFrame, type DeltaMessage, type FeedDelta, type GroupDelta, type MembersMessage } from '../src/sync/messages.ts'

/** A client gives up after 10 s without a frame: at 10 KB/s so many bytes come in time. */
const frameBytesTarget = 65_536

type Part = { readonly feed?: FeedDelta; readonly groups: GroupDelta[] }

/** A delta in one frame or several: the feed comes first, then the groups, and verdicts after the rows they speak of. */
export function deltaFrames({ feed, groups, verdicts, retry, caughtUp, ...rest }: DeltaMessage): string[] {
  const parts = cut(feed ? cutFeed(feed) : [], groups)
  return parts.map((part, index) => {
    const isLast = index === parts.length - 1
    const end = isLast ? { verdicts, retry, caughtUp } : { verdicts: [], retry: [], caughtUp: false }
    return serverFrame({ ...rest, ...part, ...end })
  })
}

/** Each part of the feed gets a frame. Groups fill the last of these frames, then further ones. */
function cut(feeds: readonly FeedDelta[], groups: readonly GroupDelta[]): Part[] {
  const parts: Part[] = feeds.length > 0 ? feeds.map(feed => ({ feed, groups: [] })) : [{ groups: [] }]
  let room = frameBytesTarget - bytesOf(feeds.at(-1))
  for (const group of groups) {
    const bytes = bytesOf(group)
    if (bytes > room && room < frameBytesTarget) {
      parts.push({ groups: [] })
      room = frameBytesTarget
    }
    parts.at(-1)?.groups.push(group)
    room -= bytes
  }
  return parts
}

/** Consecutive parts. A feed from the beginning stays whole: its events share one position. */
function cutFeed({ from, to, events }: FeedDelta): FeedDelta[] {
  const parts: FeedDelta[] = [{ from, to, events: [] }]
  let bytes = 0
  for (const event of events) {
    const part = must(parts.at(-1))
    bytes += bytesOf(event)
    if (from > 0 && bytes > frameBytesTarget && part.events.length > 0) {
      part.to = event.fseq - 1
      parts.push({ from: part.to, to, events: [event] })
      bytes = bytesOf(event)
    } else part.events.push(event)
  }
  return parts
}

const bytesOf = (value: object | undefined): number => (value ? Buffer.byteLength(JSON.stringify(value)) : 0)

/** A page of members in one frame: where that is long, the page ends earlier. */
export function membersFrame(message: Omit<MembersMessage, 'members'> & { readonly members: readonly MemberRow[] }): string {
  const frame = serverFrame({ ...message, members: [...message.members] })
  const { length } = message.members
  const bytes = Buffer.byteLength(frame)
  if (bytes <= frameBytesTarget || length < 2) return frame
  const members = message.members.slice(0, Math.max(1, Math.floor((length * frameBytesTarget) / bytes)))
  return membersFrame({ ...message, members, next: members.at(-1)?.userID ?? null })
}
