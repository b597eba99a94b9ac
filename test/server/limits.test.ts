/** The limits of one session, on virtual time. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createLobby } from '../../src/server/transports/lobby.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { createOrigins } from '../../src/server/transports/origins.ts'
import { openSession } from '../../src/server/sessions/session.ts'
import { serveWebSockets } from '../../src/server/transports/websocket.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { createStuckDatabase, createTestServer, type TestServer } from '../harness.ts'
import { hello, longPush, openLink, push } from './raw-client.ts'

test('unknown arguments do not count towards the limit of waiting operations', async () => {
  const server = createTestServer({ database: createStuckDatabase('transaction') })
  const { transcript, isClosed, send } = await openLink(server)
  await send(hello('ann'))
  const filler = 'x'.repeat(900_000)
  for (let count = 0; count < 50; count++) {
    const args = { groupID: 'crew', filler }
    const operation = {
      opID: `op${count}`,
      name: 'quitGroup',
      args,
      groupID: 'crew',
      seen: 0,
      waitedSeconds: 0
    }
    await send(push(operation))
  }
  // With their unknown arguments, five operations would be over the limit.
  expect(isClosed()).toBe(false)
  expect(
    transcript.filter(({ to }) => to === 'client').map(({ message }) => message['type'])
  ).not.toContain('error')
})

test('waiting operations with long arguments are refused with 10006', async () => {
  const server = createTestServer({ database: createStuckDatabase('transaction') })
  const { transcript, isClosed, send } = await openLink(server)
  await send(hello('ann'))
  for (let count = 0; count < 10; count++) await send(longPush(`op${count}`))
  expect(isClosed()).toBe(true)
  expect(transcript.at(-1)).toMatchObject({
    to: 'client',
    message: { type: 'error', error: { code: 10006 } }
  })
})

/** A session of `ann` over a connection that the test can block. */
function blockedSession(server: TestServer) {
  const frames: string[] = []
  let release: (() => void) | undefined
  let isBlocked = false
  const session = openSession(server.context, {
    send(frame) {
      frames.push(frame)
      return isBlocked ? new Promise<void>(resolve => (release = resolve)) : undefined
    },
    close: () => undefined
  })
  void session.receive(JSON.stringify(hello('ann')))
  return {
    session,
    frames,
    block: () => (isBlocked = true),
    unblock() {
      isBlocked = false
      release?.()
    }
  }
}
const crew = { groupID: 'crew', name: 'Crew', type: 'Public' }

test('a blocked client receives many changes as one delta', async () => {
  const server = createTestServer()
  await server.judge('ann', { name: 'createGroup', args: crew, groupID: 'crew' })
  const ann = blockedSession(server)
  await server.clock.advance(100)
  ann.block()
  const rename = async (name: string) => {
    await server.judge('ann', {
      name: 'updateGroupProfile',
      args: { groupID: 'crew', name },
      groupID: 'crew'
    })
    await server.clock.advance(10)
  }
  await rename('first')
  ann.frames.length = 0
  for (let count = 0; count < 50; count++) await rename(`name ${count}`)
  expect(ann.frames).toEqual([])
  ann.unblock()
  await server.clock.advance(100)
  const groups = ann.frames.flatMap(frame => {
    const message = JSON.parse(frame) as ServerMessage
    return message.type === 'delta' ? message.groups : []
  })
  expect(groups).toMatchObject([{ groupID: 'crew', to: 52, group: { name: 'name 49' } }])
})

test('a catch-up stops reading when its client disconnects', async () => {
  const memory = createMemoryDatabase('e')
  let reads = 0
  let hangUp: () => void = () => undefined
  const server = createTestServer({
    database: {
      ...memory,
      snapshot: work =>
        memory.snapshot(reader =>
          work({
            ...reader,
            sync(...request) {
              if (++reads === 4) hangUp()
              return reader.sync(...request)
            }
          })
        )
    }
  })
  for (let count = 0; count < 20; count++) {
    const groupID = `group-${count}`
    await server.judge('ann', { name: 'createGroup', args: { ...crew, groupID }, groupID })
  }
  const { session } = blockedSession(server)
  hangUp = session.closed
  await server.clock.advance(1000)
  expect(reads).toBe(4)
  expect(server.errors).toEqual([])
})

test('judged operations no longer count towards the limit', async () => {
  const server = createTestServer()
  const ann = blockedSession(server)
  await server.clock.advance(100)
  for (let count = 0; count < 30; count++) {
    void ann.session.receive(JSON.stringify(longPush(`op${count}`)))
    await server.clock.advance(10)
  }
  expect(ann.frames.filter(frame => frame.includes('"type":"error"'))).toEqual([])
})

test('the oldest of 21 sessions of a user ends with 10006', async () => {
  const server = createTestServer()
  const sessions = Array.from({ length: 21 }, () => blockedSession(server))
  await server.clock.advance(100)
  const ends = sessions.map(({ frames }) => frames.some(frame => frame.includes('"code":10006')))
  expect(ends).toEqual([true, ...Array.from({ length: 20 }, () => false)])
})

test('a silent WebSocket is disconnected at the third ping', async () => {
  const { context, clock } = createTestServer()
  const http = createServer()
  const origins = createOrigins(undefined, context)
  const stop = serveWebSockets(http, context, { path: '/sync', origins, lobby: createLobby() })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    stop()
    http.close()
  })
  // A server that listens on a port has an address object.
  const { port } = http.address() as AddressInfo
  const socket = new WebSocket(`ws://127.0.0.1:${port}/sync`, { autoPong: false })
  let pings = 0
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  await new Promise(resolve => socket.once('open', resolve))
  socket.send(JSON.stringify(hello('ann')))
  await new Promise(resolve => socket.once('message', resolve))
  socket.on('ping', () => pings++)
  for (let count = 0; count < 2; count++) {
    const pinged = new Promise(resolve => socket.once('ping', resolve))
    await clock.advance(30_000)
    await pinged
  }
  await clock.advance(30_000)
  await closed
  expect(pings).toBe(2)
})
