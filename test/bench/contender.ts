/** The interface of a contender, called from the UI thread. Most run in a worker with Comlink. */

import type { GroupRow, MemberRow } from '../../src/kernel/model.ts'
import type { Change, Op, Shape, Window } from './data.ts'

export type Durability = 'relaxed' | 'strict'

/** An update of a window: all of its rows, or the changed ones. */
export type Update =
  { readonly rows: readonly MemberRow[] } | { readonly changed: readonly MemberRow[] }

export type Contender = {
  /** Opens the database, or creates it. */
  open(durability: Durability): Promise<void>
  /** Makes the rows, in the memory of the thread that stores them. */
  prepare(shape: Shape): Promise<void>
  /** Stores the prepared rows. Resolves when they are durable. */
  load(): Promise<void>
  /** All groups, the last changed first. */
  watchGroups(onRows: (rows: readonly GroupRow[]) => void): Promise<void>
  /** A window, now and whenever it changes. */
  watch(window: Window, onUpdate: (update: Update) => void): Promise<void>
  unwatch(): Promise<void>
  /** Changes the row and enqueues the operation. Resolves when both are durable. */
  apply(op: Op): Promise<void>
  /** Makes the server's rows in the memory of the thread that stores them. */
  prepareRemote(batches: readonly (readonly Change[])[]): Promise<void>
  /**
   * Stores the batches, each in a transaction, at this interval, while pending operations stay in
   * view. Resolves when all are durable.
   */
  remote(everyMs: number): Promise<void>
  /** Removes all pending operations. */
  settle(): Promise<void>
  /** For the checks. */
  counts(): Promise<{ groups: number; members: number; pending: number }>
  member(groupID: string, userID: string): Promise<MemberRow | undefined>
  close(): Promise<void>
}
