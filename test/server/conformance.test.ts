/** The server passes the contract of sync servers, over both transports and on every database. */

import { readFileSync } from 'node:fs'
import * as packagedPorts from 'offline-groups/ports'
import * as packagedServer from 'offline-groups/server'
import * as packagedKit from 'offline-groups/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import { must } from '../../src/kernel/must.ts'
import { connectHttp, connectWebSocket } from '../../src/ports.ts'
import { syncServerContract } from '../../src/testing/index.ts'
import { databasesWithPostgres as databases } from './databases.ts'
import { app } from './raw-client.ts'

// Node before version 22 has no WebSocket.
Object.assign(globalThis, { WebSocket })

const transports = {
  WebSocket: (server: SyncServer) => connectWebSocket(server.url),
  HTTP: (server: SyncServer) => connectHttp(server.url.replace('ws', 'http'))
}

for (const [transport, connect] of Object.entries(transports)) {
  for (const [name, openDatabase] of Object.entries(databases)) {
    describe(`a server over ${transport} on a database ${name}`, () => {
      let server: SyncServer
      const errors: unknown[] = []
      const start = async () => {
        server = await startServer({
          ...app,
          database: kept,
          onError: error => void errors.push(error)
        })
      }
      let kept: Awaited<ReturnType<typeof openDatabase>>
      beforeAll(async () => {
        const database = await openDatabase()
        // The database stays open when its server is restarted.
        kept = { ...database, close: () => Promise.resolve() }
        await start()
        return database.close
      })
      afterAll(() => server.close())

      syncServerContract(
        { test, expect },
        {
          connect: events => connect(server)(events),
          makeToken: userID => generateUserSig(app, { userID }),
          makeExpiredToken: userID =>
            generateUserSig(app, { userID, expireSeconds: 60, now: Date.now() - 61_000 }),
          async restart() {
            await server.close()
            await start()
          }
        }
      )

      test('no error was reported meanwhile', () => expect(errors).toEqual([]))
    })
  }
}

describe('the example of the contract', async () => {
  const source = readFileSync(
    new URL('../../src/testing/sync-contract.ts', import.meta.url),
    'utf8'
  )
  const example = must(/@example\n(?<code>[\s\S]*?)\*\//.exec(source)?.groups?.['code']).replaceAll(
    /^ +\* ?/gm,
    ''
  )
  const AsyncFunction = (async () => undefined).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<void>
  // The example sees only exports of the package and its test runner.
  const around = { ...packagedPorts, ...packagedServer, ...packagedKit, test, expect, afterAll }
  await new AsyncFunction(...Object.keys(around), example)(...Object.values(around))
})
