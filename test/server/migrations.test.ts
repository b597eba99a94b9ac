/** Tables of an older or a newer build, with data. */

import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/server/database/migrations.ts'
import { openPostgres } from '../../src/server/database/postgres.ts'
import { openSqlDatabase, type Sql } from '../../src/server/database/sql.ts'
import { entry, member, writes } from './database-rows.ts'
import { createDatabase, missing } from './postgres.ts'

/** An empty database. */
async function openEmpty(): Promise<Sql> {
  const sql = openPostgres(await createDatabase())
  onTestFinished(() => sql.close())
  return sql
}

const versionsOf = async (sql: Sql) =>
  (await sql.withConnection(query => query('SELECT version FROM schema_versions ORDER BY version')))
    .rows

const indexesOf = async (sql: Sql) =>
  (
    await sql.withConnection(query =>
      query(`SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname`)
    )
  ).rows

test.skipIf(missing)('tables of the first version are upgraded with their data', async () => {
  const fresh = await openEmpty()
  await openSqlDatabase(fresh)
  const old = await openEmpty()
  await old.withConnection(async query => {
    await query('BEGIN')
    await migrate(query, 1)
    await query(`INSERT INTO server (epoch, receipt_key) VALUES ('the epoch', 'the key')`)
    await query(
      `INSERT INTO members (group_id, user_id, body, revision) VALUES ('crew', 'ann', $1, 1)`,
      [JSON.stringify(member('crew', 'ann', 1).row)]
    )
    await query('COMMIT')
  })
  const database = await openSqlDatabase(old)
  expect(database.epoch).toBe('the epoch')
  expect(await database.snapshot(tx => tx.members('crew', ['ann']))).toEqual([
    member('crew', 'ann', 1)
  ])
  expect([await versionsOf(old), await indexesOf(old)]).toEqual([
    await versionsOf(fresh),
    await indexesOf(fresh)
  ])
})

test.skipIf(missing)('tables are created once, however often the database is opened', async () => {
  const sql = await openEmpty()
  const first = await openSqlDatabase(sql)
  await first.transaction(async tx => {
    await tx.lockGroup('crew')
    await tx.write(writes('crew', { log: [entry(1)] }))
  })
  const second = await openSqlDatabase(sql)
  expect(second.epoch).toBe(first.epoch)
  expect((await second.snapshot(tx => tx.group('crew'))).seq).toBe(1)
})

test.skipIf(missing)('tables of a newer build are refused and stay as they are', async () => {
  const url = await createDatabase()
  const sql = openPostgres(url)
  onTestFinished(() => sql.close())
  await openSqlDatabase(sql)
  await sql.withConnection(query => query('INSERT INTO schema_versions (version) VALUES (999)'))
  const versions = await versionsOf(sql)
  const refused = openPostgres(url)
  await expect(openSqlDatabase(refused)).rejects.toThrow(/version 999.*install the newer build/)
  expect(await versionsOf(sql)).toEqual(versions)
  await expect(versionsOf(refused)).rejects.toThrow('after calling end')
})

test.skipIf(missing)('twelve servers open an empty PostgreSQL at once', async () => {
  const url = await createDatabase()
  const pools = Array.from({ length: 12 }, () => openPostgres(url, { connectionsMax: 2 }))
  onTestFinished(async () => void (await Promise.all(pools.map(pool => pool.close()))))
  const opened = await Promise.all(pools.map(openSqlDatabase))
  expect(new Set(opened.map(({ epoch }) => epoch)).size).toBe(1)
})
