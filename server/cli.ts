#!/usr/bin/env node
/** The sync server from a command line. */

import { parseArgs } from 'node:util'
import { openPGlite, openSqlDatabase, startServer } from './main.ts'

const usage = `offline-groups-server: the sync server of Offline Groups

  --app-id N        the app's number, as in TIM.create({ SDKAppID: N })
  --port N          8788 unless given
  --host ADDRESS    127.0.0.1 unless given
  --data FOLDER     where the database keeps its files; ./offline-groups-data unless given
  --admin USERID    an app admin; may be given several times
  --origin ORIGIN   a page that may connect; any when none is given; may be given several times
  --new-epoch       run once after a backup was put back: clients forget what they were told since, keep what they have
                    not sent, and are told everything anew; then ends

The key that userSigs are signed with is read from the environment: OFFLINE_GROUPS_SECRET.`

const { values } = parseArgs({
  options: {
    'app-id': { type: 'string' },
    port: { type: 'string', default: '8788' },
    host: { type: 'string', default: '127.0.0.1' },
    data: { type: 'string', default: './offline-groups-data' },
    admin: { type: 'string', multiple: true, default: [] },
    origin: { type: 'string', multiple: true },
    'new-epoch': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' }
  }
})
const secretKey = process.env['OFFLINE_GROUPS_SECRET']
const sdkAppID = Number(values['app-id'])

if (values['new-epoch']) {
  const database = await openSqlDatabase(await openPGlite(values.data))
  await database.renewEpoch()
  await database.close()
  process.stdout.write(`${values.data} has a new epoch\n`)
  process.exit(0)
}

if (values.help || !secretKey || !Number.isSafeInteger(sdkAppID)) {
  process.stdout.write(`${usage}\n`)
  process.exit(values.help ? 0 : 2)
}

const server = await startServer({
  sdkAppID,
  secretKey,
  port: Number(values.port),
  host: values.host,
  dataDir: values.data,
  appAdmins: values.admin,
  ...(values.origin && { allowedOrigins: values.origin })
})
process.stdout.write(`Sync server: ${server.url}\n`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)))
}
