/** The examples of the server's public functions run unchanged. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateUserSig, startServer, type SyncServer } from 'offline-groups/server'
import { connectWebSocket } from 'offline-groups/ports'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openClient } from '../../src/testing/sync/client.ts'
import { examplesOf, runCode } from '../examples.ts'

// Node before version 22 has no WebSocket.
Object.assign(globalThis, { WebSocket })

const app = { sdkAppID: 1400000000, secretKey: 'a secret' }
const examples = ['server/main.ts', 'server/user-sig.ts'].flatMap(file =>
  examplesOf(file, readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8'))
)

const folder = mkdtempSync(join(tmpdir(), 'examples-'))
const started: SyncServer[] = []
const start = async (options: Parameters<typeof startServer>[0]) => {
  const server = await startServer(options)
  started.push(server)
  return server
}

let server: SyncServer
beforeAll(async () => {
  server = await start(app)
  const ann = await openClient(connectWebSocket(server.url))
  await ann.login({ token: generateUserSig(app, { userID: 'ann' }) })
  const args = { groupID: 'crew', name: 'Crew', type: 'Public' }
  const operation = {
    opID: 'a',
    name: 'createGroup',
    args,
    groupID: 'crew',
    seen: 0,
    waitedSeconds: 0
  }
  expect(await ann.judge(operation)).toMatchObject([{ kind: 'applied' }])
  ann.close()
})

afterAll(async () => {
  await Promise.all(started.map(each => each.close()))
  rmSync(folder, { recursive: true })
})

test('the server has three examples', () => expect(examples).toHaveLength(3))

test.each(examples)('$title', async ({ code }) => {
  const lines: unknown[] = []
  const around = { startServer: start, generateUserSig, console: { log: lines.push.bind(lines) } }
  // Each example writes to a temporary folder.
  const here = code.replaceAll("'./data'", JSON.stringify(join(folder, 'data')))
  await runCode(here, here.includes('const server') ? around : { ...around, server })
  if (here.includes('console.log')) expect(lines[0]).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/sync$/)
})
