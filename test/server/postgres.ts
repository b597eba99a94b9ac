/** A real PostgreSQL for one test file: a cluster in a temporary folder, with its socket there. */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must } from '../../src/kernel/must.ts'
import type { Database } from '../../src/server/database/port.ts'
import { BrokenConnectionError, openSqlDatabase, type Sql } from '../../src/server/database/sql.ts'

const installed = '/usr/lib/postgresql'
const programs = existsSync(installed)
  ? readdirSync(installed).map(version => join(installed, version, 'bin'))
  : []
const bin = [...programs, '/usr/local/bin', '/usr/bin'].find(folder =>
  existsSync(join(folder, 'initdb'))
)
// PostgreSQL refuses to run as root. It ends with this process, even if that is killed.
const user =
  process.getuid?.() === 0 ? ['--reuid=postgres', '--regid=postgres', '--clear-groups'] : []
const asUser = ['setpriv', '--pdeathsig=QUIT', ...user]

type Client = {
  query(text: string, params?: unknown[]): Promise<{ rows: unknown[] }>
  release(destroy?: boolean): void
}
type Pool = { connect(): Promise<Client>; query: Client['query']; end(): Promise<void> }
type Driver = {
  Pool: new (options: { host: string; user: string; database: string; max: number }) => Pool
}

const require = createRequire(import.meta.url)
function findDriver(): Driver | undefined {
  try {
    return require('pg') as Driver
  } catch {
    // Expected: `pg` is not installed.
    return undefined
  }
}
const driver = findDriver()

/** The reason that no PostgreSQL can be started. */
export const missing = !bin
  ? 'PostgreSQL is not installed: its tests are skipped'
  : !driver
    ? 'the package pg is not installed: the tests on PostgreSQL are skipped'
    : undefined
if (missing) process.stderr.write(`${missing}\n`)

let cluster: { readonly folder: string; readonly server: ChildProcess } | undefined
let count = 0
let open = 0

function startCluster(): { folder: string; server: ChildProcess } {
  const folder = mkdtempSync(join(tmpdir(), 'offline-groups-pg-'))
  if (user.length > 0) spawnSync('chown', ['postgres:postgres', folder])
  else chmodSync(folder, 0o700)
  const command = (program: string, ...args: string[]): [string, string[]] => {
    const [first = '', ...rest] = [...asUser, join(bin ?? '', program), ...args]
    return [first, rest]
  }
  const data = join(folder, 'data')
  const created = spawnSync(
    ...command('initdb', '-D', data, '-U', 'test', '-A', 'trust', '--no-sync', '-E', 'UTF8'),
    {
      encoding: 'utf8'
    }
  )
  if (created.status !== 0) throw new Error(created.stderr)
  const settings = ['listen_addresses=', 'fsync=off', 'max_connections=50'].flatMap(each => [
    '-c',
    each
  ])
  const server = spawn(...command('postgres', '-D', data, '-k', folder, ...settings), {
    stdio: 'ignore'
  })
  server.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return { folder, server }
}

/** Lends connections of a pool. */
function pooled(pool: Pool): Sql {
  return {
    async withConnection(work) {
      const client = await pool.connect()
      try {
        const answer = await work((text, params = []) => client.query(text, [...params]))
        client.release()
        return answer
      } catch (error) {
        client.release(error instanceof BrokenConnectionError)
        throw error
      }
    },
    close: () => pool.end()
  }
}

/** An empty database with ten connections. */
export async function openPostgres(): Promise<Database> {
  const { Pool } = must(driver)
  cluster ??= startCluster()
  const name = `test${count++}`
  const to = { host: cluster.folder, user: 'test' }
  const admin = new Pool({ ...to, database: 'postgres', max: 1 })
  for (let attempt = 0; ; attempt++) {
    try {
      await admin.query(`CREATE DATABASE ${name}`)
      break
    } catch (error) {
      // Expected: the cluster has not started yet.
      if (attempt === 100) throw error
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
  await admin.end()
  open++
  const database = await openSqlDatabase(pooled(new Pool({ ...to, database: name, max: 10 })))
  return {
    ...database,
    async close() {
      await database.close()
      if (--open > 0) return
      const { server } = must(cluster)
      cluster = undefined
      const ended = new Promise(resolve => server.once('exit', resolve))
      server.kill('SIGQUIT')
      await ended
    }
  }
}
