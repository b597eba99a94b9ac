/** Clients that read slowly or send much. The server holds few bytes of each, and loses none. */

import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { generateUserSig, startServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { createTestServer } from '../harness.ts'
import { app, hello, longPush, post } from './raw-client.ts'

const helloFrom = (userID: string) => JSON.stringify(hello(generateUserSig(app, { userID })))

/** A server on which `ann` is in many groups, each with about 10 KB of custom fields. */
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

/** A WebSocket that keeps every frame. */
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

test('a slow reader receives 16 MB over one connection', async () => {
  const { server } = await start({ groups: 1600 })
  const ann = await connect(server.url)
  ann.socket.send(helloFrom('ann'))
  // Pauses after each frame, so that the server sends in between.
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
  ann.socket.send(helloFrom('ann'))
  await ann.until(isCaughtUp(ann))
  ann.socket.send(JSON.stringify({ type: 'members', groupID: 'group-7', after: '', limit: 500 }))
  await ann.until(() => ann.messages().some(({ type }) => type === 'members'))
  expect(Math.max(...ann.frames.map(({ length }) => length))).toBeLessThan(131_072)
})

test('pages cut by length have every member', async () => {
  const { server } = await start({ groups: 1, members: 400 })
  const ann = await connect(server.url)
  ann.socket.send(helloFrom('ann'))
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

test('nothing is read for a client that receives nothing', async () => {
  const { server, pages } = await start({ groups: 1, members: 400 })
  const [ann, bob] = [await connect(server.url), await connect(server.url)]
  for (const client of [ann, bob]) client.socket.send(helloFrom('ann'))
  await ann.until(isCaughtUp(ann))
  await bob.until(isCaughtUp(bob))
  const requested = 95
  ann.socket.pause()
  for (let page = 0; page < requested; page++)
    ann.socket.send(JSON.stringify({ type: 'members', groupID: 'group-0', after: '', limit: 500 }))
  // Bob is served meanwhile, more often than ann has requested pages.
  for (let round = 1; round <= 2 * requested; round++) {
    bob.socket.send(JSON.stringify({ type: 'ping' }))
    await bob.until(() => bob.messages().filter(({ type }) => type === 'pong').length === round)
  }
  const readBefore = pages()
  expect(readBefore).toBeLessThan(requested)
  ann.socket.resume()
  await ann.until(
    () => ann.messages().filter(({ type }) => type === 'members').length === requested
  )
  expect(pages()).toBe(requested)
})

type Answer = { session: string; frames: string[]; isOver: boolean }
const request = async (url: string, session: string, ...frames: string[]) =>
  JSON.parse((await post(url, JSON.stringify({ session, frames }))).text) as Answer

test('answers over HTTP are cut at 256 KiB', async () => {
  const { url } = await start({ groups: 400 })
  const { session } = await request(url, '')
  await request(url, session, helloFrom('ann'))
  const lengths: number[] = []
  const groups = new Set<string>()
  for (let isCaughtUp = false; !isCaughtUp;) {
    const { frames } = await request(url, session)
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

test('nothing is read for an HTTP client that fetches nothing', async () => {
  const { url, pages } = await start({ groups: 1, members: 400 })
  const requested = 95
  const pageRequest = JSON.stringify({ type: 'members', groupID: 'group-0', after: '', limit: 500 })
  const sessions = await Promise.all(
    [0, 1].map(async () => {
      const { session } = await request(url, '')
      await request(url, session, helloFrom('ann'))
      return session
    })
  )
  const [ann = '', bob = ''] = sessions
  await request(url, ann, ...Array.from({ length: requested }, () => pageRequest))
  // Bob is served meanwhile, more often than ann has requested pages.
  for (let round = 0; round < requested; round++) {
    await request(url, bob, JSON.stringify({ type: 'ping' }))
    await request(url, bob)
  }
  expect(pages()).toBeLessThan(requested)
  let received = 0
  while (received < requested) {
    const { frames } = await request(url, ann)
    received += frames.filter(frame => frame.includes('"type":"members"')).length
  }
  expect(pages()).toBe(requested)
})

test('a slowed client is read after its operations are judged', async () => {
  const memory = createMemoryDatabase('e')
  let open: () => void = () => undefined
  const gate = new Promise<void>(resolve => (open = resolve))
  const transaction: Database['transaction'] = work => gate.then(() => memory.transaction(work))
  const server = await startServer({ ...app, database: { ...memory, transaction } })
  onTestFinished(() => server.close())
  const ann = await connect(server.url)
  ann.socket.send(helloFrom('ann'))
  await ann.until(isCaughtUp(ann))
  for (let count = 0; count < 4; count++) {
    ann.socket.send(JSON.stringify(longPush(`op${count}`)))
  }
  await new Promise<void>(resolve =>
    ann.socket.send(JSON.stringify({ type: 'ping' }), () => resolve())
  )
  // After 100 answers to bob, the server has read all that it accepts from ann.
  const bob = await connect(server.url)
  bob.socket.send(helloFrom('bob'))
  for (let round = 1; round <= 100; round++) {
    bob.socket.send(JSON.stringify({ type: 'ping' }))
    await bob.until(() => bob.messages().filter(({ type }) => type === 'pong').length === round)
  }
  expect(ann.messages().some(({ type }) => type === 'pong')).toBe(false)
  open()
  await ann.until(() => ann.messages().some(({ type }) => type === 'pong'))
})

test('a body over the limit is answered with 413 and advice', async () => {
  const { url } = await start({ groups: 0 })
  const { status, text } = await post(
    url,
    JSON.stringify({ session: '', frames: ['x'.repeat(3_000_000)] })
  )
  expect(status).toBe(413)
  expect(text).toContain('send fewer frames')
})
