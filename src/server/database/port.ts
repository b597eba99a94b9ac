/**
 * The database as the authority needs it. Each row of a group has a `revision`: the commit of the
 * group's log that last changed it. A removed row stays as a mark until the log is trimmed, so that
 * deltas include the removal.
 */

import type { EntriesTable, GroupRow, Key, MemberRow, Rows } from '../../kernel/model.ts'
import type { TipRow } from '../../kernel/notices.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { FeedDelta, FeedEvent, NewFeedEvent } from '../../protocol/server-messages.ts'

/** A database of groups, for `startServer`. `openSqlDatabase` opens one on PostgreSQL. */
export type Database = {
  /** The epoch at the opening. `identity` returns the present one. */
  readonly epoch: string
  /**
   * Sets a new epoch: every client keeps its outbox, drops its rows and receives a full snapshot.
   * With `from`, only if that is still the epoch. Returns whether the epoch has changed.
   */
  renewEpoch(from?: string): Promise<boolean>
  /** Resolves when the work is committed. If it or `work` fails, rejects without any write. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * A consistent read without locks. With `isOneStatement`, `work` calls one method of the reader
   * and changes nothing. The database then needs no transaction, and may call `work` again.
   */
  snapshot<T>(
    work: (tx: Reader) => Promise<T>,
    options?: { readonly isOneStatement?: boolean }
  ): Promise<T>
  /**
   * Deletes data older than these times in seconds: history (of groups and feeds, marks of removed
   * rows, ended memberships and bans), verdicts, and refusals. A user has at most `refusalsMax`
   * refusals. A client with a position below the new floor receives a full snapshot.
   */
  compact(before: {
    readonly history: number
    readonly verdicts: number
    readonly refusals: number
  }): Promise<void>
  close(): Promise<void>
}

/** `epoch` identifies the data. `receiptKey` signs receipts. */
export type Identity = { readonly epoch: string; readonly receiptKey: string }

export type Reader = {
  identity(): Promise<Identity>
  /** The changes for a session of the user, whatever their number, in one statement. */
  sync(userID: string, request: SyncRequest): Promise<SyncRows>
  group(groupID: string): Promise<GroupState>
  /** The members after the ID `after`, in the order of their IDs. */
  membersAfter(groupID: string, after: string, limit: number): Promise<MemberRow[]>
  /** Members in the order of `byRole`. */
  membersByRole(groupID: string, window: MemberWindow): Promise<MemberRow[]>
  /** These members, including the marks of removed ones. */
  members(groupID: string, userIDs: readonly string[]): Promise<MarkedMember[]>
  /** Owner and admins. */
  admins(groupID: string): Promise<string[]>
  /** Rows of the group's other tables, those of these keys that exist. */
  others(groupID: string, keys: readonly OtherKey[]): Promise<Other[]>
  /** The last log entries after a position of operations with these names, in order. */
  logSince(
    groupID: string,
    from: number,
    names: readonly string[],
    limit: number
  ): Promise<LogEntry[]>
  followers(groupID: string): Promise<string[]>
  /** The present and former memberships of these users. */
  memberships(groupID: string, userIDs: readonly string[]): Promise<Membership[]>
  /** In a transaction, locks the counts of these users until its end, so that limits hold. */
  groupCounts(userIDs: readonly string[]): Promise<Map<string, number>>
  /** In a transaction, locks the user's verdicts: an ID has one verdict across all groups. */
  verdicts(userID: string, opIDs: readonly string[]): Promise<Map<string, StoredVerdict>>
}

export type Transaction = Reader & {
  /** Locks the group, existing or not, until the end of the transaction. Returns its state. */
  lockGroup(groupID: string): Promise<GroupState>
  /** Appends to feeds and returns their heads. Locks users in ascending order. */
  appendFeeds(
    events: ReadonlyMap<string, readonly NewFeedEvent[]>,
    atSeconds: number
  ): Promise<Map<string, number>>
  /** Writes to a group that this transaction has locked. */
  write(writes: GroupWrites): Promise<void>
}

/**
 * `seq` 0: the group has never existed. `row` null: it does not exist now. History is kept from
 * `floor` on. `digest` covers the group's row, its entries and the rows of all members.
 */
export type GroupState = {
  readonly seq: number
  readonly row: GroupRow | null
  readonly floor: number
  readonly digest: number
}
export const noGroup: GroupState = { seq: 0, row: null, floor: 0, digest: 0 }

/** `row` null: the member has been removed. `revision`: the commit that last changed the row. */
export type MarkedMember = {
  readonly userID: string
  readonly row: MemberRow | null
  readonly revision: number
}

/** `role`, `userIDList`: only these members. */
export type MemberWindow = {
  readonly offset: number
  readonly limit: number
  readonly role?: string
  readonly userIDList?: readonly string[]
}

/** The last position of a user's feed. Events up to `floor` may have been deleted. */
export type FeedState = { readonly head: number; readonly floor: number }

/** A group that a user follows: one that it is in, or an AVChatRoom that it owns. */
export type Followed = {
  readonly groupID: string
  readonly membershipEpoch: number
  readonly since: number
  readonly seq: number
}

export type SyncRequest = {
  /** The client's position in the feed. */
  readonly feed: number
  /** Reads the followed groups even if the feed has not changed. */
  readonly isFollowedRead: boolean
  readonly groups: readonly GroupRequest[]
  /** At most this many events and, per group, tips and changed members. */
  readonly max: { readonly events: number; readonly tips: number; readonly changed: number }
  /** Operations whose verdicts are read. */
  readonly opIDs: readonly string[]
}

/** `from` 0: the whole group. Its members are read if they are at most `membersMax`. */
export type GroupRequest = {
  readonly groupID: string
  readonly from: number
  /** The user joined at this commit, and sees no earlier tips. */
  readonly since: number
  readonly membersMax: number
}

export type SyncRows = {
  readonly identity: Identity
  readonly feed: FeedState
  /** In the order of their IDs. Empty if they are not read. */
  readonly followed: readonly Followed[]
  /** The last events of the feed. Empty if the client's position is its head. */
  readonly events: readonly FeedEvent[]
  /** Those that have ever existed, in the order of the request. */
  readonly groups: readonly GroupRows[]
  readonly verdicts: ReadonlyMap<string, StoredVerdict>
}

export type GroupRows = {
  readonly groupID: string
  readonly state: GroupState
  /**
   * The members changed since `from`, in the order of their changes. Of an AVChatRoom, only the
   * user. Null: the whole group is read, because the history does not reach back to `from`.
   */
  readonly changed: readonly MarkedMember[] | null
  /** The user's settings, attributes and counters. */
  readonly others: readonly Other[]
  /** The last tips since `from` and `since`, in order. */
  readonly tips: readonly TipRow[]
  /** If the whole group is read: the user and the owner. */
  readonly known: readonly MemberRow[]
  /** If the whole group is read, and small enough. In the order of their IDs. */
  readonly members: readonly MemberRow[] | null
}

/** The tables besides groups and members. They have few rows per group and user. */
type OtherTable = Exclude<keyof Rows, 'groups' | 'members'>
export type OtherKey = Key<OtherTable>
export type Other = {
  [T in OtherTable]: {
    readonly table: T
    readonly id: string
    readonly row: Rows[T]
    readonly revision: number
  }
}[OtherTable]
export const isEntries = (other: Other): other is Extract<Other, { table: EntriesTable }> =>
  other.table === 'attributes' || other.table === 'counters'

export type LogEntry = {
  readonly seq: number
  readonly atSeconds: number
  readonly actor: string
  readonly opID: string
  readonly name: string
  /** Without those of attributes and counters. */
  readonly args: unknown
}

export type Membership = {
  readonly userID: string
  readonly membershipEpoch: number
  /** The commit of the group's log at which it began. */
  readonly since: number
  readonly follows: boolean
  /** How the last membership ended. */
  readonly left: {
    readonly reason: 'quit' | 'kicked' | 'dismissed'
    readonly by: string
    readonly atSeconds: number
  } | null
}

/** Twice an outbox, so an honest client always finds the refusals that it asks for. */
export const refusalsMax = 20_000

export type StoredVerdict = { readonly verdict: Verdict; readonly name: string }

export type NewVerdict = StoredVerdict & { readonly userID: string; readonly atSeconds: number }

/** The writes of a batch to one group. */
export type GroupWrites = {
  readonly groupID: string
  /** The new state of the group. The floor does not change. */
  readonly state: Omit<GroupState, 'floor'>
  readonly log: readonly LogEntry[]
  readonly members: readonly MarkedMember[]
  /** Removes all rows of the group. Marks of its members stay. */
  readonly dissolved: boolean
  readonly others: readonly Other[]
  readonly tips: readonly TipRow[]
  readonly memberships: readonly Membership[]
  readonly verdicts: readonly NewVerdict[]
}

/** The events with their positions. The last position is `to`. */
export function numbered(events: readonly NewFeedEvent[], to: number): FeedDelta {
  const from = to - events.length
  return { from, to, events: events.map((event, index) => ({ ...event, fseq: from + index + 1 })) }
}
