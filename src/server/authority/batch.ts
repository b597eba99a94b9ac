/**
 * One group during one transaction: its rows after the operations judged so far, and the writes
 * that the transaction makes at its end.
 */

import type { Prepared } from '../../kernel/decide.ts'
import type { View } from '../../kernel/decision.ts'
import type { Policy } from '../../kernel/limits.ts'
import type { GroupRow, Key, Rows, Table } from '../../kernel/model.ts'
import type { TipRow } from '../../kernel/notices.ts'
import type { NewFeedEvent } from '../../protocol/server-messages.ts'
import type {
  GroupState,
  LogEntry,
  MarkedMember,
  Membership,
  NewVerdict,
  Other,
  OtherKey,
  Transaction
} from '../database/port.ts'

export type Batch = {
  readonly tx: Transaction
  readonly groupID: string
  readonly policy: Policy
  /** Seconds. */
  readonly now: number
  readonly before: GroupState
  group: GroupRow | null
  seq: number
  digest: number
  isDissolved: boolean
  readonly members: Map<string, MarkedMember>
  readonly others: Map<string, Other['row']>
  /** The number of groups by user, for operations that depend on it. */
  readonly counts: Map<string, number>
  readonly memberships: Map<string, Membership>
  /** Read from the log when first needed. */
  storedRoleChanges: Promise<LogEntry[]> | undefined
  storedCreation: Promise<LogEntry[]> | undefined
  readonly changed: {
    readonly members: Set<string>
    readonly others: Map<string, Other>
    readonly memberships: Set<string>
  }
  readonly log: LogEntry[]
  readonly tips: TipRow[]
  readonly feeds: Map<string, NewFeedEvent[]>
  readonly verdicts: NewVerdict[]
}

/** Loads the rows that the prepared operations need. */
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
): Promise<Batch> {
  const needs = prepared.flatMap(each => each.needs(before.row))
  const memberIDs = new Set(needs.flatMap(({ table, id }) => (table === 'members' ? id : [])))
  const otherKeys = needs.flatMap((key): OtherKey[] => (isOther(key) ? [key] : []))
  const members = await tx.members(groupID, [...memberIDs])
  const others = await tx.others(groupID, otherKeys)
  const counts = await tx.groupCounts([...new Set(prepared.flatMap(({ counted }) => counted))])
  return {
    tx,
    groupID,
    policy,
    now,
    before,
    group: before.row,
    seq: before.seq,
    digest: before.digest,
    isDissolved: false,
    members: new Map(members.map(member => [member.userID, member])),
    others: new Map(others.map(other => [otherName(other), other.row])),
    counts,
    memberships: new Map(),
    storedRoleChanges: undefined,
    storedCreation: undefined,
    changed: { members: new Set(), others: new Map(), memberships: new Set() },
    log: [],
    tips: [],
    feeds: new Map(),
    verdicts: []
  }
}

/** The rows as the kernel's rules read them. */
export const viewOf = (batch: Batch): View => ({
  // `rowOf` returns a row of the key's table.
  get: <T extends Table>(key: Key<T>) => rowOf(batch, key) as Rows[T] | null,
  groupCount: userID => batch.counts.get(userID)
})

function rowOf({ groupID, group, members, others }: Batch, key: Key): Rows[Table] | null {
  if (key.table === 'groups') return key.id === groupID ? group : null
  if (key.table === 'members') return members.get(key.id)?.row ?? null
  return others.get(otherName(key)) ?? null
}

export function addFeedEvent({ feeds }: Batch, userID: string, event: NewFeedEvent): void {
  feeds.set(userID, [...(feeds.get(userID) ?? []), event])
}

const isOther = (key: Key): key is OtherKey => key.table !== 'groups' && key.table !== 'members'
export const otherName = ({ table, id }: { table: string; id: string }) => `${table}/${id}`
