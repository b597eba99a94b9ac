/** What brings a client from a position to the present, by the database or by an announcement. */

import { settingsKey, type GroupRow, type MemberRow } from '../src/kernel/model.ts'
import type { FeedDelta, FeedEvent, GroupDelta } from '../src/sync/messages.ts'
import type { Announcement } from './batch.ts'
import type { Reader } from './port.ts'

/** A new group of at most so many members is sent whole; of a larger one the client fetches the members page by page. */
export const membersSentWholeMax = 500
/** How many tips of a group, and notices of a user, somebody who was away is told. */
const toldAfterwardsMax = 100
const noticesKeptSeconds = 7 * 86_400

export type Stand = {
  readonly feed: number
  readonly groups: ReadonlyMap<string, { readonly mep: number; readonly seq: number }>
}
export const nowhere: Stand = { feed: 0, groups: new Map() }
/** Whose client it is, in which membership, and where it stands in the group's log. */
type Held = { readonly userID: string; readonly mep: number; readonly seq: number }
type Followed = Awaited<ReturnType<Reader['followed']>>

/** A group behind a position; whole where the client has nothing, or where that is shorter. `undefined`: nothing new. */
export async function groupSince(
  reader: Reader,
  { userID, groupID, mep, since, seq: held }: Held & { readonly groupID: string; readonly since: number },
  membersMax: number
): Promise<GroupDelta | undefined> {
  const { row, seq, floor } = await reader.group(groupID)
  // No row: dismissed; the feed says so.
  if (!row || held >= seq) return undefined
  const changed = held > 0 && held >= floor ? await reader.changedSince(groupID, held) : undefined
  // What is longer than the whole is not worth telling.
  const isDelta = changed && changed.members.length + changed.gone.length <= Math.max(row.memberNum, 1)
  const from = isDelta ? held : 0
  const { members, gone, complete } = isDelta
    ? { ...changed, complete: false }
    : await wholeGroup(reader, row, userID, membersMax)
  const tips = await reader.tipsSince(groupID, Math.max(from, since - 1), toldAfterwardsMax)
  const own = (await reader.others(groupID, [settingsKey({ groupID, userID })])).find(({ rv }) => rv > from)
  return {
    groupID,
    mep,
    from,
    to: seq,
    group: row,
    members: visibleMembers(row, members, userID),
    gone: visibleGone(row, gone, userID),
    complete: complete && row.type !== 'AVChatRoom',
    tips,
    ...(own?.table === 'settings' && { settings: own.row })
  }
}

/** What an announcement says to a client that stands where it begins. `undefined`: it concerns others only. */
export function announcedDelta(announcement: Announcement, { userID, mep, seq }: Held): GroupDelta | undefined {
  const { groupID, from, to, group, isRowChanged, tips, settings } = announcement
  const own = settings.get(userID)
  const members = visibleMembers(group, announcement.members, userID)
  const gone = visibleGone(group, announcement.gone, userID)
  if (!group || (!isRowChanged && !own && members.length + gone.length + tips.length === 0)) return undefined
  return {
    groupID,
    mep,
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

async function wholeGroup(
  reader: Reader,
  { groupID, memberNum, ownerID }: GroupRow,
  userID: string,
  membersMax: number
): Promise<{ members: MemberRow[]; gone: string[]; complete: boolean }> {
  if (memberNum <= membersMax) return { members: await reader.membersAfter(groupID, '', membersMax), gone: [], complete: true }
  const known = await reader.members(groupID, [...new Set([userID, ownerID])].filter(Boolean))
  return { members: known.flatMap(member => member.row ?? []), gone: [], complete: false }
}

/** Of the people in an audio-video chat room, nobody is told but oneself. */
function visibleMembers(group: GroupRow | null, members: readonly MemberRow[], userID: string): MemberRow[] {
  return group?.type === 'AVChatRoom' ? members.filter(member => member.userID === userID) : [...members]
}
function visibleGone(group: GroupRow | null, gone: readonly string[], userID: string): string[] {
  return group?.type === 'AVChatRoom' ? gone.filter(each => each === userID) : [...gone]
}

/** The feed behind a position; from the beginning on where there is no position, or history no longer reaches back to it. */
export async function feedSince(
  reader: Reader,
  { userID, from, followed, now }: { userID: string; from: number; followed: Followed; now: number }
): Promise<FeedDelta> {
  const { head, floor } = await reader.feed(userID)
  if (from > 0 && from >= floor && from <= head) return { from, to: head, events: await reader.feedSince(userID, from) }
  // Who has nothing needs no history: only the groups that are, and what of the notices is recent.
  const recent = await reader.feedSince(userID, Math.max(0, head - 2 * toldAfterwardsMax))
  const kept = recent.filter(
    event => event.kind === 'handled' || (event.kind === 'notice' && event.time > now / 1000 - noticesKeptSeconds)
  )
  const joined = followed.map(({ groupID, mep, since }): FeedEvent => ({ kind: 'joined', fseq: head, groupID, mep, since }))
  return { from: 0, to: head, events: [...joined, ...kept.slice(-toldAfterwardsMax)] }
}

/** Whether a client can stand where it says: in no future, and with every group that its feed has told of. */
export async function canStand(reader: Reader, userID: string, { feed: from, groups: held }: Stand): Promise<boolean> {
  const { head, floor } = await reader.feed(userID)
  if (from > head) return false
  const isTold = from > 0 && from >= floor
  const told = new Set(
    isTold ? (await reader.feedSince(userID, from)).flatMap(event => ('groupID' in event ? event.groupID : [])) : []
  )
  return (await reader.followed(userID)).every(({ groupID, mep, seq }) => {
    const position = held.get(groupID)
    if (!position) return !isTold || told.has(groupID)
    return position.mep < mep || (position.mep === mep && position.seq <= seq)
  })
}
