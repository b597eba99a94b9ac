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
   * it back or close it before another use.
   */
  withConnection<T>(work: (query: SqlQuery) => Promise<T>): Promise<T>
  /** Closes all connections. */
  close(): Promise<void>
}

/** The connection cannot be used any more: a transaction could not be begun or rolled back. */
export class BrokenConnectionError extends Error {}
/** Nothing has run, so another attempt, on another connection, changes nothing twice. */
class NotBegunError extends BrokenConnectionError {}

/** Codes of a conflict between two transactions. Another attempt succeeds. */
const conflicts = new Set(['40001', '40P01'])
const attemptsMax = 5

// Explicit, because the default is a setting of the database.
const readCommitted = 'BEGIN ISOLATION LEVEL READ COMMITTED'
const readOnly = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'

/**
 * Opens a database of groups for `startServer`, and creates or upgrades its tables. Rejects if a
 * statement fails, or if a newer build has upgraded the tables.
 *
 * @example
 * const database = await openSqlDatabase(await openPGlite('./data'))
 */
export async function openSqlDatabase(sql: Sql): Promise<Database> {
  const attempt = <T>(begin: string, work: (query: SqlQuery) => Promise<T>) =>
    sql.withConnection(async query => {
      await query(begin).catch((cause: unknown) => {
        throw new NotBegunError(`a transaction could not be begun: ${String(cause)}`, { cause })
      })
      try {
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
    })

  async function within<T>(
    begin: string,
    work: (query: SqlQuery) => Promise<T>,
    attempts = 1
  ): Promise<T> {
    try {
      return await attempt(begin, work)
    } catch (error) {
      const isRetried =
        error instanceof NotBegunError || conflicts.has((error as { code?: string }).code ?? '')
      if (!isRetried || attempts === attemptsMax)
        // The cause is the same error for every call on a database that has ended.
        throw error instanceof NotBegunError ? error.cause : error
      return within(begin, work, attempts + 1)
    }
  }

  const epoch = await within(readCommitted, async query => {
    await migrate(query)
    const fresh = [randomUUID(), randomBytes(32).toString('base64url')]
    await query(
      `INSERT INTO server (epoch, receipt_key)
       SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM server)`,
      fresh
    )
    return (await reader(query).identity()).epoch
  })

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
    snapshot: work => within(readOnly, query => work(reader(query))),
    compact: before => writing(query => compact(query, before)),
    close: () => sql.close()
  }
}
