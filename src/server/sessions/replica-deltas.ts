/** What brings a client from a position to the present, by the database or by an announcement. */

import { settingsKey, type GroupRow, type MemberRow } from '../../kernel/model.ts'
import type { FeedDelta, FeedEvent, GroupDelta } from '../../protocol/messages.ts'
import type { Announcement } from '../authority/batch.ts'
import type { FeedState, Reader } from '../database/port.ts'

/** A new group of at most so many members is sent whole if it fits into one frame. */
export const membersSentWholeMax = 500
/** How many tips of a group, and notices of a user, somebody who was away is told. */
const toldAfterwardsMax = 100
const noticesKeptSeconds = 7 * 86_400
/** A client that is further behind receives the feed from the beginning: a stranger can fill it. */
const feedEventsMax = 150
/** Rows and tips of one delta. The group's own row still fits into the frame. */
export const partBytesMax = 49_152

export type Stand = {
  readonly feed: number
  readonly groups: ReadonlyMap<string, { readonly membershipEpoch: number; readonly seq: number }>
}
export const nowhere: Stand = { feed: 0, groups: new Map() }
/** Whose client it is, in which membership, and where it stands in the group's log. */
type Held = { readonly userID: string; readonly membershipEpoch: number; readonly seq: number }
type Followed = Awaited<ReturnType<Reader['followed']>>

/** What brings a group from a position to the present: all of it where the client has nothing, or where that is shorter. */
export async function groupSince(
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
  // No row: dismissed; the feed says so.
  if (!row || held >= seq) return undefined
  const changed = held > 0 && held >= floor ? await reader.changedSince(groupID, held) : undefined
  const visible = changed?.filter(({ userID: id }) => isVisible(row, id, userID))
  // A delta longer than the whole, or than a frame, is not worth telling: the members of the whole come in pages.
  const isDelta =
    visible && visible.length <= Math.max(row.memberNum, 1) && bytesOf(visible) <= partBytesMax
  const from = isDelta ? held : 0
  const allTips = await reader.tipsSince(groupID, Math.max(from, since - 1), toldAfterwardsMax)
  const tips = lastOf(allTips, partBytesMax - (isDelta ? bytesOf(visible) : 0))
  const own = (await reader.others(groupID, [settingsKey({ groupID, userID })])).find(
    ({ revision }) => revision > from
  )
  const settings = own?.table === 'settings' ? { settings: own.row } : {}
  const delta = { groupID, membershipEpoch, from, to: seq, group: row, tips, ...settings }
  if (isDelta) {
    const members = visible.flatMap(each => each.row ?? [])
    const gone = visible.flatMap(each => (each.row ? [] : each.userID))
    return { ...delta, members, gone, complete: false }
  }
  const whole = await wholeGroup(reader, row, {
    userID,
    membersMax,
    bytesMax: partBytesMax - bytesOf(tips)
  })
  const members = whole.members.filter(({ userID: id }) => isVisible(row, id, userID))
  return { ...delta, members, gone: [], complete: whole.complete && row.type !== 'AVChatRoom' }
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

/** The last ones that are this long together. */
function lastOf<T>(list: readonly T[], bytesMax: number): T[] {
  let bytes = 0
  const tooMany = list.findLastIndex(each => (bytes += bytesOf(each)) > bytesMax)
  return list.slice(tooMany + 1)
}

/** What an announcement says to a client that stands where it begins. `undefined`: it concerns others only. */
export function announcedDelta(
  announcement: Announcement,
  { userID, membershipEpoch, seq }: Held
): GroupDelta | undefined {
  const { groupID, from, to, group, isRowChanged, tips, settings } = announcement
  const own = settings.get(userID)
  if (!group) return undefined
  const members = announcement.members.filter(member => isVisible(group, member.userID, userID))
  const gone = announcement.gone.filter(each => isVisible(group, each, userID))
  if (!isRowChanged && !own && members.length + gone.length + tips.length === 0) return undefined
  return {
    groupID,
    membershipEpoch,
    from: Math.min(from, seq),
    to,
    group,
    members,
    gone,
    complete: false,
    tips: [...tips],
    ...(own && { settings: own })
  }
}

/** All members where they are few; otherwise the client fetches them page by page. */
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

/** Of the people in an audio-video chat room, nobody is told but oneself. */
const isVisible = ({ type }: GroupRow, memberID: string, userID: string): boolean =>
  type !== 'AVChatRoom' || memberID === userID

/** Whether what is behind a position in a feed can be told, event by event. */
const reaches = (from: number, { head, floor }: FeedState): boolean =>
  from > 0 && from >= floor && from <= head && head - from <= feedEventsMax

/** The feed behind a position; from the beginning on where there is no position, or history no longer reaches back to it. */
export async function feedSince(
  reader: Reader,
  { userID, from, followed, now }: { userID: string; from: number; followed: Followed; now: number }
): Promise<FeedDelta> {
  const { head, floor } = await reader.feed(userID)
  if (reaches(from, { head, floor }))
    return { from, to: head, events: await reader.feedSince(userID, from) }
  // Who has nothing needs no history: only the groups that are, and what of the notices is recent.
  const recent = await reader.feedSince(userID, Math.max(0, head - 2 * toldAfterwardsMax))
  const kept = recent.filter(
    event =>
      event.kind === 'handled' ||
      (event.kind === 'notice' && event.time > now / 1000 - noticesKeptSeconds)
  )
  const joined = followed.map(({ groupID, membershipEpoch, since }): FeedEvent => ({
    kind: 'joined',
    fseq: head,
    groupID,
    membershipEpoch,
    since
  }))
  return { from: 0, to: head, events: [...joined, ...kept.slice(-toldAfterwardsMax)] }
}

/**
 * Whether a client can stand where it says: in no future, above the floor of its feed, and with every group that its feed
 * has told of. Below the floor, the end of a membership may be forgotten, and its number given to a later one.
 */
export async function canStand(
  reader: Reader,
  userID: string,
  { feed: from, groups: held }: Stand
): Promise<boolean> {
  const { head, floor } = await reader.feed(userID)
  if (from > head || from < floor) return false
  const isTold = reaches(from, { head, floor })
  const told = new Set(
    isTold
      ? (await reader.feedSince(userID, from)).flatMap(event =>
          'groupID' in event ? event.groupID : []
        )
      : []
  )
  return (await reader.followed(userID)).every(({ groupID, membershipEpoch, seq }) => {
    const position = held.get(groupID)
    if (!position) return !isTold || told.has(groupID)
    return (
      position.membershipEpoch < membershipEpoch ||
      (position.membershipEpoch === membershipEpoch && position.seq <= seq)
    )
  })
}
