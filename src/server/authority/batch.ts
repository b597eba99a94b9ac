/**
 * A group in the course of one transaction: the rows that operations are judged by, as they are after those before, and
 * what has to be written and told in the end.
 */

import type { Prepared } from '../../kernel/decide.ts'
import type { Decision, View } from '../../kernel/decision.ts'
import type { Policy } from '../../kernel/limits.ts'
import type {
  Change,
  GroupRow,
  Key,
  MemberRow,
  Rows,
  SettingsRow,
  Table
} from '../../kernel/model.ts'
import { must } from '../../kernel/must.ts'
import { isTipSent, noticeTypes, type TipRow } from '../../kernel/notices.ts'
import { roleOperations, rolesGiven } from '../../kernel/role-changes.ts'
import { rowDigest } from '../../protocol/digest.ts'
import type { FeedDelta, NewFeedEvent } from '../../protocol/messages.ts'
import {
  numbered,
  type GroupState,
  type LogEntry,
  type Membership,
  type Other,
  type OtherKey,
  type NewVerdict,
  type Transaction
} from '../database/port.ts'

/** What a committed batch has changed, for everybody who follows. */
export type Announcement = {
  readonly groupID: string
  readonly from: number
  readonly to: number
  readonly group: GroupRow | null
  /** Whether the group's row is another one than at `from`. */
  readonly isRowChanged: boolean
  readonly members: readonly MemberRow[]
  readonly gone: readonly string[]
  readonly tips: readonly TipRow[]
  /** The length of rows and tips. */
  readonly bytes: number
  /** What users have set for themselves, for nobody else's eyes. */
  readonly settings: ReadonlyMap<string, SettingsRow>
  readonly feeds: ReadonlyMap<string, FeedDelta>
}

type Accepted = Extract<Decision, { kind: 'accept' }>

export type Batch = Awaited<ReturnType<typeof openBatch>>

/** The group as it stands after the operations judged so far, and what has to be written. */
export async function openBatch(
  tx: Transaction,
  {
    groupID,
    before,
    prepared,
    policy,
    now
  }: {
    groupID: string
    before: GroupState
    prepared: readonly Prepared[]
    policy: Policy
    now: number
  }
) {
  const needs = prepared.flatMap(each => each.needs(before.row))
  const wanted = new Set(needs.flatMap(({ table, id }) => (table === 'members' ? id : [])))
  const otherKeys = needs.flatMap((key): OtherKey[] => (isOther(key) ? [key] : []))
  const members = new Map(
    (await tx.members(groupID, [...wanted])).map(member => [member.userID, member])
  )
  const others = new Map(
    (await tx.others(groupID, otherKeys)).map(other => [otherName(other), other.row])
  )
  const counts = await tx.groupCounts([...new Set(prepared.flatMap(({ counted }) => counted))])
  const memberships = new Map<string, Membership>()
  let storedRoleChanges: Promise<LogEntry[]> | undefined

  let { row: group, seq, digest } = before
  let isDissolved = false
  const log: LogEntry[] = []
  const tips: TipRow[] = []
  const changed = {
    members: new Set<string>(),
    others: new Map<string, Other>(),
    memberships: new Set<string>()
  }
  const feeds = new Map<string, NewFeedEvent[]>()
  const verdicts: NewVerdict[] = []

  function get(key: Key): Rows[Table] | null {
    if (key.table === 'groups') return key.id === groupID ? group : null
    if (key.table === 'members') return members.get(key.id)?.row ?? null
    return others.get(otherName(key)) ?? null
  }
  const view: View = {
    // `get` answers with a row of the table that the key names.
    get: <T extends Table>(key: Key<T>) => get(key) as Rows[T] | null,
    groupCount: userID => counts.get(userID)
  }

  async function loadMemberships(userIDs: readonly string[]): Promise<void> {
    const missing = userIDs.filter(userID => !memberships.has(userID))
    for (const userID of missing)
      memberships.set(userID, { userID, membershipEpoch: 0, since: 0, follows: false, left: null })
    if (missing.length > 0)
      for (const membership of await tx.memberships(groupID, missing))
        memberships.set(membership.userID, membership)
  }

  async function followers(): Promise<string[]> {
    const known = (await tx.followers(groupID)).filter(
      userID => memberships.get(userID)?.follows ?? true
    )
    return [
      ...new Set([
        ...known,
        ...[...memberships.values()].flatMap(({ userID, follows }) => (follows ? userID : []))
      ])
    ]
  }

  async function admins(): Promise<string[]> {
    const users = new Set([...(await tx.admins(groupID)), ...members.keys()])
    return [...users].filter(
      userID =>
        !members.has(userID) || handlers.includes(members.get(userID)?.row?.role ?? 'Member')
    )
  }

  /** Those who may have been asked about an application made at `from`: the admins, and who has lost that role since. */
  async function askedSince(from: number): Promise<string[]> {
    const named = (await roleChanges(from)).flatMap(({ name, actor, args }) => [
      actor,
      ...rolesGiven({ name, args, actor }).map(({ userID }) => userID)
    ])
    await loadMemberships(named)
    return [
      ...new Set([...(await admins()), ...named.filter(userID => memberships.get(userID)?.follows)])
    ]
  }

  async function roleChanges(from: number): Promise<LogEntry[]> {
    storedRoleChanges ??= tx.logSince(groupID, 0, roleOperations, roleChangesMax)
    return [...(await storedRoleChanges), ...log].filter(
      ({ seq, name }) => seq > from && roleOperations.includes(name)
    )
  }

  const send = (userID: string, event: NewFeedEvent) =>
    void feeds.set(userID, [...(feeds.get(userID) ?? []), event])

  /** Compares who follows the group now with who did, and tells those for whom it has changed. */
  function follow(userID: string, { actor, at, name }: LogEntry): void {
    const membership = must(memberships.get(userID), `the membership of ${userID}`)
    const follows =
      group !== null &&
      (Boolean(members.get(userID)?.row) ||
        (group.type === 'AVChatRoom' && group.ownerID === userID))
    if (follows === membership.follows) return
    const reason =
      userID === actor && name === 'quitGroup' ? 'quit' : group ? 'kicked' : 'dismissed'
    const next: Membership = follows
      ? { userID, membershipEpoch: membership.membershipEpoch + 1, since: seq, follows, left: null }
      : { ...membership, follows, left: { reason, by: actor, at } }
    memberships.set(userID, next)
    changed.memberships.add(userID)
    counts.set(userID, (counts.get(userID) ?? 0) + (follows ? 1 : -1))
    send(
      userID,
      next.left
        ? { kind: 'left', groupID, membershipEpoch: next.membershipEpoch, ...next.left }
        : { kind: 'joined', groupID, membershipEpoch: next.membershipEpoch, since: seq }
    )
  }

  /** Makes one change; answers the users whose place in the group it may concern. */
  async function change(each: Change): Promise<string[]> {
    if (each.table === 'members') {
      digest ^= rowDigest(members.get(each.id)?.row) ^ rowDigest(each.row)
      members.set(each.id, { userID: each.id, row: each.row, revision: seq })
      changed.members.add(each.id)
      return [each.id]
    }
    if (each.table !== 'groups') {
      // Rows of these tables are put, and go with their group.
      const other = { ...each, row: must(each.row), revision: seq } as Other
      others.set(otherName(other), other.row)
      changed.others.set(otherName(other), other)
      return []
    }
    digest ^= rowDigest(group) ^ rowDigest(each.row)
    group = each.row
    // Elsewhere a place in the group is a row among its members; their changes tell.
    if (group) return group.type === 'AVChatRoom' ? [group.ownerID] : []
    isDissolved = true
    digest = 0
    for (const userID of members.keys()) members.set(userID, { userID, row: null, revision: seq })
    others.clear()
    changed.members.clear()
    changed.others.clear()
    return [...(await tx.followers(groupID)), ...memberships.keys()]
  }

  /** Tells who is to be told: members of the group as it was, of the decision, and of applications that were decided. */
  async function tell(
    { tip, notices, changes }: Accepted,
    { actor, at, seq: applicationSeq }: LogEntry,
    former: { groupName: string; followers: readonly string[] }
  ): Promise<void> {
    if (tip && group && isTipSent(tip, group.type, policy))
      tips.push({ ...tip, groupID, seq, time: at, operatorID: actor })
    for (const { operationType, to, handleMessage = '' } of notices) {
      const users = to === 'members' ? former.followers : to === 'admins' ? await admins() : to
      const groupName = group?.name ?? former.groupName
      const notice = {
        kind: 'notice',
        time: at,
        groupID,
        groupName,
        operationType,
        operatorID: actor,
        handleMessage
      } as const
      for (const userID of users)
        send(userID, operationType === noticeTypes.applied ? { ...notice, applicationSeq } : notice)
    }
    for (const { table, row } of changes) {
      if (table !== 'applications' || !row || row.state === 'pending') continue
      for (const userID of await askedSince(row.seq))
        send(userID, {
          kind: 'handled',
          groupID,
          userID: row.userID,
          applicationSeq: row.seq,
          state: row.state,
          by: actor,
          at
        })
    }
  }

  return {
    view,
    verdicts,
    seq: () => seq,
    memberRow: (userID: string) => members.get(userID),
    roleChanges,
    membership: async (userID: string) => {
      await loadMemberships([userID])
      return memberships.get(userID)
    },

    async apply(decision: Accepted, by: Omit<LogEntry, 'seq'>): Promise<void> {
      const former = {
        groupName: group?.name ?? '',
        followers: decision.notices.some(({ to }) => to === 'members') ? await followers() : []
      }
      seq++
      const entry = { ...by, seq }
      log.push(entry)
      const concerned = new Set<string>()
      for (const each of decision.changes)
        for (const userID of await change(each)) if (userID) concerned.add(userID)
      await loadMemberships([...concerned])
      for (const userID of concerned) follow(userID, entry)
      await tell(decision, entry, former)
    },

    async write(): Promise<Announcement | undefined> {
      const rows = [...changed.members].map(
        userID => members.get(userID) ?? { userID, row: null, revision: seq }
      )
      const changedOthers = [...changed.others.values()]
      const tails = feeds.size > 0 ? await tx.appendFeeds(feeds, now) : new Map<string, number>()
      await tx.write({
        groupID,
        state: { seq, row: group, digest: digest >>> 0 },
        log,
        members: rows,
        dissolved: isDissolved,
        others: changedOthers,
        tips,
        memberships: [...changed.memberships].flatMap(userID => memberships.get(userID) ?? []),
        verdicts
      })
      if (seq === before.seq) return undefined
      return {
        groupID,
        from: before.seq,
        to: seq,
        group,
        isRowChanged: group !== before.row,
        members: rows.flatMap(({ row }) => row ?? []),
        gone: rows.flatMap(({ userID, row }) => (row ? [] : [userID])),
        tips,
        bytes: Buffer.byteLength(JSON.stringify([rows, tips])),
        settings: new Map(
          changedOthers.flatMap(({ table, id, row }) => (table === 'settings' ? [[id, row]] : []))
        ),
        feeds: new Map(
          [...feeds].map(([userID, events]) => [userID, numbered(events, must(tails.get(userID)))])
        )
      }
    }
  }
}

const handlers: readonly string[] = ['Owner', 'Admin']
/** Older changes are not searched for a cause: reading them would make other groups wait. */
const roleChangesMax = 100
const isOther = (key: Key): key is OtherKey => key.table !== 'groups' && key.table !== 'members'
const otherName = ({ table, id }: { table: string; id: string }) => `${table}/${id}`
