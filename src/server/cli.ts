#!/usr/bin/env node
/** The sync server from a command line. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inFlags, readSettings, usage, type Command, type Settings } from './cli-settings.ts'
import { openPGlite, openPostgres, openSqlDatabase, startServer } from './main.ts'
import { newestVersion, versionOf } from './database/migrations.ts'
import { checkOptions } from './options.ts'

const print = (line: string) => void process.stdout.write(`${line}\n`)

type Given = Settings & { readonly port: number; readonly dataDir: string }

const openSql = async ({ databaseURL, dataDir }: Given) =>
  databaseURL === undefined ? openPGlite(dataDir) : openPostgres(databaseURL)

/** The folder of an embedded database is created by its first start alone. */
const hasDatabase = ({ databaseURL, dataDir }: Given): boolean =>
  databaseURL !== undefined || existsSync(join(dataDir, 'pg'))

/** `Given` without the options that `startServer` does not have. */
function optionsOf({ databaseURL, dataDir, ...options }: Given) {
  return databaseURL === undefined ? { ...options, dataDir } : options
}

const run: Readonly<Record<Command, (given: Given) => Promise<void>>> = {
  help: async () => print(usage),
  async version() {
    const file = new URL('../../../package.json', import.meta.url)
    print((JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version)
  },
  async 'new-epoch'(given) {
    // A wrong folder would get an empty database, and the restored one would keep its epoch.
    if (!hasDatabase(given)) throw new Error(`dataDir: ${given.dataDir} holds no database`)
    const database = await openSqlDatabase(await openSql(given))
    await database.renewEpoch()
    await database.close()
    print('The database has a new epoch.')
  },
  async check(given) {
    checkOptions(optionsOf(given))
    print('settings: right')
    if (!hasDatabase(given)) return print(`database: embedded, will be created in ${given.dataDir}`)
    const sql = await openSql(given)
    try {
      const version = await sql.withConnection(versionOf)
      print(`database: tables of version ${version}, this build makes version ${newestVersion}`)
    } finally {
      await sql.close()
    }
  },
  async start(given) {
    const options = optionsOf(given)
    checkOptions(options)
    const server = await startServer(
      given.databaseURL === undefined
        ? options
        : { ...options, database: await openSqlDatabase(await openSql(given)) }
    )
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => void server.close().then(() => process.exit(0)))
    // The last step: a supervisor may end the server as soon as it reads this line.
    print(`Sync server: ${server.url}`)
  }
}

try {
  const { command, settings } = readSettings(process.argv.slice(2), process.env)
  const { sdkAppID = NaN, secretKey = '' } = settings
  await run[command]({
    port: 8788,
    dataDir: './offline-groups-data',
    ...settings,
    sdkAppID,
    secretKey
  })
} catch (error) {
  // Expected: a wrong setting, a port in use, a database in use. One line names the problem.
  process.stderr.write(`${inFlags(error instanceof Error ? error.message : String(error))}\n`)
  process.exitCode = 2
}
