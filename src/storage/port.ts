/**
 * How rows are kept: tables of rows, addressed by scope and ID, and transactions over them. An implementation decides
 * how rows become records; nothing above this port knows.
 */

import type {
  ApplicationState,
  GroupRow,
  MemberRow,
  OrOther,
  SettingsRow
} from '../kernel/model.ts'
import type { RowsOrBlock } from '../protocol/column-block.ts'
import type { NoticeRow, TipRow } from '../kernel/notices.ts'
import type { Policy } from '../kernel/limits.ts'
import type { Effective, Verdict } from '../kernel/verdict.ts'

/** What each table holds. All of it belongs to one user of one server. */
export type Tables = {
  /** One row, with the ID `''`. */
  meta: Meta
  /** Scope `''`, by groupID. */
  groups: HeldGroup
  /** Scope groupID, by userID. */
  members: MemberRow
  /** Scope groupID, by place in a ring: the last tips of the group. */
  tips: HeldTip
  /** Scope `''`, by place in a ring: the last notices of the user. */
  notices: HeldNotice
  /** Scope `''`, by number: tips and notices that were not handed on yet, where somebody asks for that. */
  undelivered: UndeliveredEvent
  /** Scope `''`, by opID. */
  outbox: Pending
  /** Scope `''`, by opID. */
  verdicts: Settled
}
export type TableName = keyof Tables
export const tableNames = [
  'meta',
  'groups',
  'members',
  'tips',
  'notices',
  'undelivered',
  'outbox',
  'verdicts'
] as const satisfies readonly TableName[]

export type Meta = {
  readonly userID: string
  /** The server's data this database is a copy of; another epoch means another history. */
  readonly epoch: string
  /** What the server has signed that this device has seen, for its next visit. */
  readonly receipt?: string
  /** Position in the user's feed. */
  readonly feed: number
  /** How many notices have come, and the position of the last. */
  readonly noticeCount: number
  readonly noticeSeq: number
  /** How many undelivered there have been. */
  readonly undeliveredCount: number
  /** The rules that the server judges by. */
  readonly kernel: number
  readonly isAppAdmin: boolean
  readonly policy: Policy
  /** Server's clock minus this device's, in milliseconds. */
  readonly clockOffsetMs: number
  /** The server's time at the last login, in milliseconds. It is not earlier than that. */
  readonly serverTimeMs: number
}

/** A group the user follows, as the server last told it. */
export type HeldGroup = {
  readonly groupID: string
  /** `null`: the server has told that the user is in, and not yet about what. */
  readonly row: GroupRow | null
  /** The user's own membership; kept here too, so that the group list needs no members. */
  readonly self: MemberRow | null
  /** Which membership the position belongs to; it rises when the user joins again. */
  readonly membershipEpoch: number
  /** Position in the group's log. */
  readonly seq: number
  /** Members up to this userID are held; `null`: all of them. */
  readonly membersUpTo: string | null
  /** What the user has set for the group; `null`: nothing yet. */
  readonly settings: SettingsRow | null
  /** How many tips have come in this membership, and the position of the last. */
  readonly tipCount: number
  readonly tipSeq: number
}

/** The number-th tip of a membership. */
export type HeldTip = TipRow & { readonly number: number }

/** The number-th notice, and of an application, who has decided what about it. */
export type HeldNotice = NoticeRow & {
  readonly number: number
  readonly handled: { readonly state: OrOther<ApplicationState>; readonly by: string } | null
}

export type UndeliveredEvent = { readonly number: number } & (
  | { readonly kind: 'tip'; readonly tip: TipRow }
  | { readonly kind: 'notice'; readonly notice: NoticeRow }
)

/** How many tips per group, and notices, are kept. */
const keptMax = 100
/** The place of the number-th in a ring: a new one takes the place of the oldest. */
export const ringPlace = (number: number): string => String(number % keptMax).padStart(2, '0')

/** An operation that waits for its verdict, or whose verdict waits for the rows it speaks of. */
export type Pending = {
  readonly opID: string
  /** Operations are replayed and sent in this order; of equals, by opID. */
  readonly order: number
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly groupID: string
  /** When it was asked for, by this device's clock at that moment, in milliseconds. */
  readonly askedAtMs: number
  /** The server's time then, in seconds, as this device estimated it: what the prediction is made with. */
  readonly askedAtServerSeconds: number
  /** No server had told this device the time yet: both times may be wrong by years. */
  readonly isTimeUnknown?: true
  /** The position in the group's log that the user was looking at. */
  readonly seen: number
  /** The verdict, once it is known; the operation stays in view until the rows hold its effect. */
  readonly applied?: Effective
}

/** The order in which operations were asked for, the same on every tab. */
export const inOrder = (a: Pending, b: Pending): number =>
  a.order - b.order || (a.opID < b.opID ? -1 : 1)

export type Settled = {
  readonly verdict: Verdict
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly askedAtMs: number
}

/** Rows of a scope in the order of their IDs: all, or those of the IDs given that exist. */
export type StorageQuery<T extends TableName = TableName> = {
  [K in T]: { readonly table: K; readonly scope: string; readonly ids?: readonly string[] }
}[T]

export type Answers<Q extends readonly StorageQuery[]> = {
  -readonly [I in keyof Q]: Tables[Q[I]['table']][]
}

/** Puts a row, removes it (`null`), or empties a whole scope. */
export type Write<T extends TableName = TableName> =
  | {
      [K in T]:
        | {
            readonly table: K
            readonly scope: string
            readonly id: string
            readonly row: Tables[K] | null
          }
        | { readonly table: K; readonly scope: string; readonly empty: true }
    }[T]
  | MembersBlock
/** Puts members whose IDs follow one another: many at once, as a server hands them out page by page. */
export type MembersBlock = {
  readonly table: 'members'
  readonly scope: string
  readonly block: RowsOrBlock<MemberRow>
}

/** What one transaction has written. Commits are numbered in their order, whichever engine made them. */
export type Commit = { readonly commitNumber: number; readonly writes: readonly Write[] }

/** `commitNumber`: the last commit that is in it. */
export type ConsistentRead<Q extends readonly StorageQuery[] = readonly StorageQuery[]> = {
  readonly answers: Answers<Q>
  readonly commitNumber: number
}

export type Storage = {
  read<const Q extends readonly StorageQuery[]>(queries: Q): Promise<ConsistentRead<Q>>
  /**
   * Reads, lets `body` decide, and writes what it returns: all or nothing, one after another. Resolves when the writes
   * are durable, with the number of their commit, which others may share; rejects when they are not, or with what `body` throws.
   * `relaxed`: the server would send the rows again if a power failure lost them.
   */
  transact<const Q extends readonly StorageQuery[]>(
    queries: Q,
    body: (answers: Answers<Q>) => readonly Write[],
    durability?: 'strict' | 'relaxed'
  ): Promise<number>
  /** Waits for what is under way. */
  close(): Promise<void>
  /** Closes, and removes everything. */
  destroy(): Promise<void>
}
