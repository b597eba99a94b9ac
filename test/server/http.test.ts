/** The protocol over HTTP, on real sockets. */

import { request } from 'node:http'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { kernelVersion } from '../../src/kernel/decide.ts'
import { connectHttp } from '../../src/protocol/transports/http.ts'
import {
  parseServerMessage,
  protocolVersion,
  type ServerMessage
} from '../../src/protocol/messages.ts'

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
const origin = 'https://app.example'
let server: SyncServer
let url: string
beforeAll(async () => {
  server = await startServer({
    ...app,
    database: createMemoryDatabase('e'),
    allowedOrigins: [origin]
  })
  url = server.url.replace('ws', 'http')
})
afterAll(() => server.close())

const post = (
  body: string,
  {
    method = 'POST',
    headers = { origin }
  }: { method?: string; headers?: Record<string, string> } = {}
) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(url, { method, headers }, response => {
      let text = ''
      response.on('data', (data: Buffer) => (text += data.toString()))
      response.on('end', () => resolve({ status: response.statusCode, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
const say = async (session: string, ...messages: object[]) =>
  JSON.parse(
    (
      await post(
        JSON.stringify({ session, frames: messages.map(message => JSON.stringify(message)) })
      )
    ).text
  ) as {
    session: string
    frames: string[]
    isOver: boolean
  }
const hello = (userID: string) => ({
  type: 'hello',
  protocol: protocolVersion,
  kernel: kernelVersion,
  token: generateUserSig(app, { userID }),
  epoch: '',
  feed: 0,
  groups: []
})

const wrong: [title: string, ask: () => Promise<{ status: number | undefined }>, status: number][] =
  [
    ['nothing', () => post(''), 400],
    ['what is no JSON', () => post('{'), 400],
    ['a list', () => post('[]'), 400],
    ['frames that are no texts', () => post('{"session":"","frames":[1]}'), 400],
    [
      'more frames than one may send at once',
      () => post(JSON.stringify({ session: '', frames: Array(101).fill('') })),
      400
    ],
    [
      'more than one may send at once',
      () => post(JSON.stringify({ session: '', frames: ['x'.repeat(3_000_000)] })),
      413
    ],
    ['a session that there is none of', () => post('{"session":"x","frames":[]}'), 410],
    ['a session that names a prototype', () => post('{"session":"__proto__","frames":[]}'), 410],
    ['another method', () => post('', { method: 'PUT' }), 405],
    [
      'another origin',
      () => post('{"session":"","frames":[]}', { headers: { origin: 'https://evil.example' } }),
      403
    ],
    ['no origin', () => post('{"session":"","frames":[]}', { headers: {} }), 403]
  ]
test.each(wrong)('%s is refused', async (_title, ask, status) => {
  expect((await ask()).status).toBe(status)
  const { session } = await say('')
  await say(session, hello('ann'))
  expect((await say(session)).frames.length).toBeGreaterThan(0)
})

test('a frame that is none ends the session, after telling why', async () => {
  const { session } = await say('')
  await say(session, { type: 5 })
  const { frames, isOver } = await say(session)
  expect(frames.map(frame => parseServerMessage(frame))).toMatchObject([
    { type: 'error', error: { code: 4509 } }
  ])
  expect(isOver).toBe(true)
  expect((await post(JSON.stringify({ session, frames: [] }))).status).toBe(410)
})

test('a session whose token has ended brings back only the error', async () => {
  const { session } = await say('')
  const token = generateUserSig(app, { userID: 'ann', expireSeconds: 1 })
  await say(session, { ...hello('ann'), token })
  // The server's own timer is older than this one, and due before it.
  await new Promise(resolve => setTimeout(resolve, 2000))
  const { frames, isOver } = await say(session)
  expect(frames.map(frame => parseServerMessage(frame))).toMatchObject([
    { type: 'error', error: { code: 70001 } }
  ])
  expect(isOver).toBe(true)
})

test('of two requests that wait, the later one brings back what comes', async () => {
  const { session } = await say('')
  const first = say(session)
  const second = say(session)
  expect((await first).frames).toEqual([])
  await say(session, hello('ann'))
  expect((await second).frames.length).toBeGreaterThan(0)
})

test('a client is told of what others do, and loses nothing when it says much at once', async () => {
  const connect = (userID: string) => {
    const heard: ServerMessage[] = []
    let link: ReturnType<ReturnType<typeof connectHttp>>
    const opened = new Promise<void>(resolve => {
      link = connectHttp(url)({
        onOpen() {
          link.send(JSON.stringify(hello(userID)))
          resolve()
        },
        onFrame(frame) {
          const message = parseServerMessage(frame)
          if (message) heard.push(message)
        },
        onClose: () => undefined
      })
    })
    return {
      heard,
      opened,
      send: (message: object) => link.send(JSON.stringify(message)),
      close: () => link.close()
    }
  }
  const withOrigin = globalThis.fetch
  globalThis.fetch = (input, init) => withOrigin(input, { ...init, headers: { origin } })
  onTestFinished(() => void (globalThis.fetch = withOrigin))
  const [ann, bob] = [connect('ann'), connect('bob')]
  await Promise.all([ann.opened, bob.opened])
  for (let count = 0; count < 100; count++) {
    const groupID = `crew-${count}`
    const args = { groupID, name: 'Crew', type: 'Public', memberList: [{ userID: 'bob' }] }
    const operation = { opID: groupID, name: 'createGroup', args, groupID, seen: 0, waited: 0 }
    ann.send({ type: 'push', operations: [operation] })
  }
  const groups = () =>
    new Set(
      bob.heard.flatMap(each =>
        each.type === 'delta' ? each.groups.map(({ groupID }) => groupID) : []
      )
    )
  await expect.poll(() => groups().size).toBe(100)
  ann.close()
  bob.close()
})

test('requests of 100 frames, one after another, are within the limits', async () => {
  const { session } = await say('', hello('bob'))
  const many = Array.from({ length: 100 }, () => ({ type: 'ping' }))
  const fetchAll = async () => {
    let pongs = 0
    while (pongs < 1000) {
      const { frames, isOver } = await say(session)
      expect(isOver).toBe(false)
      pongs += frames.filter(frame => frame.includes('"pong"')).length
    }
    return pongs
  }
  const fetched = fetchAll()
  for (let count = 0; count < 10; count++) {
    const { status } = await post(
      JSON.stringify({ session, frames: many.map(frame => JSON.stringify(frame)) })
    )
    expect(status).toBe(200)
  }
  expect(await fetched).toBe(1000)
})
