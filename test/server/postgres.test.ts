/** PostgreSQL that ends connections, statements and itself, under the server's pool. */

import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../src/server/database/postgres.ts'
import { must } from '../../src/kernel/must.ts'
import { groupReader } from '../../src/server/database/sql-group-reader.ts'
import { openSqlDatabase, type Sql } from '../../src/server/database/sql.ts'
import { entry, writes } from './database-rows.ts'
import { createDatabase, missing } from './postgres.ts'
import { request } from './sync-request.ts'

async function open() {
  const errors: unknown[] = []
  const sql = openPostgres(await createDatabase(), { onError: error => void errors.push(error) })
  const database = await openSqlDatabase(sql)
  onTestFinished(() => database.close())
  /** Ends all other connections to the database, as an operator or a failover does. */
  const cut = () =>
    sql.withConnection(query =>
      query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`
      )
    )
  return { sql, database, errors, cut }
}

test.skipIf(missing)('a transaction on a lost connection rejects without a write', async () => {
  const { database, cut } = await open()
  const lost = database.transaction(async tx => {
    await tx.lockGroup('crew')
    await tx.write(writes('crew', { log: [entry(1)] }))
    await cut()
  })
  await expect(lost).rejects.toThrow()
  expect((await database.snapshot(tx => tx.group('crew'))).seq).toBe(0)
})

test.skipIf(missing)('idle connections that are lost are reported and replaced', async () => {
  const { database, errors, cut } = await open()
  const read = () => database.snapshot(tx => tx.group('crew'))
  await Promise.all(Array.from({ length: 5 }, read))
  await cut()
  await expect.poll(() => errors.length).toBeGreaterThan(0)
  await Promise.all(Array.from({ length: 20 }, read))
})

test.skipIf(missing)('a caught error of a statement leaves the connection usable', async () => {
  const { sql } = await open()
  for (let count = 0; count < 30; count++)
    await expect(sql.withConnection(query => query('SELECT 1 / 0'))).rejects.toMatchObject({
      code: '22012'
    })
  expect((await sql.withConnection(query => query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }])
})

test.skipIf(missing)('a server that is not there is an error, not a wait', async () => {
  const sql = openPostgres('postgres://nobody@127.0.0.1:1/nothing')
  onTestFinished(() => sql.close())
  await expect(openSqlDatabase(sql)).rejects.toThrow('ECONNREFUSED')
})

test.skipIf(missing)('an upgrade and a deletion may take longer than a statement', async () => {
  const url = await createDatabase()
  const other = openPostgres(url)
  onTestFinished(() => other.close())
  const impatient = `${url}&statement_timeout=100&query_timeout=100`
  const opening = async () => openSqlDatabase(openPostgres(impatient))
  const database = await duringLock(other, 'SELECT pg_advisory_xact_lock(0)', opening)
  onTestFinished(() => database.close())
  await duringLock(other, 'LOCK TABLE feed', () =>
    database.compact({ history: 1, verdicts: 1, refusals: 1 })
  )
  await duringLock(other, 'LOCK TABLE feed', () =>
    expect(database.snapshot(tx => tx.sync('ann', { ...request, feed: 1 }))).rejects.toThrow(
      'timeout'
    )
  )
})

test.skipIf(missing)('a database that is closed ends a deletion early', async () => {
  const url = await createDatabase()
  const other = openPostgres(url)
  onTestFinished(() => other.close())
  const database = await openSqlDatabase(openPostgres(url))
  const ended = duringLock(other, 'LOCK TABLE feed', () =>
    Promise.all([database.compact({ history: 1, verdicts: 1, refusals: 1 }), database.close()])
  )
  await expect(ended).resolves.toEqual([undefined, undefined])
})

test.skipIf(missing)('a page of the members of a large group sorts nothing', async () => {
  const { sql } = await open()
  const plans = await sql.withConnection(async query => {
    await query(
      `INSERT INTO members (group_id, user_id, body, revision)
       SELECT 'crew', 'user' || n, jsonb_build_object('role', 'Member', 'joinTime', n % 1000), 1
       FROM generate_series(1, 20000) n`
    )
    await query('ANALYZE members')
    const explained: unknown[] = []
    const { membersByRole } = groupReader(async (text, params) => {
      explained.push((await query(`EXPLAIN ${text}`, params)).rows)
      return { rows: [] }
    })
    await membersByRole('crew', { offset: 200, limit: 100 })
    await membersByRole('crew', { offset: 0, limit: 100, role: 'Admin' })
    return explained.map(each => JSON.stringify(each))
  })
  expect(plans.map(plan => [plan.includes('members_by_role'), plan.includes('Sort')])).toEqual([
    [true, false],
    [true, false]
  ])
})

/** Another connection holds the lock for half a second after `work` has begun. */
async function duringLock<T>(sql: Sql, lock: string, work: () => Promise<T>): Promise<T> {
  const [result] = await sql.withConnection(async query => {
    await query('BEGIN')
    await query(lock)
    const working = work()
    working.catch(() => undefined)
    await setTimeout(500)
    await query('COMMIT')
    return [working]
  })
  return must(result)
}

test.skipIf(missing)('a deletion that fails keeps the deletions before it', async () => {
  const { sql, database } = await open()
  await database.transaction(async tx => {
    await tx.lockGroup('crew')
    await tx.write(writes('crew', { log: [entry(1)] }))
  })
  await sql.withConnection(query => query('ALTER TABLE verdicts RENAME TO moved'))
  const future = 10_000_000_000
  const compacted = database.compact({ history: future, verdicts: 0, refusals: 0 })
  await expect(compacted).rejects.toThrow('verdicts')
  expect((await database.snapshot(tx => tx.group('crew'))).floor).toBe(1)
})
