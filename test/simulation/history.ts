/** All commits of the server by position, as the truth for every check. One per epoch. */

import { isEntries, type GroupWrites, type LogEntry } from '../../src/server/database/port.ts'
import type {
  EntriesRow,
  EntriesTable,
  GroupRow,
  MarksRow,
  MemberRow,
  SettingsRow
} from '../../src/kernel/model.ts'
import type { Verdict } from '../../src/kernel/verdict.ts'
import { judgeWrites, type Applications } from './oracle.ts'

export type Moment = {
  readonly seq: number
  readonly row: GroupRow | null
  readonly members: ReadonlyMap<string, MemberRow>
  readonly settings: ReadonlyMap<string, SettingsRow>
  /** Attributes and counters. */
  readonly entries: ReadonlyMap<EntriesTable, EntriesRow>
  readonly marks: MarksRow['marks']
}
/** Groups that a user follows, with the membership. */
export type Followed = ReadonlyMap<string, number>

export type History = {
  readonly epoch: string
  readonly groups: Map<string, { last: Moment; readonly moments: Map<number, Moment> }>
  /** By user: the head of the feed, and the followed groups at each of its positions. */
  readonly feeds: Map<
    string,
    { head: number; followed: Followed; readonly followedAt: Map<number, Followed> }
  >
  /** Positions in logs, by operation. */
  readonly applied: Map<string, LogEntry>
  readonly verdicts: Map<string, Verdict>
  /** The verdicts that clients received. */
  readonly sentVerdicts: Map<string, Verdict>
  /** By group and tab: the number of the operation judged last. */
  readonly lanes: Map<string, number>
  readonly applications: Applications
}

export const emptyHistory = (epoch: string): History => ({
  epoch,
  groups: new Map(),
  feeds: new Map(),
  applied: new Map(),
  verdicts: new Map(),
  sentVerdicts: new Map(),
  lanes: new Map(),
  applications: new Map()
})

/** A copy of the history, for restored data under another epoch. */
export const branch = (history: History, epoch: string): History => ({
  epoch,
  groups: new Map(
    [...history.groups].map(([id, { last, moments }]) => [id, { last, moments: new Map(moments) }])
  ),
  feeds: new Map(
    [...history.feeds].map(([id, { head, followed, followedAt }]) => [
      id,
      { head, followed, followedAt: new Map(followedAt) }
    ])
  ),
  applied: new Map(history.applied),
  verdicts: new Map(history.verdicts),
  sentVerdicts: new Map([...history.sentVerdicts].filter(([key]) => history.verdicts.has(key))),
  lanes: new Map(history.lanes),
  applications: new Map(history.applications)
})

const nothing: Moment = {
  seq: 0,
  row: null,
  members: new Map(),
  settings: new Map(),
  entries: new Map(),
  marks: []
}
const nobody: Followed = new Map()

export const momentOf = (history: History, groupID: string, seq: number): Moment | undefined =>
  history.groups.get(groupID)?.moments.get(seq)
export const latest = (history: History, groupID: string): Moment =>
  history.groups.get(groupID)?.last ?? nothing
export const followedBy = (history: History, userID: string): Followed =>
  history.feeds.get(userID)?.followed ?? nobody
export const followedAt = (history: History, userID: string, feed: number): Followed | undefined =>
  feed === 0 ? nobody : history.feeds.get(userID)?.followedAt.get(feed)

/** Adds a transaction. Returns its violations. */
export function record(
  history: History,
  { groupID, state, ...writes }: GroupWrites,
  { tails, isInOrder }: { tails: ReadonlyMap<string, number>; isInOrder(userID: string): boolean }
): string[] {
  const group = history.groups.get(groupID) ?? { last: nothing, moments: new Map<number, Moment>() }
  history.groups.set(groupID, group)
  const wrong = [...judgeWrites(group.last, history.applications, { groupID, state, ...writes })]
  let seq = group.last.seq
  for (const entry of writes.log) {
    if (entry.seq !== ++seq) wrong.push(`${groupID}: position ${entry.seq} follows ${seq - 1}`)
    // User, group and ID identify an operation.
    const own = `${entry.actor}/${groupID}/${entry.opID}`
    if (history.applied.has(own)) wrong.push(`${own} takes effect again`)
    history.applied.set(own, entry)
  }
  if (seq !== state.seq)
    wrong.push(`${groupID}: the log ends at ${seq}, the group stands at ${state.seq}`)
  if (writes.log.length > 0) {
    group.last = next(group.last, { groupID, state, ...writes })
    group.moments.set(state.seq, group.last)
    const { row, members, marks } = group.last
    if (marks.some(({ userIDList }) => userIDList.some(userID => !members.has(userID))))
      wrong.push(`${groupID}: a user outside has a mark`)
    if (row && row.type !== 'AVChatRoom' && row.memberNum !== members.size)
      wrong.push(`${groupID}: memberNum ${row.memberNum} of ${members.size} members`)
    const owners = [...members.values()].filter(({ role }) => role === 'Owner')
    if (owners.length > 1 || owners.some(({ userID }) => userID !== row?.ownerID))
      wrong.push(`${groupID}: owners do not agree`)
  }
  follow(history, groupID, writes.memberships, tails)
  for (const { userID, verdict } of writes.verdicts) {
    const name = `${userID}/${verdict.opID}`
    if (history.verdicts.has(name)) wrong.push(`${verdict.opID} is judged again`)
    history.verdicts.set(name, verdict)
    // The ID contains the tab's name and a number.
    const [tab = '', number = ''] = verdict.opID.replace(/_+$/, '').split('-')
    const lane = `${groupID} ${userID} ${tab}`
    if (isInOrder(userID) && Number(number) < (history.lanes.get(lane) ?? 0))
      wrong.push(`${verdict.opID} is judged after what came later`)
    history.lanes.set(lane, Number(number))
  }
  return wrong
}

function next(last: Moment, { state, members, dissolved, others }: GroupWrites): Moment {
  const rows = new Map(dissolved ? [] : last.members)
  for (const { userID, row } of members) {
    if (row) rows.set(userID, row)
    else rows.delete(userID)
  }
  const settings = new Map(dissolved ? [] : last.settings)
  const entries = new Map(dissolved ? [] : last.entries)
  let marks = dissolved ? [] : last.marks
  for (const other of others) {
    if (other.table === 'settings') settings.set(other.id, other.row)
    if (other.table === 'marks') ({ marks } = other.row)
    if (isEntries(other)) entries.set(other.table, other.row)
  }
  return { seq: state.seq, row: state.row, members: rows, settings, entries, marks }
}

function follow(
  history: History,
  groupID: string,
  memberships: GroupWrites['memberships'],
  tails: ReadonlyMap<string, number>
): void {
  for (const [userID, head] of tails) {
    const feed = history.feeds.get(userID) ?? {
      head: 0,
      followed: nobody,
      followedAt: new Map<number, Followed>()
    }
    history.feeds.set(userID, feed)
    const changed = memberships.find(membership => membership.userID === userID)
    if (changed) {
      const followed = new Map(feed.followed)
      if (changed.follows) followed.set(groupID, changed.membershipEpoch)
      else followed.delete(groupID)
      feed.followed = followed
    }
    feed.head = head
    feed.followedAt.set(head, feed.followed)
  }
}
