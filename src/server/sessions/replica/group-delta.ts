/** A delta that brings a client from its position in a group to the present. */

import { entriesKey, settingsKey, type GroupRow, type MemberRow } from '../../../kernel/model.ts'
import type { GroupDelta } from '../../../protocol/server-messages.ts'
import type { Announcement } from '../../authority/announcement.ts'
import type { Reader } from '../../database/port.ts'
import { bytesOf } from '../json.ts'

/** A new group with at most this many members is sent whole if it fits into one frame. */
export const membersSentWholeMax = 500
/** A client that was away receives the last tips of a group, at most this many. */
const tipsMax = 100
/** Rows and tips of one delta. The group's own row still fits into the frame. */
export const partBytesMax = 49_152

/** The user, the membership, and the client's position in the group's log. */
type Held = { readonly userID: string; readonly membershipEpoch: number; readonly seq: number }

/** The changes since the position, or the whole group if that is shorter or history is missing. */
export async function readGroupDelta(
  reader: Reader,
  {
    userID,
    groupID,
    membershipEpoch,
    since,
    seq: held
  }: Held & { readonly groupID: string; readonly since: number },
  membersMax: number
): Promise<GroupDelta | undefined> {
  const { row, seq, floor } = await reader.group(groupID)
  // No row: the group is dismissed. The feed has an event for that.
  if (!row || held >= seq) return undefined
  const changed = held > 0 && held >= floor ? await reader.changedSince(groupID, held) : undefined
  const visible = changed?.filter(({ userID: id }) => isVisible(row, id, userID))
  const others = await reader.others(groupID, [
    settingsKey({ groupID, userID }),
    entriesKey('attributes', groupID),
    entriesKey('counters', groupID)
  ])
  const othersSince = (from: number) => others.filter(({ revision }) => revision > from)
  const roomBeside = (from: number) => partBytesMax - bytesOf(othersSince(from))
  // If the delta is longer than the group or a frame, the whole group is cheaper: its members are
  // sent in pages.
  const isDelta =
    visible && visible.length <= Math.max(row.memberNum, 1) && bytesOf(visible) <= roomBeside(held)
  const from = isDelta ? held : 0
  const bytesMax = roomBeside(from)
  const allTips = await reader.tipsSince(groupID, Math.max(from, since - 1), tipsMax)
  const tips = lastOf(allTips, bytesMax - (isDelta ? bytesOf(visible) : 0))
  const delta = {
    ...{ groupID, membershipEpoch, from, to: seq, group: row, tips },
    ...Object.fromEntries(othersSince(from).map(({ table, row }) => [table, row]))
  }
  if (isDelta) {
    const members = visible.flatMap(each => each.row ?? [])
    const gone = visible.flatMap(each => (each.row ? [] : each.userID))
    return { ...delta, members, gone, complete: false }
  }
  const whole = await wholeGroup(reader, row, {
    userID,
    membersMax,
    bytesMax: bytesMax - bytesOf(tips)
  })
  const members = whole.members.filter(({ userID: id }) => isVisible(row, id, userID))
  return { ...delta, members, gone: [], complete: whole.complete && row.type !== 'AVChatRoom' }
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

/** All members if they are few. Otherwise the client fetches them page by page. */
async function wholeGroup(
  reader: Reader,
  { groupID, memberNum, ownerID }: GroupRow,
  { userID, membersMax, bytesMax }: { userID: string; membersMax: number; bytesMax: number }
): Promise<{ members: MemberRow[]; complete: boolean }> {
  if (memberNum <= membersMax) {
    const members = await reader.membersAfter(groupID, '', membersMax)
    if (bytesOf(members) <= bytesMax) return { members, complete: true }
  }
  const known = await reader.members(groupID, [...new Set([userID, ownerID])].filter(Boolean))
  return { members: known.flatMap(member => member.row ?? []), complete: false }
}

/** In an audio-video chat room, users see only themselves. */
const isVisible = ({ type }: GroupRow, memberID: string, userID: string): boolean =>
  type !== 'AVChatRoom' || memberID === userID
