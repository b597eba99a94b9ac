/** The tables of one user of one server, and the rows in them. */

import type { Policy } from '../kernel/limits.ts'
import type {
  ApplicationState,
  AttributesRow,
  CountersRow,
  GroupRow,
  MemberRow,
  OrOther,
  SettingsRow
} from '../kernel/model.ts'
import type { NoticeRow, TipRow } from '../kernel/notices.ts'
import type { Effective, Verdict } from '../kernel/verdict.ts'

export type Tables = {
  /** Scope `''`: one row, with the ID `''`. */
  meta: Meta
  /** Scope `''`, by groupID. */
  groups: HeldGroup
  /**
   * Scope `''`, by groupID: the entries of the groups. They have rows of their own, because they
   * take up to 16 KiB, and every delta writes the row of its group. With full attributes, a delta
   * about something else writes 0.8 KB. As a part of `HeldGroup` they made it 17 KB.
   */
  attributes: AttributesRow
  counters: CountersRow
  /** Scope groupID, by userID. */
  members: MemberRow
  /** Scope groupID: the last tips of the group, by place in a ring. */
  tips: HeldTip
  /** Scope `''`: the last notices of the user, by place in a ring. */
  notices: HeldNotice
  /** Scope `''`, by number: tips and notices that the TIM events have not delivered yet. */
  undelivered: UndeliveredEvent
  /** Scope `''`, by opID. */
  outbox: Pending
  /** Scope `''`, by opID. */
  verdicts: Settled
  /** Scope `''`: one row, with the ID `''`. */
  lease: Lease
  /** Scope `''`: one row, with the ID `''`. */
  database: DatabaseIdentity
}
export type TableName = keyof Tables
export type StoredRow = Tables[TableName]

export const tableNames = [
  'meta',
  'groups',
  'attributes',
  'counters',
  'members',
  'tips',
  'notices',
  'undelivered',
  'outbox',
  'verdicts',
  'lease',
  'database'
] as const satisfies readonly TableName[]

/** The ID of a row in its scope. */
export const idOf: { readonly [T in TableName]: (row: Tables[T]) => string } = {
  meta: () => '',
  groups: held => held.groupID,
  attributes: entries => entries.groupID,
  counters: entries => entries.groupID,
  members: member => member.userID,
  tips: tip => ringPlace(tip.number),
  notices: notice => ringPlace(notice.number),
  undelivered: event => String(event.number),
  outbox: pending => pending.opID,
  verdicts: settled => settled.verdict.opID,
  lease: () => '',
  database: () => ''
}

/** Whether a value that was read has an ID. Its other fields are unchecked. */
export function hasID(table: TableName, row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return false
  if (table === 'verdicts') return hasID('outbox', (row as { verdict?: unknown }).verdict)
  return typeof (idOf[table] as (row: unknown) => unknown)(row) === 'string'
}

/**
 * The first commit draws the ID. A database that has lost rows, or that a logout has ended, gets
 * another one. `endedIDs`: those that a logout has ended.
 */
export type DatabaseIdentity = {
  readonly databaseID: string
  readonly endedIDs: readonly string[]
}

/** Facts about the server, and positions that belong to no group. */
export type Meta = {
  readonly userID: string
  /** Names the server's history. Rows of another epoch belong to another history. */
  readonly epoch: string
  /** Signed by the server: the positions that this device has seen, for its next login. */
  readonly receipt?: string
  /** Position in the user's feed. */
  readonly feed: number
  /** The number of notices so far, and the position of the last. */
  readonly noticeCount: number
  readonly noticeSeq: number
  /** The number of undelivered events so far. */
  readonly undeliveredCount: number
  /** The version of the rules by which the server judges. */
  readonly kernel: number
  readonly isAppAdmin: boolean
  readonly policy: Policy
  /** Server's clock minus this device's. */
  readonly clockOffsetMs: number
  /** The server's time at the last login, so the present is not earlier. */
  readonly serverTimeMs: number
}

/** A confirmed group that the user follows. */
export type HeldGroup = {
  readonly groupID: string
  /** `null`: the server has confirmed the membership, but has not sent the group yet. */
  readonly row: GroupRow | null
  /** The user's own membership. It is a copy, so that the group list reads no members. */
  readonly self: MemberRow | null
  /** The membership to which the position belongs. It rises when the user joins again. */
  readonly membershipEpoch: number
  /** Position in the group's log. */
  readonly seq: number
  /** Members up to this userID are stored. `null`: all members. */
  readonly membersUpTo: string | null
  /** The user's settings for the group. `null`: none yet. */
  readonly settings: SettingsRow | null
  /** The number of tips in this membership so far, and the position of the last. */
  readonly tipCount: number
  readonly tipSeq: number
}

/** A stored tip. `number` counts the tips of a membership. */
export type HeldTip = TipRow & { readonly number: number }

/** A stored notice. `handled`: the decision on its application, and the author of the decision. */
export type HeldNotice = NoticeRow & {
  readonly number: number
  readonly handled: { readonly state: OrOther<ApplicationState>; readonly by: string } | null
}

/** A tip or notice that the app has not received yet. `number` counts these events. */
export type UndeliveredEvent = { readonly number: number } & (
  | { readonly kind: 'tip'; readonly tip: TipRow }
  | { readonly kind: 'notice'; readonly notice: NoticeRow }
)

/** How many tips of a group, and how many notices, are kept. */
const ringSize = 100
/** The ID of a tip or a notice in its ring. The newest row replaces the oldest. */
export const ringPlace = (number: number): string => String(number % ringSize).padStart(2, '0')

/**
 * A tab that becomes the leader raises the term. Only the leader of it commits server data.
 * `isSealed`: a tab has logged out, so no tab may enqueue an operation any more. `pauseCalls`: how
 * often `pause` and `resume` were called.
 */
export type Lease = {
  readonly term: number
  readonly isSealed?: true
  readonly pauseCalls?: number
}

/** An operation without a verdict, or one whose effect the base rows do not hold yet. */
export type Pending = {
  readonly opID: string
  /** The place in the outbox. Operations of equal order are sorted by opID. */
  readonly order: number
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly groupID: string
  /** The time of the call, by this device's clock. */
  readonly askedAtMs: number
  /** The server's time of the call, as estimated: the operation is predicted with it. */
  readonly askedAtServerSeconds: number
  /** The server's time was unknown then, so both times may be wrong by years. */
  readonly isTimeUnknown?: true
  /** The app has given the ID, perhaps of an earlier call, so a server may have its verdict. */
  readonly isRepeated?: true
  /** The position in the group's log that was in view at the call. */
  readonly seen: number
  /** The verdict. The operation stays in the overlay until the base rows hold its effect. */
  readonly applied?: Effective
}

/** The order of the outbox, the same on every tab. */
export const inOrder = (a: Pending, b: Pending): number =>
  a.order - b.order || (a.opID < b.opID ? -1 : 1)

/** An operation with its verdict. `askedAtMs`: the time of the call, by this device's clock. */
export type Settled = {
  readonly verdict: Verdict
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly askedAtMs: number
}
