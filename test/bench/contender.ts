/** What each contender can do. It is measured from the UI thread; most run in a worker, behind Comlink. */

import type { GroupRow, MemberRow } from '../../src/kernel/model.ts'
import type { Change, Op, Shape, Window } from './data.ts'

export type Durability = 'relaxed' | 'strict'

/** What a window shows: all of its rows, or those that have changed. */
export type Update =
  { readonly rows: readonly MemberRow[] } | { readonly changed: readonly MemberRow[] }

export type Contender = {
  /** Opens what is stored, or begins. */
  open(durability: Durability): Promise<void>
  /** Makes the rows, in the memory of the thread that stores them. */
  prepare(shape: Shape): Promise<void>
  /** Stores what was prepared; resolves when it is durable. */
  load(): Promise<void>
  /** All groups, the last changed first. */
  watchGroups(onRows: (rows: readonly GroupRow[]) => void): Promise<void>
  /** A window, now and whenever it changes. */
  watch(window: Window, onUpdate: (update: Update) => void): Promise<void>
  unwatch(): Promise<void>
  /** Changes the row, and keeps the operation for the server; resolves when both are durable. */
  apply(op: Op): Promise<void>
  /** Makes the rows that the server will tell of, in the memory of the thread that stores them. */
  prepareRemote(batches: readonly (readonly Change[])[]): Promise<void>
  /**
   * Stores them, each batch in a transaction, one so many milliseconds after the other, while what is pending stays in
   * view; resolves when they are durable.
   */
  remote(everyMs: number): Promise<void>
  /** Nothing is pending any more. */
  settle(): Promise<void>
  /** For the checks. */
  counts(): Promise<{ groups: number; members: number; pending: number }>
  member(groupID: string, userID: string): Promise<MemberRow | undefined>
  close(): Promise<void>
}
