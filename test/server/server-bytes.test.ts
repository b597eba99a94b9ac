/** The limits of all users together. */

import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createAccounts } from '../../src/server/sessions/accounts.ts'
import { generateUserSig, startServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { openSession } from '../../src/server/sessions/session.ts'
import { createStuckDatabase, createTestServer } from '../harness.ts'
import { app, hello, longPush } from './raw-client.ts'

const helloFrom = (token: string) => JSON.stringify(hello(token))

test('incomplete frames over 64 MiB in all end a connection', async () => {
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
    socket.send(helloFrom(generateUserSig(app, { userID: `user-${index % 4}` })))
    await once(socket, 'message')
    socket.on('close', () => (isEnded = true))
    // The library cannot send an incomplete frame.
    const stream = (socket as unknown as { _socket: NodeJS.WritableStream })._socket
    await new Promise(resolve => stream.write(Buffer.concat([head, Buffer.alloc(bytes)]), resolve))
  }
  await expect.poll(() => isEnded).toBe(true)
})

test('operations of all users over the limit are refused with 10006', async () => {
  const database = createStuckDatabase('transaction')
  const { context, clock } = createTestServer({ database })
  const accounts = createAccounts({ slowAbove: 1_000_000, max: 3_000_000 })
  const errors: number[] = []
  for (let index = 0; index < 5; index++) {
    const session = openSession(
      { ...context, accounts },
      { send: () => undefined, close: error => errors.push(error?.code ?? 0) }
    )
    void session.receive(helloFrom(`user-${index}`))
    await clock.advance(10)
    void session.receive(JSON.stringify(longPush('op')))
    await clock.advance(10)
  }
  expect(errors).toEqual([10006, 10006])
})
