/** Clients that read slowly, or send much: the server holds a bounded number of bytes for each, and loses nobody. */

import { request } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { generateUserSig, startServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import { kernelVersion } from '../../src/kernel/decide.ts'
import { protocolVersion, type ServerMessage } from '../../src/protocol/messages.ts'
import { createTestServer } from '../harness.ts'

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
const hello = (userID: string) =>
  JSON.stringify({
    type: 'hello',
    protocol: protocolVersion,
    kernel: kernelVersion,
    token: generateUserSig(app, { userID }),
    epoch: '',
    feed: 0,
    groups: []
  })

/** A server on which `ann` is in so many groups, each with about 10 KB of custom fields. */
async function start({ groups, members = 0 }: { groups: number; members?: number }) {
  const memory = createMemoryDatabase('e')
  let pages = 0
  const database: Database = {
    ...memory,
    snapshot: work =>
      memory.snapshot(reader =>
        work({
          ...reader,
          membersAfter(...page) {
            pages++
            return reader.membersAfter(...page)
          }
        })
      )
  }
  const filling = createTestServer({ database: memory })
  const groupCustomField = Array.from({ length: 20 }, (_, key) => ({
    key: `key${key}`,
    value: 'x'.repeat(500)
  }))
  const memberList = Array.from({ length: members }, (_, member) => ({
    userID: `member-${member}`,
    memberCustomField: Array.from({ length: 5 }, (_, key) => ({
      key: `key${key}`,
      value: `${member}`.padEnd(60, 'x')
    }))
  }))
  for (let group = 0; group < groups; group++) {
    const groupID = `group-${group}`
    const args = { groupID, name: 'Crew', type: 'Public', groupCustomField, memberList }
    await filling.judge('ann', { name: 'createGroup', args, groupID })
  }
  const server = await startServer({ ...app, database })
  onTestFinished(() => server.close())
  return { server, url: server.url.replace('ws', 'http'), pages: () => pages }
}

/** Opens a WebSocket and counts how often it ends. */
async function connect(url: string) {
  const socket = new WebSocket(url)
  onTestFinished(() => socket.terminate())
  const frames: string[] = []
  let isClosed = false
  socket.on('message', (data: Buffer) => frames.push(data.toString()))
  socket.on('close', () => (isClosed = true))
  await new Promise(resolve => socket.once('open', resolve))
  const messages = () => frames.map(frame => JSON.parse(frame) as ServerMessage)
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      if (isClosed) throw new Error('the connection is over')
      await turn()
    }
  }
  return { socket, frames, messages, until }
}
type Client = Awaited<ReturnType<typeof connect>>
const isCaughtUp =
  ({ frames }: Client) =>
  () =>
    frames.some(frame => frame.includes('"caughtUp":true'))

test('a slow reader gets a first sync of 16 MB over one connection', async () => {
  const { server } = await start({ groups: 1600 })
  const ann = await connect(server.url)
  ann.socket.send(hello('ann'))
  // Reads a little, and lets the server go on in between.
  ann.socket.on('message', () => {
    ann.socket.pause()
    void turn().then(() => ann.socket.resume())
  })
  await ann.until(isCaughtUp(ann))
  const groups = ann.messages().flatMap(message => (message.type === 'delta' ? message.groups : []))
  expect(new Set(groups.map(({ groupID }) => groupID)).size).toBe(1600)
})

test('no frame of a first sync is longer than 128 KiB', async () => {
  const { server } = await start({ groups: 60, members: 400 })
  const ann = await connect(server.url)
  ann.socket.send(hello('ann'))
  await ann.until(isCaughtUp(ann))
  ann.socket.send(JSON.stringify({ type: 'members', groupID: 'group-7', after: '', limit: 500 }))
  await ann.until(() => ann.messages().some(({ type }) => type === 'members'))
  expect(Math.max(...ann.frames.map(({ length }) => length))).toBeLessThan(131_072)
})

test('pages of members come to their end although each is cut by length', async () => {
  const { server } = await start({ groups: 1, members: 400 })
  const ann = await connect(server.url)
  ann.socket.send(hello('ann'))
  await ann.until(isCaughtUp(ann))
  let count = 0
  for (let after: string | null = ''; after !== null;) {
    ann.frames.length = 0
    ann.socket.send(JSON.stringify({ type: 'members', groupID: 'group-0', after, limit: 500 }))
    await ann.until(() => ann.frames.length > 0)
    const [page] = ann.messages()
    if (page?.type !== 'members') throw new Error('not a page')
    count += 'count' in page.members ? page.members.count : page.members.length
    after = page.next
  }
  expect(count).toBe(401)
})

test('nothing is read for a client that takes nothing', async () => {
  const { server, pages } = await start({ groups: 1, members: 400 })
  const [ann, bob] = [await connect(server.url), await connect(server.url)]
  for (const client of [ann, bob]) client.socket.send(hello('ann'))
  await ann.until(isCaughtUp(ann))
  await bob.until(isCaughtUp(bob))
  const asked = 95
  ann.socket.pause()
  for (let page = 0; page < asked; page++)
    ann.socket.send(JSON.stringify({ type: 'members', groupID: 'group-0', after: '', limit: 500 }))
  // The other one is served meanwhile, more often than there are pages.
  for (let round = 1; round <= 2 * asked; round++) {
    bob.socket.send(JSON.stringify({ type: 'ping' }))
    await bob.until(() => bob.messages().filter(({ type }) => type === 'pong').length === round)
  }
  const readBefore = pages()
  expect(readBefore).toBeLessThan(asked)
  ann.socket.resume()
  await ann.until(() => ann.messages().filter(({ type }) => type === 'members').length === asked)
  expect(pages()).toBe(asked)
})

const post = (url: string, body: object) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(url, { method: 'POST' }, response => {
      let text = ''
      response.on('data', (data: Buffer) => (text += data.toString()))
      response.on('end', () => resolve({ status: response.statusCode, text }))
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
type Answer = { session: string; frames: string[]; isOver: boolean }
const say = async (url: string, session: string, ...frames: string[]) =>
  JSON.parse((await post(url, { session, frames })).text) as Answer

test('an answer over HTTP brings at most 256 KiB, the next one the rest', async () => {
  const { url } = await start({ groups: 400 })
  const { session } = await say(url, '')
  await say(url, session, hello('ann'))
  const lengths: number[] = []
  const groups = new Set<string>()
  for (let isCaughtUp = false; !isCaughtUp;) {
    const { frames } = await say(url, session)
    lengths.push(Buffer.byteLength(JSON.stringify(frames)))
    for (const message of frames.map(frame => JSON.parse(frame) as ServerMessage)) {
      if (message.type !== 'delta') continue
      for (const { groupID } of message.groups) groups.add(groupID)
      isCaughtUp ||= message.caughtUp
    }
  }
  expect(Math.max(...lengths)).toBeLessThan(262_144)
  expect(lengths.length).toBeGreaterThan(15)
  expect(groups.size).toBe(400)
})

test('nothing is read for a client over HTTP that fetches nothing', async () => {
  const { url, pages } = await start({ groups: 1, members: 400 })
  const asked = 95
  const question = JSON.stringify({ type: 'members', groupID: 'group-0', after: '', limit: 500 })
  const sessions = await Promise.all(
    [0, 1].map(async () => {
      const { session } = await say(url, '')
      await say(url, session, hello('ann'))
      return session
    })
  )
  const [ann = '', bob = ''] = sessions
  await say(url, ann, ...Array.from({ length: asked }, () => question))
  // The other one is served meanwhile, more often than there are pages.
  for (let round = 0; round < asked; round++) {
    await say(url, bob, JSON.stringify({ type: 'ping' }))
    await say(url, bob)
  }
  expect(pages()).toBeLessThan(asked)
  let received = 0
  while (received < asked) {
    const { frames } = await say(url, ann)
    received += frames.filter(frame => frame.includes('"type":"members"')).length
  }
  expect(pages()).toBe(asked)
})

test('a client that is slowed is read again when its operations are judged', async () => {
  const memory = createMemoryDatabase('e')
  let open: () => void = () => undefined
  const gate = new Promise<void>(resolve => (open = resolve))
  const transaction: Database['transaction'] = work => gate.then(() => memory.transaction(work))
  const server = await startServer({ ...app, database: { ...memory, transaction } })
  onTestFinished(() => server.close())
  const ann = await connect(server.url)
  ann.socket.send(hello('ann'))
  await ann.until(isCaughtUp(ann))
  for (let count = 0; count < 4; count++) {
    const args = { groupID: 'crew', name: 'x'.repeat(900_000) }
    const operation = {
      opID: `op${count}`,
      name: 'updateGroupProfile',
      args,
      groupID: 'crew',
      seen: 0,
      waited: 0
    }
    ann.socket.send(JSON.stringify({ type: 'push', operations: [operation] }))
  }
  await new Promise<void>(resolve =>
    ann.socket.send(JSON.stringify({ type: 'ping' }), () => resolve())
  )
  // The other one is served meanwhile: by then the server has read what it reads of the first one.
  const bob = await connect(server.url)
  bob.socket.send(hello('bob'))
  for (let round = 1; round <= 100; round++) {
    bob.socket.send(JSON.stringify({ type: 'ping' }))
    await bob.until(() => bob.messages().filter(({ type }) => type === 'pong').length === round)
  }
  expect(ann.messages().some(({ type }) => type === 'pong')).toBe(false)
  open()
  await ann.until(() => ann.messages().some(({ type }) => type === 'pong'))
})

test('a body over the limit is answered 413 and says what to do', async () => {
  const { url } = await start({ groups: 0 })
  const { status, text } = await post(url, { session: '', frames: ['x'.repeat(3_000_000)] })
  expect(status).toBe(413)
  expect(text).toContain('send fewer frames')
})
