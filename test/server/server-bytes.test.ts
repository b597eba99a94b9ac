/** What all users together may make the server hold. */

import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createAccounts } from '../../src/server/sessions/accounts.ts'
import { generateUserSig, startServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { openSession } from '../../src/server/sessions/session.ts'
import { kernelVersion } from '../../src/kernel/decide.ts'
import { protocolVersion } from '../../src/protocol/messages.ts'
import { createTestServer } from '../harness.ts'

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
const hello = (token: string) =>
  JSON.stringify({
    type: 'hello',
    protocol: protocolVersion,
    kernel: kernelVersion,
    token,
    epoch: '',
    feed: 0,
    groups: []
  })

test('parts of frames over 64 MiB, of all users, end a connection', async () => {
  const server = await startServer({ ...app, database: createMemoryDatabase('e') })
  onTestFinished(() => server.close())
  const bytes = 1_000_000
  const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x0f, 0xff, 0xff, 0, 0, 0, 0])
  let isEnded = false
  for (let index = 0; index < 72; index++) {
    const socket = new WebSocket(server.url)
    onTestFinished(() => socket.terminate())
    socket.on('error', () => undefined)
    await once(socket, 'open')
    socket.send(hello(generateUserSig(app, { userID: `user-${index % 4}` })))
    await once(socket, 'message')
    socket.on('close', () => (isEnded = true))
    // The library has no way to send half a frame.
    const stream = (socket as unknown as { _socket: NodeJS.WritableStream })._socket
    await new Promise(resolve => stream.write(Buffer.concat([head, Buffer.alloc(bytes)]), resolve))
  }
  await expect.poll(() => isEnded).toBe(true)
})

test('operations of all users together are refused over the limit: 10006', async () => {
  const memory = createMemoryDatabase('e')
  const { context, clock } = createTestServer({
    database: { ...memory, transaction: () => new Promise(() => undefined) }
  })
  const accounts = createAccounts({ slowAbove: 1_000_000, max: 3_000_000 })
  const errors: number[] = []
  for (let index = 0; index < 5; index++) {
    const session = openSession(
      { ...context, accounts },
      { send: () => undefined, close: error => errors.push(error?.code ?? 0) }
    )
    void session.receive(hello(`user-${index}`))
    await clock.advance(10)
    const args = { groupID: 'crew', name: 'x'.repeat(900_000) }
    const operation = {
      opID: 'op',
      name: 'updateGroupProfile',
      args,
      groupID: 'crew',
      seen: 0,
      waited: 0
    }
    void session.receive(JSON.stringify({ type: 'push', operations: [operation] }))
    await clock.advance(10)
  }
  expect(errors).toEqual([10006, 10006])
})
