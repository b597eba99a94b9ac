/** A delta that brings a client from its position in a group to the present. */

import type { GroupDelta } from '../../../protocol/server-messages.ts'
import type { Announcement } from '../../authority/announcement.ts'
import type { GroupRows } from '../../database/port.ts'
import { bytesOf } from '../json.ts'

/** A new group with at most this many members is sent whole if it fits into one frame. */
export const membersSentWholeMax = 500
/** A client that was away receives the last tips of a group, at most this many. */
const tipsMax = 100
/** Rows and tips of one delta. The group's own row still fits into the frame. */
export const partBytesMax = 49_152

/** The user, the membership, and the client's position in the group's log. */
type Held = { readonly userID: string; readonly membershipEpoch: number; readonly seq: number }

/** JSON of a removed member has more bytes than this. More changes are longer than a frame. */
const changeBytesMin = 37
/** How much a read of a group may need. One change more than fits shows that they do not fit. */
export const groupMax = { tips: tipsMax, changed: Math.ceil(partBytesMax / changeBytesMin) }

/**
 * The changes since the position, or the whole group if history is missing. `isTooLong`: the whole
 * group is shorter, so it has to be read.
 */
export function groupDelta(
  { groupID, state: { row, seq }, changed, others, tips: allTips, known, members }: GroupRows,
  { userID, membershipEpoch, seq: held }: Held
): GroupDelta | 'isTooLong' | undefined {
  // No row: the group is dismissed. The feed has an event for that.
  if (!row || held >= seq) return undefined
  const from = changed ? held : 0
  const changedOthers = others.filter(({ revision }) => revision > from)
  const bytesMax = partBytesMax - bytesOf(changedOthers)
  const changedBytes = bytesOf(changed ?? [])
  // If the delta is longer than the group or a frame, the whole group is cheaper: its members are
  // sent in pages.
  if (changed && (changed.length > Math.max(row.memberNum, 1) || changedBytes > bytesMax))
    return 'isTooLong'
  const tips = lastOf(allTips, bytesMax - changedBytes)
  const delta = {
    ...{ groupID, membershipEpoch, from, to: seq, group: row, tips },
    ...Object.fromEntries(changedOthers.map(({ table, row }) => [table, row]))
  }
  if (changed) {
    const rows = changed.flatMap(each => each.row ?? [])
    const gone = changed.flatMap(each => (each.row ? [] : each.userID))
    return { ...delta, members: rows, gone, complete: false }
  }
  // All members if they are few. Otherwise the client fetches them page by page.
  const isComplete = members !== null && bytesOf(members) <= bytesMax - bytesOf(tips)
  const isRoom = row.type === 'AVChatRoom'
  // In an audio-video chat room, users see only themselves.
  const visible = (isComplete ? members : known).filter(each => !isRoom || each.userID === userID)
  return { ...delta, members: visible, gone: [], complete: isComplete && !isRoom }
}

/** The last items, as many as fit into the limit together. */
function lastOf<T extends object>(list: readonly T[], bytesMax: number): T[] {
  let bytes = 0
  const tooMany = list.findLastIndex(each => (bytes += bytesOf(each)) > bytesMax)
  return list.slice(tooMany + 1)
}

/** An announcement as a delta for a client at its beginning. `undefined`: it concerns others. */
export function announcedDelta(
  announcement: Announcement,
  { userID, membershipEpoch, seq }: Held
): GroupDelta | undefined {
  const { groupID, from, to, group, isRowChanged, tips, settings, entries } = announcement
  const own = settings.get(userID)
  if (!group) return undefined
  // The lists stay the same objects where all users see the same, so they are serialised once.
  const { members, gone } =
    group.type === 'AVChatRoom' ? ownChanges(announcement, userID) : announcement
  const count = members.length + gone.length + tips.length + Object.keys(entries).length
  if (!isRowChanged && !own && count === 0) return undefined
  return {
    groupID,
    membershipEpoch,
    from: Math.min(from, seq),
    to,
    group,
    members,
    gone,
    complete: false,
    tips,
    ...(own && { settings: own }),
    ...entries
  }
}

const ownChanges = ({ members, gone }: Announcement, userID: string) => ({
  members: members.filter(member => member.userID === userID),
  gone: gone.filter(each => each === userID)
})
