#!/usr/bin/env node
/** The sync server from a command line. */

import { parseArgs } from 'node:util'
import { openPGlite, openSqlDatabase, startServer } from './main.ts'

const usage = `offline-groups-server: the sync server of Offline Groups

  --app-id N        the app's number, as in TIM.create({ SDKAppID: N })
  --port N          8788 unless given
  --host ADDRESS    127.0.0.1 unless given
  --data FOLDER     the folder of the database; ./offline-groups-data unless given
  --admin USERID    an app admin; may be given several times
  --origin ORIGIN   an origin that may connect; all unless given; may be given several times
  --new-epoch       declares a restored backup, and ends. Run it once, before the server starts.
                    Clients forget the lost changes, keep their unsent operations, and receive
                    everything again.

The environment variable OFFLINE_GROUPS_SECRET has the key that signs userSigs.`

const options = {
  'app-id': { type: 'string' },
  port: { type: 'string', default: '8788' },
  host: { type: 'string', default: '127.0.0.1' },
  data: { type: 'string', default: './offline-groups-data' },
  admin: { type: 'string', multiple: true, default: [] as string[] },
  origin: { type: 'string', multiple: true },
  'new-epoch': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
} as const

/** Starts the server. Throws if an option is wrong. */
async function start() {
  const { values } = parseArgs({ options })
  if (values.help) {
    process.stdout.write(`${usage}\n`)
    return undefined
  }
  if (values['new-epoch']) {
    const database = await openSqlDatabase(await openPGlite(values.data))
    await database.renewEpoch()
    await database.close()
    process.stdout.write(`${values.data} has a new epoch\n`)
    return undefined
  }
  const secretKey = process.env['OFFLINE_GROUPS_SECRET']
  if (values['app-id'] === undefined) throw new Error('--app-id: is missing')
  if (secretKey === undefined)
    throw new Error('OFFLINE_GROUPS_SECRET: is not set in the environment')
  return startServer({
    sdkAppID: wholeNumber('--app-id', values['app-id']),
    secretKey,
    port: wholeNumber('--port', values.port),
    host: values.host,
    dataDir: values.data,
    appAdmins: values.admin,
    ...(values.origin && { allowedOrigins: values.origin })
  })
}

// `Number('')` is 0, and port 0 would mean any free port.
function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text))
    throw new Error(`${option}: must be a whole number; it is ${JSON.stringify(text)}`)
  return Number(text)
}

try {
  const server = await start()
  if (server) {
    process.stdout.write(`Sync server: ${server.url}\n`)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void server.close().then(() => process.exit(0)))
    }
  }
} catch (error) {
  // Expected: a wrong option, a port in use, a database in use. One line names the problem.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
