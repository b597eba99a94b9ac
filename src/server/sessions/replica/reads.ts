/**
 * Reads bring the client up to date. A read is one statement and sees one moment. If it shows that
 * more has to be read, another one follows: a group that the user has just joined, or one with so
 * many changes that it is sent whole.
 */

import type { Database, GroupRequest, Identity, Reader, SyncRows } from '../../database/port.ts'
import { applyHeld } from './announcements.ts'
import { behind, isDrifted, type GroupCheck } from './drift.ts'
import { feedDelta, recentEventsMax } from './feed-delta.ts'
import { groupDelta, groupMax, membersSentWholeMax } from './group-delta.ts'
import { partMax } from './outgoing.ts'
import type { GroupPosition } from './positions.ts'
import { applyFeed, applyGroup, nothingUnread, type ReplicaState } from './state.ts'
import { addStored, unansweredIDs } from './unanswered.ts'

export type Snapshots = Pick<Database, 'snapshot'>

export type Goal = {
  /** Groups that are sent without members. The client requests those. */
  readonly listed?: readonly string[]
  /** Reads every change that the database has, not only those that are known to be unread. */
  readonly ping?: { readonly check: GroupCheck | undefined }
}

/** Reads the unread changes. */
export const refresh = (
  state: ReplicaState,
  database: Snapshots,
  goal: Goal = {}
): Promise<Identity> =>
  whileReading(state, due => {
    const one = { isOneStatement: true }
    return advance(state, { ...goal, due }, request =>
      database.snapshot(reader => reader.sync(state.userID, request), one)
    )
  })

/** Reads the unread changes, and answers a query in the same transaction. */
export const read = <T>(
  state: ReplicaState,
  database: Snapshots,
  query: (reader: Reader) => Promise<T>,
  listed: readonly string[] = []
): Promise<T> =>
  whileReading(state, due =>
    database.snapshot(async reader => {
      await advance(state, { due, listed }, request => reader.sync(state.userID, request))
      return query(reader)
    })
  )

async function whileReading<T>(
  state: ReplicaState,
  work: (due: ReadonlySet<string>) => Promise<T>
): Promise<T> {
  // The transaction may be older than changes that become unread from here on.
  const due = state.unread.groups
  state.unread = nothingUnread()
  state.deferred = new Set()
  state.reads++
  state.isReading = true
  try {
    return await work(due)
  } finally {
    if (state.hasCaughtUp) applyHeld(state)
  }
}

type Sync = (request: Parameters<Reader['sync']>[1]) => Promise<SyncRows>
/** `isCertain`: read even if the delta is full. `isWhole`: read from the beginning. */
type Wanted = {
  readonly membersMax: number
  readonly isCertain: boolean
  readonly isWhole: boolean
}
const wanted: Wanted = { membersMax: membersSentWholeMax, isCertain: false, isWhole: false }
type Asked = Wanted & { readonly position: GroupPosition }

async function advance(
  state: ReplicaState,
  { due, listed = [], ping }: Goal & { readonly due: ReadonlySet<string> },
  sync: Sync
): Promise<Identity> {
  const { positions, deferred, unread } = state
  const first = new Map<string, Wanted>()
  for (const groupID of due) {
    if (first.size < partMax.groups) first.set(groupID, wanted)
    else deferred.add(groupID)
  }
  for (const groupID of listed) first.set(groupID, { ...wanted, membersMax: 0, isCertain: true })

  let groups: ReadonlyMap<string, Wanted> = first
  for (let isFirst = true; ; isFirst = false) {
    const asked = askedOf(state, groups)
    const check = isFirst ? ping?.check : undefined
    const rows = await sync({
      feed: positions.feed,
      isFollowedRead: isFirst && ping !== undefined,
      groups: [...requestsOf(asked), ...(check ? checkRequest(state, check, asked) : [])],
      max: { ...groupMax, events: recentEventsMax },
      opIDs: unansweredIDs(state)
    })
    const next = apply(state, rows, asked)
    if (isFirst && ping)
      for (const groupID of behind(state, rows.followed))
        next.set(groupID, {
          ...wanted,
          isCertain: true,
          isWhole: next.get(groupID)?.isWhole ?? false
        })
    const checked = check && rows.groups.find(({ groupID }) => groupID === check.groupID)
    if (check && checked && isDrifted(state, check, checked.state))
      next.set(check.groupID, { ...wanted, isCertain: true, isWhole: true })
    if (next.size === 0) {
      for (const groupID of deferred) unread.groups.add(groupID)
      return rows.identity
    }
    groups = next
  }
}

function askedOf(
  { positions }: ReplicaState,
  groups: ReadonlyMap<string, Wanted>
): ReadonlyMap<string, Asked> {
  const asked = new Map<string, Asked>()
  for (const [groupID, each] of groups) {
    const position = positions.groups.get(groupID)
    if (position) asked.set(groupID, { ...each, position })
  }
  return asked
}

const requestsOf = (asked: ReadonlyMap<string, Asked>): GroupRequest[] =>
  [...asked].map(
    ([
      groupID,
      {
        position: { seq, since },
        membersMax,
        isWhole
      }
    ]) => ({
      groupID,
      from: isWhole ? 0 : seq,
      since,
      membersMax
    })
  )

/** Only the digest of this group is needed, if no changes of it are read. */
function checkRequest(
  { positions }: ReplicaState,
  { groupID }: GroupCheck,
  asked: ReadonlyMap<string, Asked>
): GroupRequest[] {
  const position = positions.groups.get(groupID)
  return position && !asked.has(groupID)
    ? [{ groupID, from: position.upTo, since: position.since, membersMax: 0 }]
    : []
}

/** Returns the groups that have to be read next. */
function apply(
  state: ReplicaState,
  rows: SyncRows,
  asked: ReadonlyMap<string, Asked>
): Map<string, Wanted> {
  const { userID, positions, outgoing, deferred, now } = state
  const next = new Map<string, Wanted>()
  // The feed precedes the groups: after leaving, a user must not learn of later changes.
  if (rows.feed.head > positions.feed) {
    const joined = new Set<string>()
    applyFeed(state, feedDelta(rows, positions.feed, now()), joined)
    for (const groupID of joined) next.set(groupID, wanted)
  }
  for (const group of rows.groups) {
    const { groupID } = group
    const own = asked.get(groupID)
    // The feed may have ended the membership, or begun another one.
    if (!own || positions.groups.get(groupID) !== own.position) continue
    const { position, isCertain, isWhole } = own
    if (outgoing.isFull() && !isCertain) {
      deferred.add(groupID)
      continue
    }
    const held = { userID, ...position, seq: isWhole ? 0 : position.seq }
    const delta = groupDelta(group, held)
    if (delta === 'isTooLong') next.set(groupID, { ...own, isWhole: true })
    else applyGroup(state, position, delta)
  }
  addStored(state, rows.verdicts)
  return next
}
