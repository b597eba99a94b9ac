/** The protocol over HTTP, on real sockets. */

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { connectHttp } from '../../src/protocol/transports/http.ts'
import { parseServerMessage, type ServerMessage } from '../../src/protocol/server-messages.ts'
import { app, hello, post } from './raw-client.ts'

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

const send = (body: string, options: Parameters<typeof post>[2] = {}) =>
  post(url, body, { headers: { origin }, ...options })
const request = async (session: string, ...messages: object[]) =>
  JSON.parse(
    (
      await send(
        JSON.stringify({ session, frames: messages.map(message => JSON.stringify(message)) })
      )
    ).text
  ) as {
    session: string
    frames: string[]
    isOver: boolean
  }
const helloFrom = (userID: string) => hello(generateUserSig(app, { userID }))

const wrong: [title: string, ask: () => Promise<{ status: number | undefined }>, status: number][] =
  [
    ['an empty body', () => send(''), 400],
    ['incomplete JSON', () => send('{'), 400],
    ['a list', () => send('[]'), 400],
    ['a frame that is a number', () => send('{"session":"","frames":[1]}'), 400],
    [
      'a request of 101 frames',
      () => send(JSON.stringify({ session: '', frames: Array(101).fill('') })),
      400
    ],
    [
      'a body of 3 MB',
      () => send(JSON.stringify({ session: '', frames: ['x'.repeat(3_000_000)] })),
      413
    ],
    ['an unknown session', () => send('{"session":"x","frames":[]}'), 410],
    ['the session "__proto__"', () => send('{"session":"__proto__","frames":[]}'), 410],
    ['another method than POST', () => send('', { method: 'PUT' }), 405],
    [
      'another origin',
      () => send('{"session":"","frames":[]}', { headers: { origin: 'https://evil.example' } }),
      403
    ],
    ['no origin', () => send('{"session":"","frames":[]}', { headers: {} }), 403]
  ]
test.each(wrong)('%s is refused', async (_title, ask, status) => {
  expect((await ask()).status).toBe(status)
  const { session } = await request('')
  await request(session, helloFrom('ann'))
  expect((await request(session)).frames.length).toBeGreaterThan(0)
})

test('an invalid frame ends the session with its error', async () => {
  const { session } = await request('')
  await request(session, { type: 5 })
  const { frames, isOver } = await request(session)
  expect(frames.map(frame => parseServerMessage(frame))).toMatchObject([
    { type: 'error', error: { code: 4509 } }
  ])
  expect(isOver).toBe(true)
  expect((await send(JSON.stringify({ session, frames: [] }))).status).toBe(410)
})

test('a session whose token has expired receives only the error', async () => {
  const { session } = await request('')
  const token = generateUserSig(app, { userID: 'ann', expireSeconds: 1 })
  await request(session, { ...helloFrom('ann'), token })
  // The timer of the server started earlier, so it fires first.
  await new Promise(resolve => setTimeout(resolve, 2000))
  const { frames, isOver } = await request(session)
  expect(frames.map(frame => parseServerMessage(frame))).toMatchObject([
    { type: 'error', error: { code: 70001 } }
  ])
  expect(isOver).toBe(true)
})

test('the later of two waiting requests receives the frames', async () => {
  const { session } = await request('')
  const first = request(session)
  const second = request(session)
  expect((await first).frames).toEqual([])
  await request(session, helloFrom('ann'))
  expect((await second).frames.length).toBeGreaterThan(0)
})

test('100 operations sent at once all reach another client', async () => {
  const connect = (userID: string) => {
    const received: ServerMessage[] = []
    let link: ReturnType<ReturnType<typeof connectHttp>>
    const opened = new Promise<void>(resolve => {
      link = connectHttp(url)({
        onOpen() {
          link.send(JSON.stringify(helloFrom(userID)))
          resolve()
        },
        onFrame(frame) {
          const message = parseServerMessage(frame)
          if (message) received.push(message)
        },
        onClose: () => undefined
      })
    })
    return {
      received,
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
    const operation = {
      opID: groupID,
      name: 'createGroup',
      args,
      groupID,
      seen: 0,
      waitedSeconds: 0
    }
    ann.send({ type: 'push', operations: [operation] })
  }
  const groups = () =>
    new Set(
      bob.received.flatMap(each =>
        each.type === 'delta' ? each.groups.map(({ groupID }) => groupID) : []
      )
    )
  await expect.poll(() => groups().size).toBe(100)
  ann.close()
  bob.close()
})

test('consecutive requests of 100 frames stay within the limits', async () => {
  const { session } = await request('', helloFrom('bob'))
  const many = Array.from({ length: 100 }, () => ({ type: 'ping' }))
  const fetchAll = async () => {
    let pongs = 0
    while (pongs < 1000) {
      const { frames, isOver } = await request(session)
      expect(isOver).toBe(false)
      pongs += frames.filter(frame => frame.includes('"pong"')).length
    }
    return pongs
  }
  const fetched = fetchAll()
  for (let count = 0; count < 10; count++) {
    const { status } = await send(
      JSON.stringify({ session, frames: many.map(frame => JSON.stringify(frame)) })
    )
    expect(status).toBe(200)
  }
  expect(await fetched).toBe(1000)
})
