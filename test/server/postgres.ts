/** A real PostgreSQL for one test file: a cluster in a temporary folder, with its socket there. */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { must } from '../../src/kernel/must.ts'
import type { Database } from '../../src/server/database/port.ts'
import { openPostgres as connect } from '../../src/server/database/postgres.ts'
import { openSqlDatabase } from '../../src/server/database/sql.ts'

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

/** The reason that no PostgreSQL can be started. */
export const missing = bin ? undefined : 'PostgreSQL is not installed: its tests are skipped'
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

/** The address of an empty database. */
export async function createDatabase(): Promise<string> {
  cluster ??= startCluster()
  const name = `test${count++}`
  const to = (database: string) => `postgres:///${database}?host=${must(cluster).folder}&user=test`
  const admin = new pg.Pool({ connectionString: to('postgres'), max: 1 })
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
  return to(name)
}

/** An empty database with ten connections. */
export async function openPostgres(): Promise<Database> {
  const url = await createDatabase()
  open++
  const database = await openSqlDatabase(connect(url))
  return {
    ...database,
    async close() {
      await database.close()
      if (--open === 0) await stopCluster()
    }
  }
}

export async function stopCluster(): Promise<void> {
  if (!cluster) return
  const { server } = cluster
  cluster = undefined
  const ended = new Promise(resolve => server.once('exit', resolve))
  server.kill('SIGQUIT')
  await ended
}
