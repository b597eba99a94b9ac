/** PostgreSQL as the database, over a pool of connections. */

import pg from 'pg'
import { BrokenConnectionError, type Sql } from './sql.ts'

/** How long the database may take before the server gives up, in milliseconds. */
const limitsMs = {
  connect: 10_000,
  /** PostgreSQL ends a longer statement itself. */
  statement: 30_000,
  /** Longer than `statement`: no answer came, so the network or the machine has gone. */
  answer: 40_000,
  /** A server that has hung in a transaction must not keep its locks. */
  idleInTransaction: 60_000,
  /** The longest timer there is, 24 days. The driver takes 0 for `answer`. */
  longAnswer: 2_147_483_647
}

/**
 * Connects to PostgreSQL 15 or later. `url` is a connection string such as
 * `postgres://user:password@host:5432/name`, with the parameters of libpq (`?sslmode=verify-full`).
 * `connectionsMax` is the size of the pool (default: 10). No connection is made yet:
 * `openSqlDatabase` makes the first, and rejects if that fails. Later a lost connection fails the
 * statements on it, and the pool makes a new one. `onError` receives the loss of an idle one.
 *
 * @example
 * const database = await openSqlDatabase(openPostgres('postgres://chat:secret@localhost/chat'))
 */
export function openPostgres(
  url: string,
  {
    connectionsMax = 10,
    onError = () => undefined
  }: { readonly connectionsMax?: number; onError?(error: unknown): void } = {}
): Sql {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    fallback_application_name: 'offline-groups',
    keepAlive: true,
    connectionTimeoutMillis: limitsMs.connect,
    statement_timeout: limitsMs.statement,
    query_timeout: limitsMs.answer,
    idle_in_transaction_session_timeout: limitsMs.idleInTransaction
  })
  pool.on('error', onError)
  // The statement on a lost connection fails too. Without a listener, the process would end.
  pool.on('connect', client => client.on('error', () => undefined))
  let closed: Promise<void> | undefined

  return {
    async withConnection(work, { isLong = false } = {}) {
      const limits = isLong ? { query_timeout: limitsMs.longAnswer } : {}
      const client = await pool.connect()
      let isBroken = false
      try {
        return await work((text, params = []) =>
          client.query({ ...limits, text, values: [...params] })
        )
      } catch (error) {
        isBroken = error instanceof BrokenConnectionError
        throw error
      } finally {
        client.release(isBroken)
      }
    },
    close: () => (closed ??= pool.end())
  }
}
