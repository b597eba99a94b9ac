/** PostgreSQL that ends connections, statements and itself, under the server's pool. */

import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../src/server/database/postgres.ts'
import { openSqlDatabase } from '../../src/server/database/sql.ts'
import { entry, writes } from './database-rows.ts'
import { createDatabase, missing } from './postgres.ts'

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
