/** The database port in PostgreSQL's SQL, over any connection that runs it. */

import { randomBytes, randomUUID } from 'node:crypto'
import { migrate } from './migrations.ts'
import type { Database } from './port.ts'
import { reader } from './sql-reader.ts'
import type { SqlQuery } from './sql-rows.ts'
import { compact, writer } from './sql-writer.ts'

export type { SqlQuery } from './sql-rows.ts'

/**
 * The connection to a database that runs PostgreSQL's SQL. Implement it over your driver and its
 * pool.
 */
export type Sql = {
  /**
   * Calls `work` with a function that runs statements on one connection. No other caller may use
   * the connection meanwhile. If `work` rejects, the connection may still be in a transaction: roll
   * it back or close it before another use. With `isLong`, its statements upgrade tables or delete
   * old data: the connection must not end them after a time.
   */
  withConnection<T>(
    work: (query: SqlQuery) => Promise<T>,
    options?: { readonly isLong?: boolean }
  ): Promise<T>
  /** Closes all connections. A second call changes nothing. */
  close(): Promise<void>
}

/** The connection cannot be used any more: a transaction could not be begun or rolled back. */
export class BrokenConnectionError extends Error {}
/** Nothing has run, so another attempt, on another connection, changes nothing twice. */
class NotBegunError extends BrokenConnectionError {}

/** Codes of a conflict between two transactions. Another attempt succeeds. */
const conflicts = new Set(['40001', '40P01'])
const attemptsMax = 5
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? ''
/** The statement itself is wrong. Otherwise the connection is lost, or the database shuts down. */
const isFromStatement = (error: unknown): boolean =>
  /^(?!08|57P)[0-9FHPX][0-9A-Z]{4}$/.test(codeOf(error))

/** `isLong`: the transaction may take longer than one of the service. */
type Begin = { readonly begin: string; readonly isLong: boolean }
// Explicit, because the default is a setting of the database.
const readCommitted = { begin: 'BEGIN ISOLATION LEVEL READ COMMITTED', isLong: false }
const readOnly = { begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', isLong: false }
const longWrite = { ...readCommitted, isLong: true }

/**
 * Opens a database of groups for `startServer`, and creates or upgrades its tables. Rejects if a
 * statement fails, or if a newer build has upgraded the tables. It closes `sql` first.
 *
 * @example
 * const database = await openSqlDatabase(await openPGlite('./data'))
 */
export async function openSqlDatabase(sql: Sql): Promise<Database> {
  const attempt = <T>({ begin, isLong }: Begin, work: (query: SqlQuery) => Promise<T>) =>
    sql.withConnection(
      async query => {
        await query(begin).catch((cause: unknown) => {
          throw new NotBegunError(`a transaction could not be begun: ${String(cause)}`, { cause })
        })
        try {
          if (isLong) await query('SET LOCAL statement_timeout = 0')
          const result = await work(query)
          await query('COMMIT')
          return result
        } catch (error) {
          await query('ROLLBACK').catch((cause: unknown) => {
            throw new BrokenConnectionError(
              `a transaction could not be rolled back after: ${String(error)}`,
              { cause }
            )
          })
          throw error
        }
      },
      { isLong }
    )

  /** Read committed: a statement is a transaction by itself. */
  const oneStatement = <T>(work: (query: SqlQuery) => Promise<T>) =>
    sql.withConnection(query => {
      let count = 0
      return work(async (text, params) => {
        if (count++ > 0) throw new Error('a read of one statement has several')
        return query(text, params).catch((cause: unknown) => {
          throw isFromStatement(cause)
            ? cause
            : new NotBegunError(`a statement could not be run: ${String(cause)}`, { cause })
        })
      })
    })

  async function retried<T>(attempt: () => Promise<T>, attempts = 1): Promise<T> {
    try {
      return await attempt()
    } catch (error) {
      const isRetried = error instanceof NotBegunError || conflicts.has(codeOf(error))
      if (!isRetried || attempts === attemptsMax)
        // The cause is the same error for every call on a database that has ended.
        throw error instanceof NotBegunError ? error.cause : error
      return retried(attempt, attempts + 1)
    }
  }
  const within = <T>(begin: Begin, work: (query: SqlQuery) => Promise<T>) =>
    retried(() => attempt(begin, work))

  const epoch = await within(longWrite, prepare).catch(async (error: unknown) => {
    // Otherwise the process would not end, and the folder would stay locked.
    await sql.close()
    throw error
  })

  let isClosing = false
  let compactions: Promise<unknown> = Promise.resolve()
  const writing = <T>(work: (query: SqlQuery) => Promise<T>) => within(readCommitted, work)

  return {
    epoch,
    renewEpoch: from =>
      writing(async query => {
        const renewed = await query(
          'UPDATE server SET epoch = $1 WHERE epoch = $2 OR $2 IS NULL RETURNING epoch',
          [randomUUID(), from ?? null]
        )
        return renewed.rows.length > 0
      }),
    transaction: work => writing(query => work({ ...reader(query), ...writer(query) })),
    snapshot: (work, { isOneStatement = false } = {}) =>
      isOneStatement
        ? retried(() => oneStatement(query => work(reader(query))))
        : within(readOnly, query => work(reader(query))),
    compact(before) {
      // Each statement is a transaction: a long one must not lock the rows of the others. If the
      // database is closed meanwhile, the next compaction deletes the rest.
      const run: SqlQuery = async (text, params) =>
        isClosing ? { rows: [] } : within(longWrite, query => query(text, params))
      const compaction = compact(run, before)
      compactions = Promise.allSettled([compactions, compaction])
      return compaction
    },
    async close() {
      isClosing = true
      await compactions
      await sql.close()
    }
  }
}

/** Upgrades the tables. Returns the epoch. */
async function prepare(query: SqlQuery): Promise<string> {
  await migrate(query)
  const fresh = [randomUUID(), randomBytes(32).toString('base64url')]
  await query(
    `INSERT INTO server (epoch, receipt_key)
     SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM server)`,
    fresh
  )
  return (await reader(query).identity()).epoch
}
