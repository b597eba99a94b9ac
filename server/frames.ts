/** Cuts what a client is to be told into frames that a slow link brings within seconds. */

import type { MemberRow } from '../src/kernel/model.ts'
import { serverFrame, type DeltaMessage, type GroupDelta, type MembersMessage } from '../src/sync/messages.ts'

/** A client gives up after 10 s without a frame: at 10 KB/s this many characters come in time. */
const frameLengthTarget = 65_536

/** A delta in one frame or several: the feed comes first, then the groups, and verdicts after the rows they speak of. */
export function deltaFrames(delta: DeltaMessage): string[] {
  const parts = cutGroups(delta)
  return parts.map((groups, index) => {
    const isLast = index === parts.length - 1
    const { feed, verdicts, retry, caughtUp, ...rest } = delta
    return serverFrame({
      ...rest,
      ...(feed && index === 0 && { feed }),
      groups,
      verdicts: isLast ? verdicts : [],
      retry: isLast ? retry : [],
      caughtUp: isLast && caughtUp
    })
  })
}

function cutGroups({ feed, groups }: DeltaMessage): GroupDelta[][] {
  if (groups.length < 2) return [[...groups]]
  const parts: GroupDelta[][] = [[]]
  let room = frameLengthTarget - (feed ? JSON.stringify(feed).length : 0)
  for (const group of groups) {
    const { length } = JSON.stringify(group)
    if (length > room && room < frameLengthTarget) {
      parts.push([])
      room = frameLengthTarget
    }
    parts.at(-1)?.push(group)
    room -= length
  }
  return parts
}

/** A page of members in one frame: where that is long, the page ends earlier. */
export function membersFrame(message: Omit<MembersMessage, 'members'> & { readonly members: readonly MemberRow[] }): string {
  const frame = serverFrame({ ...message, members: [...message.members] })
  const { length } = message.members
  if (frame.length <= frameLengthTarget || length < 2) return frame
  const members = message.members.slice(0, Math.max(1, Math.floor((length * frameLengthTarget) / frame.length)))
  return membersFrame({ ...message, members, next: members.at(-1)?.userID ?? null })
}
