/**
 * The database as the authority needs it. Rows of a group carry `revision`, the position in the group's log that last
 * changed them; a removed row stays as a mark until the log is trimmed, so that deltas can tell.
 */

import type { GroupRow, Key, MemberRow, Rows } from '../../kernel/model.ts'
import type { TipRow } from '../../kernel/notices.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { FeedDelta, FeedEvent, NewFeedEvent } from '../../protocol/messages.ts'

export type Database = {
  /** Of the data as it was opened; `identity` has the present one. */
  readonly epoch: string
  /**
   * Gives the data another epoch, so that every client forgets what it was told, keeps its outbox, and is told everything
   * anew. With `from`, only where that is the epoch still. Answers whether it is another one now.
   */
  renewEpoch(from?: string): Promise<boolean>
  /** All or nothing. Resolves when the work is committed; rejects, with nothing done, when `work` or the commit fails. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** A consistent view without locks. */
  snapshot<T>(work: (tx: Reader) => Promise<T>): Promise<T>
  /**
   * Forgets, from before a time, in seconds: history of groups and feeds, the marks of removed rows, and memberships that
   * have ended; verdicts; and refusals, of which a user has at most `refusalsMax`. Who stands below the floor this leaves has to be told everything
   * anew.
   */
  compact(before: {
    readonly history: number
    readonly verdicts: number
    readonly refusals: number
  }): Promise<void>
  close(): Promise<void>
}

/** `epoch` names the data; `receiptKey` signs what clients have seen of it. */
export type Identity = { readonly epoch: string; readonly receiptKey: string }

export type Reader = {
  identity(): Promise<Identity>
  group(groupID: string): Promise<GroupState>
  /** The members that have changed since `from`, in the order of these changes. */
  changedSince(groupID: string, from: number): Promise<MarkedMember[]>
  /** Members behind `after` in the order of their IDs. */
  membersAfter(groupID: string, after: string, limit: number): Promise<MemberRow[]>
  /** These members, with the position that last changed each; also where that was their removal. */
  members(groupID: string, userIDs: readonly string[]): Promise<MarkedMember[]>
  /** Owner and admins. */
  admins(groupID: string): Promise<string[]>
  /** Rows of the group's other tables, those of these keys that exist. */
  others(groupID: string, keys: readonly OtherKey[]): Promise<Other[]>
  /** The last tips behind a position, in order. */
  tipsSince(groupID: string, from: number, limit: number): Promise<TipRow[]>
  /** The last entries of the log behind a position, those of operations of these names, in order. */
  logSince(
    groupID: string,
    from: number,
    names: readonly string[],
    limit: number
  ): Promise<LogEntry[]>
  /** The groups a user follows: those it is in, and AVChatRooms it owns. */
  followed(
    userID: string
  ): Promise<{ groupID: string; membershipEpoch: number; since: number; seq: number }[]>
  followers(groupID: string): Promise<string[]>
  /** What is known of these users' part in a group; nothing where they never had one. */
  memberships(groupID: string, userIDs: readonly string[]): Promise<Membership[]>
  /** In a transaction, no other one counts these users' groups until its end, so that limits hold. */
  groupCounts(userIDs: readonly string[]): Promise<Map<string, number>>
  feed(userID: string): Promise<FeedState>
  feedSince(userID: string, from: number): Promise<FeedEvent[]>
  /** In a transaction, no other one settles operations of this user until its end: an ID has one verdict in all groups. */
  verdicts(userID: string, opIDs: readonly string[]): Promise<Map<string, StoredVerdict>>
}

export type Transaction = Reader & {
  /** Holds the group, existing or not, until the end of the transaction; answers its state. Leaves nothing behind. */
  lockGroup(groupID: string): Promise<GroupState>
  /** Appends to users' feeds; answers the position each feed has reached. Locks users in ascending order. */
  appendFeeds(
    events: ReadonlyMap<string, readonly NewFeedEvent[]>,
    at: number
  ): Promise<Map<string, number>>
  /** Writes to a group that this transaction has locked. */
  write(writes: GroupWrites): Promise<void>
}

/**
 * `seq` 0: there never was such a group. `row` null: not now. History is kept from `floor` on. `digest`: of the row and
 * those of all members.
 */
export type GroupState = {
  readonly seq: number
  readonly row: GroupRow | null
  readonly floor: number
  readonly digest: number
}
export const noGroup: GroupState = { seq: 0, row: null, floor: 0, digest: 0 }

/** `row` null: a member no longer. `revision`: the position that changed it last. */
export type MarkedMember = {
  readonly userID: string
  readonly row: MemberRow | null
  readonly revision: number
}

/** Where a user's feed ends, and from where on it is kept. */
export type FeedState = { readonly head: number; readonly floor: number }

/** Tables besides groups and members: by group and user, few rows each. */
export type OtherTable = Exclude<keyof Rows, 'groups' | 'members'>
export type OtherKey = Key<OtherTable>
export type Other = {
  [T in OtherTable]: {
    readonly table: T
    readonly id: string
    readonly row: Rows[T]
    readonly revision: number
  }
}[OtherTable]

export type LogEntry = {
  readonly seq: number
  /** Seconds. */
  readonly at: number
  readonly actor: string
  readonly opID: string
  readonly name: string
  readonly args: unknown
}

export type Membership = {
  readonly userID: string
  readonly membershipEpoch: number
  /** The position in the group's log at which it began. */
  readonly since: number
  readonly follows: boolean
  /** How the last membership ended. */
  readonly left: {
    readonly reason: 'quit' | 'kicked' | 'dismissed'
    readonly by: string
    readonly at: number
  } | null
}

/** Outboxes are half as long, so an honest user's refusals are there for as long as anybody asks. */
export const refusalsMax = 20_000

export type StoredVerdict = { readonly verdict: Verdict; readonly name: string }

export type NewVerdict = StoredVerdict & { readonly userID: string; readonly at: number }

/** What a batch of operations leaves behind in one group. */
export type GroupWrites = {
  readonly groupID: string
  /** What has become of the group; the floor stays. */
  readonly state: Omit<GroupState, 'floor'>
  readonly log: readonly LogEntry[]
  readonly members: readonly MarkedMember[]
  /** Removes every member, whose marks stay, and all other rows. */
  readonly dissolved: boolean
  readonly others: readonly Other[]
  readonly tips: readonly TipRow[]
  readonly memberships: readonly Membership[]
  readonly verdicts: readonly NewVerdict[]
}

/** The events with their positions, the last of which is `to`. */
export function numbered(events: readonly NewFeedEvent[], to: number): FeedDelta {
  const from = to - events.length
  return { from, to, events: events.map((event, index) => ({ ...event, fseq: from + index + 1 })) }
}
