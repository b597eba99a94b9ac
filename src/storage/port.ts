/**
 * The storage port: implement `Storage` to keep the rows of one user somewhere else, for example in
 * the storage of a mini-program. An adapter stores rows by table, scope and ID, and does not need
 * to know their fields. `idOf` in tables.ts gives the ID of a row.
 *
 * The obligations of an adapter, which `storageContract` of the package's test kit checks:
 *
 * 1. Atomic. A transaction writes all its rows or none, also if the process dies in between.
 * 2. Serializable. Transactions take effect one after another, over all connections to a database.
 *    The queries of a transaction see every earlier transaction, and no later one.
 * 3. Consistent reads. All queries of one `read` see the same commits: those up to its commit
 *    number, and none after it. A read sees every transaction that had resolved before.
 * 4. Numbered commits. Commit numbers are positive integers that never fall, over all connections
 *    and for the life of the database. Transactions that are committed together share a number.
 * 5. Durable. A `strict` transaction resolves after its rows survive a power cut. A `relaxed` one
 *    resolves after they survive a crash of the process. A power cut may lose the last relaxed
 *    commits: if it loses one, it loses all later ones too.
 * 6. Honest failures. If the disk refuses, the promise rejects with any `Error`, and no row is
 *    written. The next call works if the disk does.
 * 7. Unchanged values. Rows are plain data, as JSON holds it. Callers do not change rows after
 *    writing or reading them, and neither does the adapter.
 * 8. Visible damage. If a stored value is damaged, return it in place of the row. The engine checks
 *    every row that it reads. It fetches confirmed rows once more, and reports lost operations.
 *
 * A call may take seconds: after 15 s the engine answers its caller that storage is too slow. It
 * does not repeat the call.
 */

import type { MemberRow } from '../kernel/model.ts'
import type { RowsOrBlock } from '../protocol/column-block.ts'
import type { TableName, Tables } from './tables.ts'

/** The rows of one user of one server. The head of this file has the obligations. */
export type Storage = {
  read<const Q extends readonly StorageQuery[]>(queries: Q): Promise<ConsistentRead<Q>>
  /**
   * Reads, calls `body` with the rows, and writes what it returns. `body` is synchronous. If it
   * throws, the promise rejects with its error, and no row is written.
   *
   * Resolves with the commit number. If `body` returns no writes, this may be the number of an
   * earlier commit.
   */
  transact<const Q extends readonly StorageQuery[]>(
    queries: Q,
    body: (answers: Answers<Q>) => readonly Write[],
    /** Default: `strict`. */
    durability?: Durability
  ): Promise<number>
  /** Resolves after all requested transactions. A second call resolves too. */
  close(): Promise<void>
  /** Closes all connections to the database, and removes it. A later `close` resolves. */
  destroy(): Promise<void>
  /**
   * For storage that may lose its connection or its rows: calls back each time. The engine then
   * reads all rows once more, and writes pending operations that storage has lost.
   */
  onLost?(callback: (error: Error) => void): void
  /**
   * For storage with a quota: deletes data that serves speed only, and rows that were removed
   * already. Called when a transaction was rejected with a `QuotaExceededError`.
   */
  makeRoom?(): Promise<void>
}

/** `relaxed`: after a power cut, the server would send these rows once more. */
export type Durability = 'strict' | 'relaxed'

/**
 * Rows of one scope: all, or those with the given IDs. IDs without a row are skipped, and each row
 * is returned once. Rows are sorted by ID, as the operator `<` compares strings.
 */
export type StorageQuery<T extends TableName = TableName> = {
  [K in T]: { readonly table: K; readonly scope: string; readonly ids?: readonly string[] }
}[T]

/** The rows of each query, in the order of the queries. */
export type Answers<Q extends readonly StorageQuery[]> = {
  -readonly [I in keyof Q]: Tables[Q[I]['table']][]
}

/** `commitNumber`: the last commit that the answers contain. 0: none. */
export type ConsistentRead<Q extends readonly StorageQuery[] = readonly StorageQuery[]> = {
  readonly answers: Answers<Q>
  readonly commitNumber: number
}

/** Writes of a transaction are applied in order. A later one replaces an earlier one. */
export type Write<T extends TableName = TableName> = RowWrite<T> | ScopeRemoval<T> | BlockWrite

/** Puts a row. `null` removes the row with this ID, if there is one. */
export type RowWrite<T extends TableName = TableName> = {
  [K in T]: {
    readonly table: K
    readonly scope: string
    readonly id: string
    readonly row: Tables[K] | null
  }
}[T]

/** Removes all rows of a scope. */
export type ScopeRemoval<T extends TableName = TableName> = {
  [K in T]: { readonly table: K; readonly scope: string; readonly empty: true }
}[T]

/**
 * Puts many members at once, in ascending order of their IDs. `rowsOf(block)` in column-block.ts
 * makes rows of them, for an adapter that stores rows one by one.
 */
export type BlockWrite = {
  readonly table: 'members'
  readonly scope: string
  readonly block: RowsOrBlock<MemberRow>
}

/** The writes of one transaction. */
export type Commit = { readonly commitNumber: number; readonly writes: readonly Write[] }
