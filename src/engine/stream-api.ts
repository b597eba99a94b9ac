/**
 * Streams of query results: the queries, and the frames that keep their results current in the UI
 * thread.
 */

import type { GroupError } from '../kernel/errors.ts'
import type { EntriesRow, EntriesTable, Role } from '../kernel/model.ts'
import type {
  Group,
  Member,
  Notice,
  PendingOperation,
  Status,
  StorageState,
  Tip,
  UndeliveredEvent,
  VerdictEntry
} from './api.ts'

/** The rows of a window on a list, with facts about the whole list. */
export type List<R> = {
  readonly rows: readonly R[]
  /** How many rows there are, those outside of the window included. */
  readonly total: number
  /**
   * Whether this device holds all of these rows. `false` on a device that has nothing yet, until it
   * has caught up once.
   */
  readonly complete: boolean
  /** Whether the server may have newer rows: offline, or not caught up. */
  readonly stale: boolean
}

/** The last changed group first, or by name: alphabetically, Chinese names by pinyin. */
export type GroupOrder = 'lastInfoTime' | 'name'
/**
 * `joinTime`: the first to join comes first. `role`: owner, admins, members. `nameCard`: by name
 * card, or by user ID for members without one.
 */
export type MemberOrder = 'joinTime' | 'role' | 'nameCard'

/** A part of a list, in an order. */
export type Window<Order extends string> = {
  /** The index of the first row. */
  readonly offset?: number | undefined
  /** In place of `offset`: the ID of the row before the first one. */
  readonly after?: string | undefined
  /** The number of rows at most. */
  readonly limit?: number | undefined
  readonly orderBy?: Order
  /** Only rows with this text in a name or ID, regardless of case and Unicode form. */
  readonly search?: string
}

/** `role`: only members with this role. */
export type MemberWindow = Window<MemberOrder> & { readonly role?: Role | undefined }

export type StreamQuery =
  | ({ readonly kind: 'groups' } & Window<GroupOrder>)
  | { readonly kind: 'group'; readonly groupID: string }
  | ({ readonly kind: 'members'; readonly groupID: string } & MemberWindow)
  | { readonly kind: 'member'; readonly groupID: string; readonly userID: string }
  | { readonly kind: 'tips'; readonly groupID: string }
  /** Without `groupID`: of all groups that have any. */
  | { readonly kind: EntriesTable; readonly groupID?: string }
  | { readonly kind: 'notices' }
  | { readonly kind: 'undelivered' }
  | { readonly kind: 'outbox' }
  | { readonly kind: 'verdicts' }
  | { readonly kind: 'status' }
  | { readonly kind: 'storage' }

export type StreamRow =
  Group | Member | Tip | EntriesRow | Notice | UndeliveredEvent | PendingOperation | VerdictEntry
/** The result of a query that is not a list. */
export type StreamValue = StreamRow | Status | StorageState | null

/** Moves the row at index `from` to `to`, or puts `row` at `to`. `-1`: outside of the list. */
export type Edit<R = StreamRow> = readonly [from: number, to: number, row?: R | undefined]

/** Turns the result of a query that was sent last into the current one. */
export type Patch =
  | { readonly kind: 'value'; readonly value: StreamValue }
  /** The query cannot be answered. The stream ends. */
  | { readonly kind: 'error'; readonly error: GroupError }
  | {
      readonly kind: 'list'
      /** To be applied one after another. */
      readonly edits: readonly Edit[]
      readonly total: number
      readonly complete: boolean
      readonly stale: boolean
    }

/** One frame per change, with a patch for each stream with another result. */
export type StreamFrame = {
  readonly version: number
  readonly patches: readonly (readonly [stream: number, patch: Patch])[]
}

/** The UI thread numbers its streams, so that it can close one before its first result. */
export type StreamRequest =
  | { readonly type: 'open'; readonly stream: number; readonly query: StreamQuery }
  | { readonly type: 'close'; readonly stream: number }
  /** Frames up to this version have been received. */
  | { readonly type: 'received'; readonly version: number }

export type Streams = { request(request: StreamRequest): void; close(): void }

/** Most screens are painted at this interval. */
export const paintMs = 16

/** Frames per answer of the UI thread. Posting an answer costs it more than receiving a frame. */
export const framesPerAnswer = 8

/** The key of a row in its list. */
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
