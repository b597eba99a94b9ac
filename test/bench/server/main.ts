/** Prints a table of the server's costs. Each rate stands beside a baseline of the same run. */

import { parseArgs } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { openPostgres } from '../../../src/server/database/postgres.ts'
import { openSqlDatabase, type Sql } from '../../../src/server/database/sql.ts'
import { inProcess } from '../../server/databases.ts'
import { createDatabase, missing, stopCluster } from '../../server/postgres.ts'
import { seedGroups } from '../../server/seed.ts'
import { baseline } from './baseline.ts'
import { counted, openLine, type Line } from './line.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'logins,writes' },
    seconds: { type: 'string', default: '3' }
  }
})
const parts = values.only.split(',')
const seconds = Number(values.seconds)
const clients = 64
const print = (...columns: (string | number)[]) => console.log(columns.join(' | '))

if (missing === undefined) {
  const url = await createDatabase()
  await measure('PostgreSQL', openPostgres(url, { connectionsMax: 10 }), url)
  await stopCluster()
}
await measure('embedded', inProcess(await PGlite.create()))

async function measure(name: string, sql: Sql, url?: string): Promise<void> {
  print(`\n${name}`, 'result')
  const { sql: watched, statements } = counted(sql)
  const database = await openSqlDatabase(watched)
  if (parts.includes('logins')) {
    await sql.withConnection(query =>
      seedGroups(query, { userID: 'ann', groups: 1000, members: 20 })
    )
    const ids = Array.from({ length: 1000 }, (_, index) => `group-${index + 1}`)
    const changed = ids.map((id, index) => [id, 1, index < 200 ? 1 : 2])
    const current = ids.map(id => [id, 1, 2])
    for (const [title, hello] of [
      ['login, 1,000 groups from nothing', {}],
      ['login, 200 of 1,000 groups changed', { feed: 1000, groups: changed }],
      ['login, nothing of 1,000 groups changed', { feed: 1000, groups: current }]
    ] as const) {
      const samples = []
      for (let round = 0; round < 5; round++) {
        const line = openLine(database, 'ann')
        statements.count = 0
        const cpu = process.cpuUsage()
        await line.logIn({ epoch: database.epoch, ...hello })
        const { user, system } = process.cpuUsage(cpu)
        samples.push((user + system) / 1000)
        line.close()
      }
      print(title, `${statements.count} statements, ${median(samples).toFixed(1)} ms CPU`)
    }
    const line = openLine(database, 'ann')
    await line.logIn({ epoch: database.epoch, feed: 1000, groups: current })
    statements.count = 0
    const cpu = process.cpuUsage()
    for (let count = 0; count < 100; count++) await line.ping()
    const { user, system } = process.cpuUsage(cpu)
    print(
      'ping, 1,000 groups',
      `${statements.count / 100} statements, ${((user + system) / 100_000).toFixed(2)} ms CPU`
    )
    line.close()
  }
  if (parts.includes('writes')) {
    const lines = await Promise.all(
      Array.from({ length: clients }, async (_, index) => {
        const line = openLine(database, `user-${index}`)
        await line.logIn({ epoch: database.epoch })
        await line.createGroup(`own-${index}`)
        return line
      })
    )
    const [first] = lines
    await first?.createGroup('hot')
    for (const line of lines.slice(1)) await line.join('hot')
    const rows: [string, Line[], (index: number) => string][] = [
      [`${clients} clients, a group each`, lines, index => `own-${index}`],
      [`${clients} clients, one group`, lines, () => 'hot'],
      ['one client at a time', lines.slice(0, 1), () => 'own-0']
    ]
    for (const [title, of, groupOf] of rows) {
      statements.count = 0
      const rate = await rateOf(of.length, index => of[index]?.setCard(groupOf(index)))
      const perOperation = statements.count / rate.operations
      if (!url) {
        print(
          title,
          `${rate.perSecond}/s, ${perOperation.toFixed(1)} statements, ${rate.cpuMs} ms CPU`
        )
        continue
      }
      const pool = new pg.Pool({ connectionString: url, max: 10 })
      const base = await baseline(pool)
      const theirs = await rateOf(of.length, index => base(groupOf(index), `user-${index}`))
      await pool.end()
      print(
        title,
        `${rate.perSecond}/s, ${perOperation.toFixed(1)} statements, ${rate.cpuMs} ms CPU`,
        `baseline ${theirs.perSecond}/s`,
        `${(rate.perSecond / theirs.perSecond).toFixed(1)} ×`
      )
    }
    for (const line of lines) line.close()
  }
  await database.close()
}

/** Each client begins its next operation when it has the verdict of the last one. */
async function rateOf(count: number, operate: (index: number) => Promise<unknown> | undefined) {
  let operations = 0
  const began = performance.now()
  const cpu = process.cpuUsage()
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      while (performance.now() - began < seconds * 1000) {
        await operate(index)
        operations++
      }
    })
  )
  const elapsed = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return {
    operations,
    perSecond: Math.round(operations / elapsed),
    cpuMs: ((user + system) / 1000 / operations).toFixed(2)
  }
}

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
