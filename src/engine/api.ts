/**
 * The API of an engine: the rows that an app sees, and the calls. `stream-api.ts` has the streams.
 * Everything is data that a thread can post.
 */

import type { Args, OperationName, Result } from '../kernel/decide.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { Policy } from '../kernel/limits.ts'
import type {
  ApplicationState,
  AttributesRow,
  CountersRow,
  CustomField,
  GroupRow,
  Key,
  MemberRow,
  OrOther,
  RemindType,
  Role
} from '../kernel/model.ts'
import type { NoticeRow, TipRow } from '../kernel/notices.ts'
import type { Verdict } from '../kernel/verdict.ts'
import type { StreamFrame, Streams } from './stream-api.ts'

export type { UndeliveredEvent } from '../storage/tables.ts'

/** A group as the user sees it: its profile, and `selfInfo`, the user's own membership. */
export type Group = GroupRow & { readonly selfInfo: SelfInfo }
/**
 * The user's own membership of a group. Times are in seconds, by the server's clock. `null` for the
 * owner of an AVChatRoom before joining it.
 */
export type SelfInfo = {
  readonly role: OrOther<Role>
  readonly joinTime: number
  readonly nameCard: string
  /** Seconds, by the server's clock. `0`: not muted. */
  readonly muteUntil: number
  readonly messageRemindType: OrOther<RemindType>
  readonly memberCustomField: readonly CustomField[]
} | null

/** A member of a group. `muteUntil` is `0` if the member is not muted now. */
export type Member = MemberRow

/** Members to read from the server: a part of the list, with the owner first, or certain users. */
export type MemberRequest = {
  /** The index of the first member. Default: 0. */
  readonly offset?: number
  /** The number of members at most, 1 to 500. Default: 100. */
  readonly limit?: number
  /** Only members with this role. */
  readonly role?: Role
  /** Only these users, up to 500. */
  readonly userIDList?: readonly string[]
  /** Only members with this mark, of an AVChatRoom. */
  readonly markType?: number
}

/** Members as the server has them now. `next`: the `offset` of the next page, if there is one. */
export type MemberPage = { readonly members: readonly Member[]; readonly next: number | null }

/** The attributes and counters of a group, as the server has them now. */
export type GroupEntries = { readonly attributes: AttributesRow; readonly counters: CountersRow }

/** A line in a group about a change to it. */
export type Tip = TipRow

/** A system notice. `application`: its state. `replaced`: by a later one of the same user. */
export type Notice = NoticeRow & { readonly application: OrOther<ApplicationState> | null }

/** An operation that has no verdict yet. */
export type PendingOperation = {
  readonly opID: string
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly groupID: string
  /** When it was enqueued, by this device's clock. */
  readonly askedAtMs: number
}

/** A verdict that the user should see: the operation was refused, or only partly done. */
export type VerdictEntry = PendingOperation & { readonly verdict: Verdict }

export type Status = {
  /** `connecting` at the start. After a failure it stays `offline` until an attempt succeeds. */
  readonly connection: 'offline' | 'connecting' | 'online'
  /**
   * Whether all changes from before the connection have arrived. This is about receiving only: if
   * `pending` is 0 as well, the server has all operations of this device.
   */
  readonly caughtUp: boolean
  /** How many operations have no verdict yet. */
  readonly pending: number
  /** When the oldest of them was enqueued, by this device's clock. `undefined`: none is pending. */
  readonly oldestPendingAtMs: number | undefined
  /** The last error, until an attempt succeeds. */
  readonly lastError: GroupError | null
  /** When the next attempt to connect is made, by this device's clock. */
  readonly nextRetryAtMs: number | null
  /** Whether the user is an app admin of the server. */
  readonly isAppAdmin: boolean
  /** The settings of this server. */
  readonly policy: Policy
  /** The server's clock minus this device's. */
  readonly clockOffsetMs: number
}

/** The place of the rows, and the losses there. */
export type StorageState = {
  /** Rows in `memory` are gone with the page. `adapter`: the option `storage`. */
  readonly mode: 'indexedDB' | 'memory' | 'adapter'
  /** Why rows are kept in memory. */
  readonly error: GroupError | null
  /**
   * Rows that storage has lost since the last visit, or in this one. `wiped`: all. `rolledBack`:
   * the last ones. `restored`: how many pending operations and verdicts were written again.
   */
  readonly loss: { readonly kind: 'wiped' | 'rolledBack'; readonly restored: number } | null
  /**
   * Damaged rows that were found in this visit. Rows of the server are fetched once more, and a
   * damaged operation gets a verdict with error 4506.
   */
  readonly damagedRows: number
  /** Groups whose members and tips were removed in this visit, because storage was full. */
  readonly evictedGroups: number
}

/** The part of the status that only the leader knows. */
export type SyncStatus = Pick<Status, 'connection' | 'caughtUp' | 'lastError' | 'nextRetryAtMs'>

/** The answer of `apply`. `version`: the version of the frame that shows the effect. */
export type Applied<N extends OperationName = OperationName> = {
  readonly opID: string
  readonly groupID: string
  /** The predicted result. `undefined`: only the server can decide. */
  readonly result: Result<N> | undefined
  readonly version: number
}

/** Whether an operation would be accepted. `unknown`: only the server can decide. */
export type Preview<N extends OperationName = OperationName> =
  | { readonly kind: 'yes'; readonly outcome: 'applied' | 'partial'; readonly result: Result<N> }
  | { readonly kind: 'no'; readonly error: GroupError }
  | { readonly kind: 'unknown'; readonly missing: readonly Key[] }

/** `opID`: 22 characters of `A-Za-z0-9_-`. Default: a new ID. */
export type ApplyOptions = { readonly opID?: string }

/** `isNew`: the ID was drawn for this call, so no server has a verdict on it. */
export type CallOptions = ApplyOptions & { readonly isNew?: true }

export type EngineApi = {
  /** A second call with the same `opID` gets the answer of the first one. */
  apply<N extends OperationName>(
    name: N,
    args: Args<N>,
    options?: CallOptions
  ): Promise<Applied<N> | GroupError>
  preview<N extends OperationName>(name: N, args: Args<N>): Promise<Preview<N>>
  /** Retries a refused operation, with other arguments if given, and dismisses its verdict. */
  retry(
    opID: string,
    args?: Readonly<Record<string, unknown>> | null,
    options?: CallOptions
  ): Promise<Applied | GroupError>
  settled(
    opID: string
  ): Promise<{ readonly verdict: Verdict; readonly version: number } | GroupError>
  /** Reads the profile of any group. Error 2805 without a network. */
  readProfile(groupID: string, search: boolean): Promise<GroupRow | GroupError>
  /** Reads members of any group that the user may see. Error 2805 without a network. */
  readMembers(groupID: string, request?: MemberRequest): Promise<MemberPage | GroupError>
  /** Reads attributes and counters of any group that the user may see. */
  readEntries(groupID: string): Promise<GroupEntries | GroupError>
  /** Removes the undelivered events up to this number: the app has received them. */
  delivered(upTo: number): Promise<void>
  dismissVerdict(opID: string): Promise<GroupError | null>
  /** Replaces the token by another one of the same user. */
  renewToken(token: string): Promise<void>
  /** Closes the connection until `resume`. Operations stay pending. */
  pause(): Promise<void>
  resume(): Promise<void>
  /**
   * Removes the database of this user, unless `keep`. Pending operations are kept for the next
   * login, sent first, or discarded. If there are any and `pending` is missing, the answer is an
   * error.
   */
  logout(pending?: 'keep' | 'flush' | 'discard'): Promise<GroupError | null>
  /** Removes the database, pending operations included, even if it cannot be opened. */
  deleteLocalData(): Promise<GroupError | null>
  close(): Promise<void>
}

/** `databaseID`: of the database that the tabs share. `undefined`: rows are kept elsewhere. */
export type OpenedDatabase = { readonly databaseID?: string }

export type Engine = EngineApi &
  OpenedDatabase & {
    /**
     * Frames go to `post`, which must not call back synchronously. Changes that the user has not
     * made are posted once per `paintMs`.
     */
    openStreams(post: (frame: StreamFrame) => void, paintMs?: number): Streams
  }

/** Whether the answer of a call is a refusal. */
export const isGroupError = (value: unknown): value is GroupError =>
  typeof value === 'object' && value !== null && 'code' in value && 'reason' in value
