/** What crosses a thread: calls and their answers, queries and the patches that keep their results current. All of it is data. */

import type { Args, OperationName, Result } from '../kernel/decide.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { Policy } from '../kernel/limits.ts'
import type {
  ApplicationState,
  GroupRow,
  Key,
  MemberRow,
  OrOther,
  RemindType,
  Role
} from '../kernel/model.ts'
import type { NoticeRow, TipRow } from '../kernel/notices.ts'
import type { Verdict } from '../kernel/verdict.ts'
import type { UndeliveredEvent } from '../storage/tables.ts'
import type { Part } from './views/ordered.ts'

export type { UndeliveredEvent } from '../storage/tables.ts'

/** A group as the user sees it: its profile, and the user's own place in it. */
export type Group = GroupRow & { readonly selfInfo: SelfInfo }
/** `null` for the owner of an AVChatRoom who has not joined it. */
export type SelfInfo = {
  readonly role: OrOther<Role>
  readonly joinTime: number
  readonly nameCard: string
  /** Seconds, by the server's clock; `0`: not muted. */
  readonly muteUntil: number
  readonly messageRemindType: OrOther<RemindType>
} | null

/** A member of a group; `muteUntil` is `0` for who is not muted now. */
export type Member = MemberRow

/** A line in a group about what has happened there. */
export type Tip = TipRow

/** A system notice to the user; of an application, what has become of it. `replaced`: its author has applied again. */
export type Notice = NoticeRow & { readonly application: OrOther<ApplicationState> | null }

/** An operation that waits for its verdict. */
export type PendingOperation = {
  readonly opID: string
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly groupID: string
  /** When it was asked for, in milliseconds by this device's clock. */
  readonly askedAtMs: number
}

/** A verdict that its user should see: refused, or only partly done. */
export type VerdictEntry = PendingOperation & { readonly verdict: Verdict }

export type Status = {
  /** `connecting` at the start; after a failure it stays `offline` until an attempt succeeds. */
  readonly connection: 'offline' | 'connecting' | 'online'
  /**
   * Whether everything that happened elsewhere before the connection came about has arrived. This is about receiving
   * only: the server has all operations of this device when `pending` is 0 as well.
   */
  readonly caughtUp: boolean
  /** How many operations wait for their verdict. */
  readonly pending: number
  /** Since when the first of them waits, in milliseconds by this device's clock; `undefined` when none does. */
  readonly oldestPendingAtMs: number | undefined
  /** What went wrong last, until something goes right. */
  readonly lastError: GroupError | null
  /** When the next attempt to connect is made, in milliseconds by this device's clock. */
  readonly nextRetryAtMs: number | null
  /** Whether the server takes the user for an app admin. */
  readonly isAppAdmin: boolean
  /** What this installation of the server has set for itself. */
  readonly policy: Policy
  /** The server's clock minus this device's, in milliseconds, as last known. */
  readonly clockOffsetMs: number
}

/** The part of the status that the connection decides. */
export type SyncStatus = Pick<Status, 'connection' | 'caughtUp' | 'lastError' | 'nextRetryAtMs'>

export type List<R> = {
  readonly rows: readonly R[]
  /** How many there are altogether. */
  readonly total: number
  /** Whether this device holds all of them. */
  readonly complete: boolean
  /** Whether the server may know newer ones: offline, or not caught up. */
  readonly stale: boolean
}

/** Of groups: the last changed first, or by name. Names stand in the order of the alphabet, Chinese ones by their sound. */
export type GroupOrder = 'lastInfoTime' | 'name'
/** Of members: as they joined; the owner and the admins first; or by name card, or user ID where there is none. */
export type MemberOrder = 'joinTime' | 'role' | 'nameCard'

/** Which part of a list to show, and in which order. */
export type Window<Order extends string> = Part & {
  readonly orderBy?: Order
  /** Only rows whose name or ID holds this text, in capitals or small letters, in any Unicode form. */
  readonly search?: string
}

export type StreamQuery =
  | ({ readonly kind: 'groups' } & Window<GroupOrder>)
  | { readonly kind: 'group'; readonly groupID: string }
  | ({ readonly kind: 'members'; readonly groupID: string } & Window<MemberOrder>)
  | { readonly kind: 'member'; readonly groupID: string; readonly userID: string }
  | { readonly kind: 'tips'; readonly groupID: string }
  | { readonly kind: 'notices' }
  | { readonly kind: 'undelivered' }
  | { readonly kind: 'outbox' }
  | { readonly kind: 'verdicts' }
  | { readonly kind: 'status' }

export type StreamRow =
  Group | Member | Tip | Notice | UndeliveredEvent | PendingOperation | VerdictEntry

/** The row at position `from` goes to position `to`, as `row` where that is given; outside the list is `-1`. */
export type Edit<R = StreamRow> = readonly [from: number, to: number, row?: R | undefined]

/** What takes the result of a query from what was sent last to what it is now. */
export type Patch =
  | { readonly kind: 'value'; readonly value: StreamRow | Status | null }
  /** The query cannot be answered; nothing more comes. */
  | { readonly kind: 'error'; readonly error: GroupError }
  | {
      readonly kind: 'list'
      /** One after another. */
      readonly edits: readonly Edit[]
      readonly total: number
      readonly complete: boolean
      readonly stale: boolean
    }

/** One frame per change of the store, with a patch for each stream that it concerns. */
export type StreamFrame = {
  readonly version: number
  readonly patches: readonly (readonly [stream: number, patch: Patch])[]
}

/** Streams are numbered by who opens them, so that they can be closed before anything has come. */
export type StreamRequest =
  | { readonly type: 'open'; readonly stream: number; readonly query: StreamQuery }
  | { readonly type: 'close'; readonly stream: number }
  /** Frames up to this version have been taken in. */
  | { readonly type: 'received'; readonly version: number }

export type Streams = { request(request: StreamRequest): void; close(): void }

/** The answer to `apply`. `version`: the frame that shows the effect. */
export type Applied<N extends OperationName = OperationName> = {
  readonly opID: string
  readonly groupID: string
  /** The predicted result; `undefined` where this device could not decide and waits for the server. */
  readonly result: Result<N> | undefined
  readonly version: number
}

/** What would become of an operation: accepted, refused, or only the server can tell. */
export type Preview<N extends OperationName = OperationName> =
  | { readonly kind: 'yes'; readonly outcome: 'applied' | 'partial'; readonly result: Result<N> }
  | { readonly kind: 'no'; readonly error: GroupError }
  | { readonly kind: 'unknown'; readonly missing: readonly Key[] }

export type EngineApi = {
  apply<N extends OperationName>(name: N, args: Args<N>): Promise<Applied<N> | GroupError>
  preview<N extends OperationName>(name: N, args: Args<N>): Promise<Preview<N>>
  /** Asks again for what a verdict has refused, with other arguments where given, and dismisses the verdict. */
  retry(
    opID: string,
    args?: Readonly<Record<string, unknown>> | null
  ): Promise<Applied | GroupError>
  settled(
    opID: string
  ): Promise<{ readonly verdict: Verdict; readonly version: number } | GroupError>
  /** The profile of a group that the user need not be in; error 2805 without a network. */
  readProfile(groupID: string, search: boolean): Promise<GroupRow | GroupError>
  /** The undelivered up to this number have been handed on. */
  delivered(upTo: number): Promise<void>
  dismissVerdict(opID: string): Promise<GroupError | null>
  /** Another token of the same user, in place of one that expires. */
  renewToken(token: string): Promise<void>
  /** Stops talking to the network until `resume`; operations wait. */
  pause(): Promise<void>
  resume(): Promise<void>
  /**
   * Removes what is stored for this user, unless it says `keep`. Operations that still wait are kept for the next login,
   * sent first, or discarded; when nothing is said about them, the answer is an error.
   */
  logout(pending?: 'keep' | 'flush' | 'discard'): Promise<GroupError | null>
  close(): Promise<void>
}

export type Engine = EngineApi & {
  /**
   * Streams whose frames go to `post`, which must not call back at once. What comes from elsewhere goes there once in
   * `paintMs`, or whenever it comes.
   */
  openStreams(post: (frame: StreamFrame) => void, paintMs?: number): Streams
}

/** A screen is painted about once in this time. */
export const paintMs = 16

/** Where a store is, and whose. */
export type StoreLocation = {
  readonly url: string
  readonly userID: string
  readonly token: string
  readonly paused: boolean
  /** Whether tips and notices are kept until they are handed on. */
  readonly keepUndelivered: boolean
}

/** What the UI thread can call in a worker. */
export type WorkerApi = EngineApi & {
  /** Opens the store; its streams go through `port`. To be called once, and first. It holds `lock` until it ends. */
  open(location: StoreLocation, port: MessagePort, lock: string): Promise<GroupError | null>
}

const calls: { readonly [K in keyof EngineApi]: true } = {
  apply: true,
  preview: true,
  retry: true,
  settled: true,
  readProfile: true,
  delivered: true,
  dismissVerdict: true,
  renewToken: true,
  pause: true,
  resume: true,
  logout: true,
  close: true
}

/** An engine, call by call. */
export function forEachCall(
  call: (name: keyof EngineApi) => (...args: unknown[]) => unknown
): EngineApi {
  // Each is called with the arguments of its own name, and answers what its name says.
  return Object.fromEntries(
    Object.keys(calls).map(name => [name, call(name as keyof EngineApi)])
  ) as EngineApi
}

/** The calls of an engine that is still being opened: they wait. */
export const whenOpen = (opening: Promise<EngineApi>): EngineApi =>
  forEachCall(
    name =>
      async (...args) =>
        ((await opening)[name] as (...args: unknown[]) => unknown)(...args)
  )

/** Makes promises end in time: answers as `work`, or with `late` where it takes longer than `limitMs`. */
export const createBound =
  (setTimer: (callback: () => void, delayMs: number) => () => void) =>
  <T, L>(work: Promise<T>, limitMs: number, late: () => L): Promise<T | L> =>
    new Promise((resolve, reject) => {
      const stopTimer = setTimer(() => resolve(late()), limitMs)
      void work.then(resolve, reject).finally(stopTimer)
    })

/** What a row of a list is known by. */
export function rowID(row: StreamRow): string {
  if ('opID' in row) return row.opID
  if ('userID' in row) return row.userID
  if ('number' in row) return String(row.number)
  if ('fseq' in row) return String(row.fseq)
  return 'operatorID' in row ? String(row.seq) : row.groupID
}

export function editRow<R>(rows: R[], [from, to, row = rows[from]]: Edit<R>): void {
  if (from >= 0) rows.splice(from, 1)
  if (to >= 0 && row !== undefined) rows.splice(to, 0, row)
}

export const isGroupError = (value: unknown): value is GroupError =>
  typeof value === 'object' && value !== null && 'code' in value && 'reason' in value
