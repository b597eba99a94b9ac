/** Frames of legal length with so many small values that they would take long to parse. */

import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { frameLimits } from '../../src/protocol/messages.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { app, hello, push } from './raw-client.ts'

let server: SyncServer
beforeAll(async () => {
  server = await startServer({ ...app, database: createMemoryDatabase('e') })
})
afterAll(() => server.close())

const helloFrom = (changes: object = {}) => hello(generateUserSig(app, { userID: 'ann' }), changes)
const pushOf = (name: string, args: object) =>
  push({ opID: 'op', name, args, groupID: 'crew', seen: 0, waitedSeconds: 0 })
const list = <T>(length: number, item: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => item(index))
/** Objects that all have different shapes. */
const objects = list(20_000, index => ({ [`key${index}`]: 1 }))

/** Sends messages. Returns the first answer that passes the check, or an error. */
async function request(
  isIt: (message: ServerMessage) => boolean,
  ...messages: object[]
): Promise<ServerMessage> {
  const socket = new WebSocket(server.url)
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  const answer = new Promise<ServerMessage>((resolve, reject) => {
    socket.on('close', code => reject(new Error(`closed with ${code}`)))
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ServerMessage
      if (isIt(message) || message.type === 'error') resolve(message)
    })
  })
  for (const message of messages) socket.send(JSON.stringify(message))
  return answer
}
const isWelcome = ({ type }: ServerMessage) => type === 'welcome'
const hasVerdict = (message: ServerMessage) =>
  message.type === 'delta' && message.verdicts.length > 0

test('a login with 20,000 unknown objects is refused with 4509', async () => {
  expect(await request(isWelcome, helloFrom({ objects }))).toMatchObject({
    type: 'error',
    error: { code: 4509 }
  })
})

test('an operation with 20,000 unknown objects is refused with 4509', async () => {
  const answer = await request(
    hasVerdict,
    helloFrom(),
    pushOf('quitGroup', { groupID: 'crew', objects })
  )
  expect(answer).toMatchObject({ type: 'error', error: { code: 4509 } })
})

test('a request with 20,000 unknown objects is answered with 400', async () => {
  const body = JSON.stringify({ session: '', frames: [], objects })
  const { status } = await fetch(server.url.replace('ws', 'http'), { method: 'POST', body })
  expect(status).toBe(400)
})

test('a login with 10,000 groups is welcomed', async () => {
  const groups = list(frameLimits.groupsPerHelloMax, index => [
    `"[{${index}`.padEnd(60, 'x'),
    123,
    456
  ])
  expect(await request(isWelcome, helloFrom({ groups }))).toMatchObject({ type: 'welcome' })
})

test('a group of 500 members with all their fields is created', async () => {
  const memberCustomField = list(5, index => ({ key: `key${index}`, value: '"'.repeat(64) }))
  const memberList = list(500, index => ({
    userID: `user-${index}`,
    role: 'Admin',
    memberCustomField
  }))
  const args = { groupID: 'crew', name: 'Crew', type: 'Public', memberList }
  const answer = await request(hasVerdict, helloFrom(), pushOf('createGroup', args))
  expect(answer).toMatchObject({ verdicts: [{ kind: 'applied' }] })
})
