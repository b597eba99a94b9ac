/** The database port in PostgreSQL's SQL, over any connection that runs it. */

import { randomBytes, randomUUID } from 'node:crypto'
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

/** A transaction could not be rolled back. */
export class BrokenConnectionError extends Error {}

/** Codes of a conflict between two transactions. Another attempt succeeds. */
const conflicts = new Set(['40001', '40P01'])
const attemptsMax = 5

const schema = `
  CREATE TABLE IF NOT EXISTS server (epoch text NOT NULL, receipt_key text NOT NULL);
  CREATE TABLE IF NOT EXISTS groups (
    group_id text PRIMARY KEY, seq bigint NOT NULL, body jsonb,
    floor bigint NOT NULL DEFAULT 0, digest bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 70);
  CREATE TABLE IF NOT EXISTS members (
    group_id text, user_id text COLLATE "C", body jsonb, revision bigint NOT NULL,
    PRIMARY KEY (group_id, user_id)
  );
  CREATE INDEX IF NOT EXISTS members_changed ON members (group_id, revision);
  CREATE TABLE IF NOT EXISTS others (
    group_id text, kind text, user_id text, body jsonb NOT NULL, revision bigint NOT NULL,
    PRIMARY KEY (group_id, kind, user_id)
  );
  CREATE TABLE IF NOT EXISTS tips (
    group_id text, seq bigint, body jsonb NOT NULL,
    PRIMARY KEY (group_id, seq)
  );
  CREATE TABLE IF NOT EXISTS log (
    group_id text, seq bigint, at_seconds bigint NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (group_id, seq)
  );
  CREATE INDEX IF NOT EXISTS log_by_time ON log (at_seconds);
  CREATE TABLE IF NOT EXISTS memberships (
    user_id text, group_id text, membership_epoch bigint NOT NULL, since bigint NOT NULL,
    follows boolean NOT NULL, "left" jsonb,
    PRIMARY KEY (user_id, group_id)
  );
  CREATE INDEX IF NOT EXISTS memberships_of_group ON memberships (group_id);
  CREATE TABLE IF NOT EXISTS feeds (
    user_id text PRIMARY KEY, head bigint NOT NULL, floor bigint NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS feed (
    user_id text, fseq bigint, at_seconds bigint NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (user_id, fseq)
  );
  CREATE INDEX IF NOT EXISTS feed_by_time ON feed (at_seconds);
  CREATE TABLE IF NOT EXISTS verdicts (
    user_id text, op_id text, group_id text NOT NULL, name text NOT NULL,
    at_seconds bigint NOT NULL, is_refusal boolean NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (user_id, op_id)
  );
  CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (at_seconds);
`

/**
 * Opens a database of groups for `startServer`, and creates its tables if they are missing. Rejects
 * if a statement fails.
 *
 * @example
 * const database = await openSqlDatabase(await openPGlite('./data'))
 */
export async function openSqlDatabase(sql: Sql): Promise<Database> {
  const within = <T>(begin: string, work: (query: SqlQuery) => Promise<T>) =>
    sql.withConnection(async query => {
      await query(begin)
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

  const epoch = await within('BEGIN', async query => {
    // If several servers start at the same time, the lock lets one of them create the tables.
    await query('SELECT pg_advisory_xact_lock(0)')
    for (const statement of schema.split(';\n')) if (statement.trim()) await query(statement)
    const fresh = [randomUUID(), randomBytes(32).toString('base64url')]
    await query(
      `INSERT INTO server (epoch, receipt_key)
       SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM server)`,
      fresh
    )
    return (await reader(query).identity()).epoch
  })

  async function writing<T>(work: (query: SqlQuery) => Promise<T>, attempt = 1): Promise<T> {
    try {
      return await within('BEGIN', work)
    } catch (error) {
      if (attempt === attemptsMax || !conflicts.has((error as { code?: string }).code ?? ''))
        throw error
      return writing(work, attempt + 1)
    }
  }

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
    snapshot: work =>
      within('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', query => work(reader(query))),
    compact: before => writing(query => compact(query, before)),
    close: () => sql.close()
  }
}
