/**
 * What the network may bring to a real server on a real socket. Whatever it is: it is refused with the number that
 * belongs to it, good clients are served as before, and no row changes.
 */

import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect as connectTcp, type Socket } from 'node:net'
import { deflateSync, inflateSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import { verifyUserSig } from '../../src/server/user-sig.ts'
import { must } from '../../src/kernel/must.ts'
import {
  frameLimits,
  parseServerMessage,
  protocolVersion,
  type PushedOperation,
  type ServerMessage
} from '../../src/protocol/messages.ts'
import { createTestServer } from '../harness.ts'
import { databases } from './databases.ts'

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
const origin = 'https://app.example'
const { operationsPerPushMax, membersPerPageMax, groupsPerHelloMax, toServerBytesMax } = frameLimits

let database: Database
let server: SyncServer
let truth: unknown
/** Frames that a client could not have understood. */
const unreadable: string[] = []
/** Undoes what the test has opened. */
const open = new Set<() => void>()
afterEach(() => {
  for (const end of open) end()
  open.clear()
  unreadable.length = 0
})

beforeAll(async () => {
  database = createMemoryDatabase('e')
  server = await startServer({
    ...app,
    database,
    appAdmins: ['app'],
    allowedOrigins: [origin],
    onError: () => undefined
  })
  const ann = await login('ann')
  const groupCustomField = [{ key: 'secret', value: 'of members' }]
  const memberList = [{ userID: 'bob' }]
  expect(
    await ann.judge({
      name: 'createGroup',
      args: { groupID: 'crew', name: 'Crew', type: 'Public', memberList, groupCustomField }
    })
  ).toBe('applied')
  expect(
    await ann.judge({ name: 'createGroup', groupID: 'den', args: { groupID: 'den', name: 'Den' } })
  ).toBe('applied')
  truth = await rows()
})
afterAll(() => server.close())

// ── good clients ────────────────────────────────────────────────────────────

const hello = (userID: string, rest: object = {}) => ({
  type: 'hello',
  protocol: protocolVersion,
  kernel: 1,
  token: generateUserSig(app, { userID }),
  epoch: 'e',
  feed: 0,
  groups: [],
  ...rest
})

async function connect(to = server) {
  const socket = new WebSocket(to.url, { origin })
  open.add(() => socket.terminate())
  const frames: ServerMessage[] = []
  const ended = once(socket, 'close') as Promise<[code: number]>
  let code: number | undefined
  let news: () => void = () => undefined
  socket.on('message', (data: Buffer) => {
    const message = parseServerMessage(data.toString())
    if (message) frames.push(message)
    else unreadable.push(data.toString().slice(0, 200))
    news()
  })
  socket.on('close', number => {
    code = number
    news()
  })
  await once(socket, 'open')

  const client = {
    frames,
    send(...messages: unknown[]) {
      for (const message of messages)
        socket.send(typeof message === 'string' ? message : JSON.stringify(message))
    },
    /** The next frame; fails when the connection ends before. */
    async take(): Promise<ServerMessage> {
      for (;;) {
        const message = frames.shift()
        if (message) return message
        if (code !== undefined) throw new Error(`closed with ${code}`)
        if (unreadable.length > 0) throw new Error(`not a message: ${unreadable[0]}`)
        await new Promise<void>(resolve => (news = resolve))
      }
    },
    /** The next frame of this type. */
    async next<T extends ServerMessage['type']>(
      type: T
    ): Promise<Extract<ServerMessage, { type: T }>> {
      for (;;) {
        const message = await client.take()
        // Told by its type.
        if (message.type === type) return message as Extract<ServerMessage, { type: T }>
      }
    },
    closed: () => ended.then(([number]) => number),
    /** Pushes one operation; `retry`, or what the verdict says. */
    async judge(operation: Partial<PushedOperation>): Promise<unknown> {
      const opID = operation.opID ?? `op${count++}`
      client.send({
        type: 'push',
        operations: [
          { name: 'quitGroup', args: {}, groupID: 'crew', seen: 0, waited: 0, ...operation, opID }
        ]
      })
      for (;;) {
        const { verdicts, retry } = await client.next('delta')
        const verdict = verdicts.find(each => each.opID === opID)
        if (verdict) return verdict.kind === 'rejected' ? verdict.error.code : verdict.kind
        if (retry.includes(opID)) return 'retry'
      }
    }
  }
  return client
}
let count = 0

async function login(userID: string, to = server) {
  const client = await connect(to)
  client.send(hello(userID, { epoch: '' }))
  while (!(await client.next('delta')).caughtUp);
  return client
}

const rows = () =>
  database.snapshot(async reader => ({
    groups: await Promise.all(
      ['crew', 'den', '__proto__', 'constructor', 'mine'].map(reader.group)
    ),
    members: await Promise.all(
      ['crew', 'den'].map(groupID => reader.membersAfter(groupID, '', 100))
    ),
    feeds: await Promise.all(['ann', 'bob', 'mallory', 'app', '__proto__'].map(reader.feed)),
    followed: await Promise.all(['ann', 'bob', 'mallory', 'app', '__proto__'].map(reader.followed))
  }))

/** The server still answers a good client, in words that clients understand, and no row has changed. */
async function expectAlive(): Promise<void> {
  const ann = await login('ann')
  ann.send({ type: 'ping' })
  await ann.next('pong')
  expect(await rows()).toEqual(truth)
  expect(unreadable.splice(0)).toEqual([])
  expect(Reflect.ownKeys(Object.prototype)).not.toContain('role')
}

// ── bytes ───────────────────────────────────────────────────────────────────

const upgrade = (
  changes: Record<string, string | undefined> = {},
  { path = '/sync', method = 'GET', more = '' } = {}
): string => {
  const headers: Record<string, string | undefined> = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    Origin: origin,
    ...changes
  }
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}${more}\r\n`
}

function dial(): Socket {
  const socket = connectTcp({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  open.add(() => socket.destroy())
  return socket
}

/** Sends bytes, and collects what comes back until `isEnough` or the end. */
async function exchange(
  bytes: string | Buffer,
  isEnough: (answer: Buffer) => boolean,
  socket = dial()
): Promise<Buffer> {
  let answer = Buffer.alloc(0)
  await new Promise<void>(resolve => {
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk])
      if (isEnough(answer)) resolve()
    })
    socket.once('end', resolve)
    // A server that hangs up while it is written to: what it has said counts.
    socket.on('error', () => resolve())
    socket.write(bytes)
  })
  socket.removeAllListeners('data')
  return answer
}

const statusOf = async (request: string | Buffer): Promise<number> => {
  const answer = await exchange(request, bytes => bytes.includes('\r\n'))
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1])
}

type FrameParts = {
  opcode?: number
  fin?: boolean
  rsv?: number
  masked?: boolean
  length?: bigint
}
const mask = Buffer.from([1, 2, 3, 4])
/** A WebSocket frame as no library would send it. */
function frame(
  payload: string | Buffer,
  { opcode = 1, fin = true, rsv = 0, masked = true, length }: FrameParts = {}
): Buffer {
  const body = Buffer.from(payload)
  const size = length ?? BigInt(body.length)
  const head = Buffer.alloc(size < 126n ? 2 : size < 65536n ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | (size < 126n ? Number(size) : size < 65536n ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(Number(size), 2)
  if (head.length === 10) head.writeBigUInt64BE(size, 2)
  return Buffer.concat(
    masked ? [head, mask, body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))] : [head, body]
  )
}
const close = (code: number, reason = ''): Buffer => {
  const number = Buffer.alloc(2)
  number.writeUInt16BE(code)
  return frame(Buffer.concat([number, Buffer.from(reason, 'latin1')]), { opcode: 8 })
}

/** The frames in the bytes that a server has sent. */
function framesIn(bytes: Buffer): { opcode: number; payload: Buffer }[] {
  const frames = []
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = (bytes[at + 1] ?? 0) & 0x7f
    const size =
      short === 126
        ? bytes.readUInt16BE(at + 2)
        : short === 127
          ? Number(bytes.readBigUInt64BE(at + 2))
          : short
    const start = at + (short === 126 ? 4 : short === 127 ? 10 : 2)
    if (start + size > bytes.length) break
    frames.push({ opcode: (bytes[at] ?? 0) & 0x0f, payload: bytes.subarray(start, start + size) })
    at = start + size
  }
  return frames
}

/** Sends bytes over an upgraded connection: the code it is closed with, or the first opcode of `waitFor`. */
async function send(
  bytes: Buffer,
  waitFor = 8
): Promise<{ opcode: number; payload: Buffer } | undefined> {
  const socket = dial()
  await exchange(upgrade(), answer => answer.includes('\r\n\r\n'), socket)
  const isIt = ({ opcode }: { opcode: number }) => opcode === waitFor
  const answer = await exchange(bytes, received => framesIn(received).some(isIt), socket)
  return framesIn(answer).find(isIt)
}

// ── the upgrade ─────────────────────────────────────────────────────────────

const upgrades: [title: string, request: string | Buffer, status: number][] = [
  ['as it should be is accepted', upgrade(), 101],
  ['with a query is accepted', upgrade({}, { path: '/sync?token=x' }), 101],
  [
    'that offers an extension named as what every object has is accepted without it',
    upgrade({ 'Sec-WebSocket-Extensions': 'constructor' }),
    101
  ],
  [
    'that offers compression in nonsense is accepted without it',
    upgrade({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' }),
    101
  ],
  ['without an origin is refused', upgrade({ Origin: undefined }), 403],
  ['from another origin is refused', upgrade({ Origin: 'https://evil.example' }), 403],
  ['from no origin by name is refused', upgrade({ Origin: 'null' }), 403],
  [
    'from an origin that begins like a good one is refused',
    upgrade({ Origin: `${origin}.evil.example` }),
    403
  ],
  [
    'from an origin that ends like a good one is refused',
    upgrade({ Origin: `https://evil.example/${origin}` }),
    403
  ],
  [
    'from a good origin without encryption is refused',
    upgrade({ Origin: 'http://app.example' }),
    403
  ],
  ['from a good origin on another port is refused', upgrade({ Origin: `${origin}:444` }), 403],
  ['from two origins is refused', upgrade({}, { more: 'Origin: https://evil.example\r\n' }), 403],
  ['without a key is refused', upgrade({ 'Sec-WebSocket-Key': undefined }), 400],
  ['with a short key is refused', upgrade({ 'Sec-WebSocket-Key': 'x' }), 400],
  ['with version 99 is refused', upgrade({ 'Sec-WebSocket-Version': '99' }), 400],
  ['without a version is refused', upgrade({ 'Sec-WebSocket-Version': undefined }), 400],
  ['to another protocol is refused', upgrade({ Upgrade: 'h2c' }), 400],
  ['by POST is refused', upgrade({}, { method: 'POST' }), 405],
  ['of another path is refused', upgrade({}, { path: '/' }), 404],
  ['of a path that goes on is refused', upgrade({}, { path: '/sync/more' }), 404],
  ['of a path in nonsense is refused', upgrade({}, { path: '/%' }), 404],
  ['of a path that is a star is refused', upgrade({}, { path: '*' }), 404],
  ['of a path that is two slashes is refused', upgrade({}, { path: '//' }), 404],
  ['of an address that is none is refused', upgrade({}, { path: 'http://[' }), 404],
  ['with 200 KB in one header is refused', upgrade({ Cookie: 'x'.repeat(200_000) }), 431],
  ['with 10,000 headers is refused', upgrade({}, { more: 'X: y\r\n'.repeat(10_000) }), 431],
  ['with NUL in a header is refused', upgrade({ Cookie: 'a\u0000b' }), 400],
  [
    'that is no upgrade is refused',
    `GET /sync HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\n\r\n`,
    405
  ],
  [
    'that is no upgrade, from nowhere, is refused',
    'GET /sync HTTP/1.1\r\nHost: localhost\r\n\r\n',
    403
  ],
  [
    'in bytes that are no HTTP is refused',
    Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
    400
  ]
]
test.each(upgrades)('an upgrade %s', async (_title, request, status) => {
  expect(await statusOf(request)).toBe(status)
  await expectAlive()
})

test('who is refused and does not hang up is hung up on', async () => {
  const socket = dial()
  socket.on('error', () => undefined)
  socket.write(upgrade({ Origin: undefined }))
  await once(socket.resume(), 'end')
  const more = setInterval(() => socket.write('x'), 5)
  open.add(() => clearInterval(more))
  await new Promise(resolve => socket.once('close', resolve))
  await expectAlive()
})

test('a connection that is cut in the middle of its upgrade, or right after it, is forgotten', async () => {
  for (const bytes of [upgrade().slice(0, 50), upgrade(), `${upgrade()}\u0081`]) {
    const socket = dial()
    await once(socket, 'connect')
    socket.write(bytes, 'latin1')
    socket.resetAndDestroy()
  }
  await expectAlive()
})

// ── frames of WebSocket ─────────────────────────────────────────────────────

const ping = JSON.stringify({ type: 'ping' })
const pieces = (count: number, fin: boolean) =>
  Buffer.concat([
    frame('x', { fin: false }),
    ...Array.from({ length: count }, () => frame('x', { opcode: 0, fin: false })),
    ...(fin ? [frame('', { opcode: 0 })] : [])
  ])
const frames: [title: string, bytes: Buffer, code: number | undefined][] = [
  ['that is not masked', frame(ping, { masked: false }), 1002],
  ['with the first reserved bit', frame(ping, { rsv: 4 }), 1002],
  ['with the second reserved bit', frame(ping, { rsv: 2 }), 1002],
  ['with the third reserved bit', frame(ping, { rsv: 1 }), 1002],
  ['of a reserved kind', frame(ping, { opcode: 3 }), 1002],
  ['of a reserved kind of control', frame('', { opcode: 11 }), 1002],
  ['of a byte more than the limit', frame('x'.repeat(toServerBytesMax + 1)), 1009],
  ['nested deeper than the limit', frame('['.repeat(toServerBytesMax + 1)), 1009],
  [
    'of more keys than the limit',
    frame(`{${'"key":0,'.repeat(toServerBytesMax / 8)}"key":0}`),
    1009
  ],
  ['that says it has 2^52 bytes', frame('x', { length: 2n ** 52n }), 1009],
  ['that says it has more bytes than there are', frame('x', { length: 2n ** 63n }), 1009],
  [
    'in pieces that add up to too much',
    Buffer.concat([frame('x'.repeat(toServerBytesMax), { fin: false }), frame('x', { opcode: 0 })]),
    1009
  ],
  ['in 20,000 pieces without an end', pieces(20_000, false), 1008],
  ['in 1,000 pieces that make no sense', pieces(1000, true), 4400],
  ['that continues nothing', frame(ping, { opcode: 0 }), 1002],
  ['that begins inside another', Buffer.concat([frame('{', { fin: false }), frame(ping)]), 1002],
  ['of bytes that are no UTF-8', frame(Buffer.from([0x22, 0xff, 0xfe, 0x22])), 1007],
  ['of UTF-8 that ends in the middle of a letter', frame(Buffer.from([0x22, 0xe7, 0xbe])), 1007],
  ['of UTF-8 with half a surrogate pair', frame(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), 1007],
  ['of UTF-8 in more bytes than needed', frame(Buffer.from([0x22, 0xc0, 0xaf, 0x22])), 1007],
  ['that is binary', frame(ping, { opcode: 2 }), 1003],
  ['that is binary and empty', frame('', { opcode: 2 }), 1003],
  ['that is empty', frame(''), 4400],
  ['that pings with 126 bytes', frame('x'.repeat(126), { opcode: 9 }), 1002],
  ['that pings in pieces', frame('x', { opcode: 9, fin: false }), 1002],
  // Cut off: a client that does not take pongs in would not take a number in either.
  [
    'that pings 100,000 times',
    Buffer.concat(Array.from({ length: 100_000 }, () => frame('', { opcode: 9 }))),
    undefined
  ],
  ['that closes with 999', close(999), 1002],
  ['that closes with 1005', close(1005), 1002],
  ['that closes with half a number', frame('x', { opcode: 8 }), 1002],
  ['that closes with a reason that is no UTF-8', close(1000, '\u00ff\u00fe'), 1007]
]
test.each(frames)('a frame %s ends the connection', async (_title, bytes, code) => {
  const closing = await send(bytes)
  expect(closing?.payload.readUInt16BE()).toBe(code)
  await expectAlive()
})

test('a ping of 125 bytes and an unasked pong are as they should be', async () => {
  const answer = await send(
    Buffer.concat([frame('', { opcode: 10 }), frame('x'.repeat(125), { opcode: 9 })]),
    10
  )
  expect(answer?.payload.toString()).toBe('x'.repeat(125))
  await expectAlive()
})

test.each([
  [200, 'are answered', undefined],
  [300, 'are too many: 10006', 4429]
])('%i messages at once %s', async (messages, _title, code) => {
  const socket = dial()
  await exchange(upgrade(), answer => answer.includes('\r\n\r\n'), socket)
  await exchange(
    frame(JSON.stringify(hello('mallory'))),
    answer => answer.includes('"caughtUp":true'),
    socket
  )
  const isOver = (answer: Buffer) => {
    const answers = framesIn(answer)
    return answers.length === messages || answers.some(({ opcode }) => opcode === 8)
  }
  const answer = await exchange(
    Buffer.concat(Array.from({ length: messages }, () => frame(ping))),
    isOver,
    socket
  )
  const answers = framesIn(answer)
  expect(answers.find(({ opcode }) => opcode === 8)?.payload.readUInt16BE()).toBe(code)
  const texts = answers
    .filter(({ opcode }) => opcode === 1)
    .map(({ payload }) => parseServerMessage(payload.toString()))
  if (code === undefined)
    expect(texts.map(message => message?.type)).toEqual(
      Array.from({ length: messages }, () => 'pong')
    )
  else expect(texts.at(-1)).toMatchObject({ type: 'error', error: { code: 10006 } })
  await expectAlive()
})

// ── messages ────────────────────────────────────────────────────────────────

const operation = {
  opID: 'op',
  name: 'quitGroup',
  args: { groupID: 'crew' },
  groupID: 'crew',
  seen: 0,
  waited: 0
}
const push = (...operations: object[]) => ({ type: 'push', operations })
const members = (rest: object) => ({
  type: 'members',
  groupID: 'crew',
  after: '',
  limit: 10,
  ...rest
})
const nested = (depth: number) =>
  `{"type":"ping","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, key) => [`key${key}`, 0]))
const twice = (text: string) => text + text
/** As text: some numbers survive no `JSON.stringify`. */
const written = (message: object, before: string, after: string) =>
  JSON.stringify(message).replace(before, after)

/** As the first message of a connection. */
const first: [title: string, message: unknown, error: number, close: number][] = [
  ['a ping', { type: 'ping' }, 2999, 4401],
  ['operations', push(operation), 2999, 4401],
  ['a question for members', members({}), 2999, 4401],
  [
    'a question for a profile',
    { type: 'read', request: 1, groupID: 'crew', search: false },
    2999,
    4401
  ],
  ['half of JSON', '{', 4509, 4400],
  ['a space', ' ', 4509, 4400],
  ['JSON in single quotes', "{'type':'ping'}", 4509, 4400],
  ['JSON with a comma too many', '{"type":"ping",}', 4509, 4400],
  ['JSON with a comment', '{"type":"ping"/**/}', 4509, 4400],
  ['JSON behind a byte order mark', `\ufeff${ping}`, 4509, 4400],
  ['two messages in one', twice(ping), 4509, 4400],
  ['null', 'null', 4509, 4400],
  ['a number', '1', 4509, 4400],
  ['a text', '"ping"', 4509, 4400],
  ['a list', '[]', 4509, 4400],
  ['a list with a message in it', `[${ping}]`, 4509, 4400],
  ['an empty object', '{}', 4509, 4400],
  ['a type that is a number', '{"type":5}', 4509, 4400],
  ['a type that is a list', '{"type":["ping"]}', 4509, 4400],
  ['a type that there is none of', '{"type":"drop"}', 2999, 4401],
  ['a type that every object has', '{"type":"toString"}', 2999, 4401],
  ['a type that names a prototype', '{"type":"__proto__"}', 2999, 4401],
  ['a type in the prototype', '{"__proto__":{"type":"ping"}}', 4509, 4400],
  ['a type of the server', '{"type":"welcome"}', 2999, 4401],
  ['a list nested 250,000 deep', '['.repeat(250_000), 4509, 4400],
  ['objects nested 40,000 deep', '{"a":'.repeat(40_000), 4509, 4400],
  [
    'a login with 20,000 keys and no token',
    { ...hello('mallory'), token: undefined, ...many },
    4509,
    4400
  ],

  ['a login with protocol 0', hello('mallory', { protocol: 0 }), 4508, 4429],
  [
    'a login as protocol 1 spelled it',
    hello('mallory', { protocol: 1, groups: { crew: [1, 1] } }),
    4508,
    4429
  ],
  [
    'a login with the next protocol',
    hello('mallory', { protocol: protocolVersion + 1 }),
    4508,
    4429
  ],
  ['a login with a protocol in words', hello('mallory', { protocol: '1' }), 4509, 4400],
  ['a login with a negative protocol', hello('mallory', { protocol: -1 }), 4509, 4400],
  ['a login with half a protocol', hello('mallory', { protocol: 1.5 }), 4509, 4400],
  ['a login without a token', hello('mallory', { token: undefined }), 4509, 4400],
  ['a login with a number for a token', hello('mallory', { token: 1 }), 4509, 4400],
  [
    'a login with a token of 4,097 characters',
    hello('mallory', { token: 'x'.repeat(4097) }),
    4509,
    4400
  ],
  ['a login without an epoch', hello('mallory', { epoch: undefined }), 4509, 4400],
  [
    'a login with an epoch of 65 characters',
    hello('mallory', { epoch: 'x'.repeat(65) }),
    4509,
    4400
  ],
  ['a login at a negative position', hello('mallory', { feed: -1 }), 4509, 4400],
  ['a login at half a position', hello('mallory', { feed: 0.5 }), 4509, 4400],
  ['a login at a position in words', hello('mallory', { feed: '0' }), 4509, 4400],
  ['a login at no position', hello('mallory', { feed: null }), 4509, 4400],
  [
    'a login at a position that is no exact number',
    hello('mallory', { feed: 2 ** 53 }),
    4509,
    4400
  ],
  ['a login at a position of 1e308', hello('mallory', { feed: 1e308 }), 4509, 4400],
  [
    'a login at an infinite position',
    written(hello('mallory'), '"feed":0', '"feed":1e309'),
    4509,
    4400
  ],
  ['a login with groups by name', hello('mallory', { groups: { crew: [1, 1] } }), 4509, 4400],
  ['a login without groups', hello('mallory', { groups: null }), 4509, 4400],
  ['a login with a group at one number', hello('mallory', { groups: [['crew', 1]] }), 4509, 4400],
  [
    'a login with a group at negative numbers',
    hello('mallory', { groups: [['crew', -1, -1]] }),
    4509,
    4400
  ],
  [
    'a login with a group at numbers in words',
    hello('mallory', { groups: [['crew', '1', '0']] }),
    4509,
    4400
  ],
  [
    'a login with a group at fractions',
    hello('mallory', { groups: [['crew', 1.5, 0.5]] }),
    4509,
    4400
  ],
  [
    'a login with a group of 65 characters',
    hello('mallory', { groups: [['x'.repeat(65), 1, 1]] }),
    4509,
    4400
  ],
  ['a login with a group without a name', hello('mallory', { groups: [['', 1, 1]] }), 4509, 4400],
  [
    'a login with a group more than the limit',
    hello('mallory', {
      groups: Array.from({ length: groupsPerHelloMax + 1 }, (_, index) => [`${index}`, 1, 1])
    }),
    4509,
    4400
  ]
]
test.each(first)('%s before any login is refused', async (_title, message, error, code) => {
  const client = await connect()
  client.send(message)
  expect(await client.take()).toMatchObject({ type: 'error', error: { code: error } })
  expect(await client.closed()).toBe(code)
  await expectAlive()
})

/** Of somebody who has logged in. */
const later: [title: string, message: unknown][] = [
  ['a second login', hello('mallory')],
  ['a login as somebody else', hello('ann')],
  ['no operations', push()],
  [
    `${operationsPerPushMax + 1} operations`,
    push(
      ...Array.from({ length: operationsPerPushMax + 1 }, (_, index) => ({
        ...operation,
        opID: `n${index}`
      }))
    )
  ],
  ['operations that are an object', { type: 'push', operations: { 0: operation, length: 1 } }],
  ['an operation that is null', { type: 'push', operations: [null] }],
  ['an operation without an ID', push({ ...operation, opID: undefined })],
  ['an operation with an empty ID', push({ ...operation, opID: '' })],
  ['an operation with an ID of 65 characters', push({ ...operation, opID: 'x'.repeat(65) })],
  ['an operation with a number for an ID', push({ ...operation, opID: 1 })],
  ['an operation without a name', push({ ...operation, name: null })],
  ['an operation with a name of 41 characters', push({ ...operation, name: 'x'.repeat(41) })],
  ['an operation without arguments', push({ ...operation, args: undefined })],
  ['an operation with null for arguments', push({ ...operation, args: null })],
  ['an operation with a text for arguments', push({ ...operation, args: 'crew' })],
  [
    'an operation with arguments of long names',
    push({ ...operation, args: { ['x'.repeat(65)]: 1 } })
  ],
  [
    'an operation with arguments nested 13 deep',
    push({ ...operation, args: { x: [[[[[[[[[[]]]]]]]]]] } })
  ],
  ['an operation on a group without a name', push({ ...operation, groupID: '' })],
  ['an operation on a group of 65 characters', push({ ...operation, groupID: 'x'.repeat(65) })],
  ['an operation on a group that is a number', push({ ...operation, groupID: 1 })],
  ['an operation after null', push({ ...operation, after: null })],
  ['an operation after an empty ID', push({ ...operation, after: '' })],
  ['an operation that has seen nothing', push({ ...operation, seen: undefined })],
  ['an operation that has seen a negative number', push({ ...operation, seen: -1 })],
  ['an operation that has seen a fraction', push({ ...operation, seen: 0.5 })],
  ['an operation that has seen more than there are numbers', push({ ...operation, seen: 2 ** 53 })],
  ['an operation that has seen 1e308', push({ ...operation, seen: 1e308 })],
  [
    'one good operation and a bad one',
    push({ ...operation, args: { groupID: 'crew' } }, { ...operation, seen: '1' })
  ],
  ['a question for no members', members({ limit: 0 })],
  ['a question for a negative number of members', members({ limit: -1 })],
  ['a question for half a member', members({ limit: 0.5 })],
  ['a question for a member more than the limit', members({ limit: membersPerPageMax + 1 })],
  ['a question for members behind a number', members({ after: 0 })],
  ['a question for members behind 65 characters', members({ after: 'x'.repeat(65) })],
  ['a question for members of nothing', members({ groupID: '' })],
  ['a question without a number', { type: 'read', groupID: 'crew', search: false }],
  [
    'a question with a negative number',
    { type: 'read', request: -1, groupID: 'crew', search: false }
  ],
  [
    'a question for the profile of a list',
    { type: 'read', request: 1, groupID: ['crew'], search: false }
  ],
  [
    'a question for the profile of nothing',
    { type: 'read', request: 1, groupID: '', search: false }
  ],
  ['what is no JSON', 'Hello?']
]
test.each(later)('%s after the login is refused: 4509', async (_title, message) => {
  const client = await login('mallory')
  client.send(message)
  expect(await client.take()).toMatchObject({ type: 'error', error: { code: 4509 } })
  expect(await client.closed()).toBe(4400)
  await expectAlive()
})

test('who does not log in within 10 seconds is sent away: 2999', async () => {
  const { clock, network } = createTestServer()
  const { connect: open, transcript } = network()
  let isClosed = false
  open({ onOpen: () => undefined, onFrame: () => undefined, onClose: () => (isClosed = true) })
  await clock.advance(10_000)
  expect(isClosed).toBe(false)
  await clock.advance(100)
  expect(isClosed).toBe(true)
  expect(transcript).toMatchObject([
    { to: 'client', message: { type: 'error', error: { code: 2999 } } }
  ])
})

test('who pushes without end, faster than it is judged, is sent away: 10006', async () => {
  const memory = createMemoryDatabase('e')
  const { clock, network } = createTestServer({
    database: { ...memory, transaction: () => new Promise(() => undefined) }
  })
  const { connect: open, transcript } = network()
  let isClosed = false
  const link = open({
    onOpen: () => undefined,
    onFrame: () => undefined,
    onClose: () => (isClosed = true)
  })
  await clock.advance(10)
  link.send(JSON.stringify(hello('ann', { token: 'ann' })))
  for (let count = 0; count < 50; count++) {
    const operations = Array.from({ length: operationsPerPushMax }, () => ({
      ...operation,
      opID: `${count}`
    }))
    link.send(JSON.stringify(push(...operations)))
    await clock.advance(20)
  }
  expect(isClosed).toBe(true)
  expect(transcript.at(-1)).toMatchObject({
    to: 'client',
    message: { type: 'error', error: { code: 10006 } }
  })
})

// ── userSig ─────────────────────────────────────────────────────────────────

type Api = {
  genUserSig(userID: string, expire: number): string
  genPrivateMapKey(userID: string, expire: number, room: number, map: number): string
}
// Tencent's package has no types and no exports but this one.
const require = createRequire(import.meta.url)
const { Api } = require('tls-sig-api-v2') as {
  Api: new (sdkAppID: number, secretKey: string) => Api
}
const tencent = new Api(app.sdkAppID, app.secretKey)

type Claims = Record<string, unknown>
const pack = (text: string | Buffer) =>
  deflateSync(text)
    .toString('base64')
    .replaceAll('+', '*')
    .replaceAll('/', '-')
    .replaceAll('=', '_')
const unpack = (userSig: string): Claims =>
  JSON.parse(
    inflateSync(
      Buffer.from(userSig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '='), 'base64')
    ).toString()
  )
const edited = (userSig: string, changes: Claims) =>
  pack(JSON.stringify({ ...unpack(userSig), ...changes }))
const mine = () => tencent.genUserSig('mallory', 1000)

/** Signed by the app for somebody whose ID goes on for lines, and taken apart at other places. */
function taken(): string {
  const now = Math.floor(Date.now() / 1000)
  const lines = [
    'ann',
    `TLS.sdkappid:${app.sdkAppID}`,
    `TLS.time:${now}`,
    'TLS.expire:1000',
    'TLS.userbuf:x'
  ]
  const claims = unpack(tencent.genUserSig(lines.join('\n'), 1))
  const rest = `x\nTLS.sdkappid:${app.sdkAppID}\nTLS.time:${Number(claims['TLS.time'])}\nTLS.expire:1`
  return pack(
    JSON.stringify({ ...claims, 'TLS.identifier': 'ann', 'TLS.expire': 1000, 'TLS.userbuf': rest })
  )
}

const userSigs: [title: string, userSig: () => string, code: number][] = [
  ['that is empty', () => '', 70002],
  ['of nonsense', () => 'nonsense', 70003],
  ['that is no base64', () => '<>!?', 70003],
  ['that names a prototype', () => '__proto__', 70003],
  ['that ends early', () => mine().slice(0, 100), 70003],
  ['that is not compressed', () => Buffer.from('{}').toString('base64'), 70003],
  ['of compressed nonsense', () => pack('nonsense'), 70003],
  ['of null', () => pack('null'), 70003],
  ['of a list', () => pack('[]'), 70003],
  ['of an empty object', () => pack('{}'), 70003],
  [
    'of claims that are inherited',
    () =>
      pack(
        JSON.stringify({ x: 1 }).replace('"x":1', `"__proto__":${JSON.stringify(unpack(mine()))}`)
      ),
    70003
  ],
  ['nested 100,000 deep', () => pack('['.repeat(100_000)), 70003],
  [
    'that is as it should be, and then 2 MB of spaces',
    () => pack(JSON.stringify(unpack(mine())) + ' '.repeat(2_000_000)),
    70003
  ],
  ['without a signature', () => edited(mine(), { 'TLS.sig': undefined }), 70003],
  ['with a signature that is null', () => edited(mine(), { 'TLS.sig': null }), 70003],
  ['with an expiry in words', () => edited(mine(), { 'TLS.expire': '1000' }), 70003],
  ['with a user that is a list', () => edited(mine(), { 'TLS.identifier': ['ann'] }), 70003],
  ['with an empty signature', () => edited(mine(), { 'TLS.sig': '' }), 70009],
  ['with a short signature', () => edited(mine(), { 'TLS.sig': 'AAAA' }), 70009],
  [
    'with a signature of another length',
    () => edited(mine(), { 'TLS.sig': 'A'.repeat(100) }),
    70009
  ],
  ['with a signature of zeros', () => edited(mine(), { 'TLS.sig': 'A'.repeat(43) }), 70009],
  ['of another key', () => new Api(app.sdkAppID, 'another key').genUserSig('ann', 1000), 70009],
  ['of another app', () => new Api(app.sdkAppID + 1, app.secretKey).genUserSig('ann', 1000), 70014],
  ['that names another user', () => edited(mine(), { 'TLS.identifier': 'ann' }), 70009],
  ['that names another app', () => edited(mine(), { 'TLS.sdkappid': app.sdkAppID + 1 }), 70014],
  ['that lasts longer than signed', () => edited(mine(), { 'TLS.expire': 1e308 }), 70009],
  ['that was made later than signed', () => edited(mine(), { 'TLS.time': 4e9 }), 70009],
  ['with more than was signed', () => edited(mine(), { 'TLS.userbuf': 'x' }), 70009],
  [
    'with less than was signed',
    () => edited(tencent.genPrivateMapKey('mallory', 1000, 1, 1), { 'TLS.userbuf': undefined }),
    70009
  ],
  [
    'that has expired',
    () => generateUserSig(app, { userID: 'ann', expireSeconds: 60, now: Date.now() - 61_000 }),
    70001
  ],
  ['that expires at once', () => tencent.genUserSig('ann', 0), 70001],
  ['that expired before it was made', () => tencent.genUserSig('ann', -1000), 70001],
  ['signed for somebody else and taken apart at other lines', taken, 70003]
]
test.each(userSigs)('a userSig %s is refused', async (_title, userSig, code) => {
  const client = await connect()
  client.send(hello('mallory', { token: userSig() }))
  expect(await client.take()).toMatchObject({ type: 'error', error: { code } })
  expect(await client.closed()).toBe(4401)
  expect(client.frames).toEqual([])
  await expectAlive()
})

test("Tencent's package and ours make the same userSig, and ours is what the server takes", async () => {
  const theirs = tencent.genUserSig('zoe & 9', 1000)
  const now = Number(unpack(theirs)['TLS.time']) * 1000
  expect(generateUserSig(app, { userID: 'zoe & 9', expireSeconds: 1000, now })).toBe(theirs)
  expect(verifyUserSig(app, theirs, now)).toEqual({
    ok: true,
    userID: 'zoe & 9',
    expiresAt: now + 1_000_000
  })
  expect(verifyUserSig(app, theirs, now + 1_000_000)).toMatchObject({ error: { code: 70001 } })
  for (const token of [
    tencent.genUserSig('mallory', 1000),
    tencent.genPrivateMapKey('mallory', 1000, 1, 255)
  ]) {
    const client = await connect()
    client.send(hello('mallory', { token }))
    expect((await client.next('welcome')).userID).toBe('mallory')
  }
})

// ── operations ──────────────────────────────────────────────────────────────

const on = (groupID: string, name: string, args: object = {}): Partial<PushedOperation> => ({
  name,
  groupID,
  args: { groupID, ...args }
})
// As it comes out of JSON.parse: an own key of that name.
const proto = (value: unknown) => JSON.parse(`{"__proto__":${JSON.stringify(value)}}`) as object

const operations: [
  title: string,
  userID: string,
  operation: Partial<PushedOperation>,
  outcome: number | 'retry' | 'applied'
][] = [
  ...['fly', 'toString', '__proto__', 'constructor', 'hasOwnProperty', ''].map(
    (name): (typeof operations)[number] => [
      `an operation called "${name}"`,
      'ann',
      on('crew', name),
      10003
    ]
  ),
  [
    'arguments about another group than the operation',
    'ann',
    { ...on('crew', 'dismissGroup'), groupID: 'den' },
    10015
  ],
  [
    'arguments about another group, the other way round',
    'mallory',
    { ...on('den', 'dismissGroup'), groupID: 'mine' },
    10015
  ],
  [
    'a new group without an ID that is said to be another',
    'mallory',
    { ...on('crew', 'createGroup'), args: { name: 'Crew' } },
    10015
  ],
  [
    'a new group under a made-up ID that is too short',
    'mallory',
    { groupID: '@TGS#short', name: 'createGroup', args: { name: 'x' } },
    10015
  ],
  [
    'a new group under a made-up ID with a slash',
    'mallory',
    { groupID: '@TGS#012345678901234567890/', name: 'createGroup', args: { name: 'x' } },
    10015
  ],
  [
    'a new group that chooses an ID of the store',
    'mallory',
    on('@TGS#0123456789012345678901', 'createGroup', { name: 'x' }),
    10004
  ],
  [
    'a new group under an ID that is taken',
    'mallory',
    on('crew', 'createGroup', { name: 'x' }),
    10021
  ],
  [
    'a new group under the ID of a Private group',
    'mallory',
    on('den', 'createGroup', { name: 'x' }),
    10021
  ],
  [
    'an operation after one that never came',
    'ann',
    { ...on('crew', 'dismissGroup'), after: 'never' },
    'retry'
  ],
  [
    'an operation after itself',
    'ann',
    { ...on('crew', 'dismissGroup'), opID: 'itself', after: 'itself' },
    'retry'
  ],
  [
    'a list for arguments',
    'ann',
    { ...on('crew', 'dismissGroup'), args: ['crew'] as never },
    10004
  ],
  ['no arguments', 'ann', { ...on('crew', 'dismissGroup'), args: {} }, 10004],
  [
    'arguments in the prototype',
    'ann',
    { ...on('crew', 'dismissGroup'), args: proto({ groupID: 'crew' }) as never },
    10004
  ],
  [
    'a role in the prototype',
    'bob',
    on('crew', 'dismissGroup', proto({ role: 'Owner', isAppAdmin: true })),
    10007
  ],
  [
    'a hole in a list, which JSON makes null',
    'ann',
    on('crew', 'deleteGroupMember', { userIDList: [null, 'bob'] }),
    10004
  ],
  [
    '501 users',
    'app',
    on('crew', 'addGroupMember', {
      userIDList: Array.from({ length: 501 }, (_, user) => `u${user}`)
    }),
    10005
  ],
  [
    '10,000 users',
    'app',
    on('crew', 'addGroupMember', {
      userIDList: Array.from({ length: 10_000 }, (_, user) => `u${user}`)
    }),
    10005
  ],
  [
    'a number that is infinite',
    'ann',
    on('crew', 'updateGroupProfile', { maxMemberNum: 1e308 }),
    10004
  ],
  [
    'a name of 200,000 characters',
    'ann',
    on('crew', 'updateGroupProfile', { name: 'x'.repeat(200_000) }),
    10004
  ],
  [
    'a role of 200,000 characters',
    'ann',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'x'.repeat(200_000) }),
    2683
  ],
  [
    'a type of 200,000 characters',
    'mallory',
    on('mine', 'createGroup', { name: 'x', type: 'x'.repeat(200_000) }),
    2600
  ],
  [
    'a group of which nobody knows, named as a prototype',
    'mallory',
    on('__proto__', 'joinGroup'),
    10010
  ],
  [
    'a group of which nobody knows, named as a constructor',
    'mallory',
    on('constructor', 'quitGroup'),
    10010
  ],

  [
    'a stranger who says to be the owner',
    'mallory',
    { ...on('crew', 'dismissGroup', { actor: 'ann' }), userID: 'ann', isAppAdmin: true } as never,
    10007
  ],
  [
    'a stranger who renames a Public group',
    'mallory',
    on('crew', 'updateGroupProfile', { name: 'x' }),
    10007
  ],
  [
    'a stranger who renames a Private group',
    'mallory',
    on('den', 'updateGroupProfile', { name: 'x' }),
    10007
  ],
  ['a stranger who dismisses a Private group', 'mallory', on('den', 'dismissGroup'), 10007],
  ['a stranger who joins a Private group', 'mallory', on('den', 'joinGroup'), 10007],
  [
    'a stranger who joins a Private group as if it were Public',
    'mallory',
    on('den', 'joinGroup', { type: 'Public' }),
    10007
  ],
  [
    'a stranger who comes into a Private group',
    'mallory',
    on('den', 'addGroupMember', { userIDList: ['mallory'] }),
    10007
  ],
  [
    'a stranger who removes members',
    'mallory',
    on('crew', 'deleteGroupMember', { userIDList: ['bob'] }),
    10007
  ],
  [
    'a stranger who sets roles',
    'mallory',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Admin' }),
    10007
  ],
  ['a stranger who quits', 'mallory', on('crew', 'quitGroup'), 2623],
  [
    'a member who makes himself an admin',
    'bob',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Admin' }),
    2681
  ],
  [
    'a member who makes himself the owner',
    'bob',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Owner' }),
    2681
  ],
  [
    'a member who removes the owner',
    'bob',
    on('crew', 'deleteGroupMember', { userIDList: ['ann'] }),
    10007
  ],
  [
    'a member who brings others in',
    'bob',
    on('crew', 'addGroupMember', { userIDList: ['mallory'] }),
    10007
  ],
  ['a member who dismisses the group', 'bob', on('crew', 'dismissGroup'), 10007],
  ['an owner who quits', 'ann', on('crew', 'quitGroup'), 10009],
  [
    'an owner who makes another owner',
    'ann',
    on('crew', 'setGroupMemberRole', { userID: 'bob', role: 'Owner' }),
    2683
  ],
  [
    'an owner who removes herself',
    'ann',
    on('crew', 'deleteGroupMember', { userIDList: ['bob', 'ann'] }),
    10004
  ],
  ['an owner who dismisses a Private group', 'ann', on('den', 'dismissGroup'), 2622],
  [
    'somebody who is removed though not in',
    'ann',
    on('crew', 'deleteGroupMember', { userIDList: ['nobody'] }),
    'applied'
  ]
]
test.each(operations)('%s', async (_title, userID, wanted, outcome) => {
  const client = await login(userID)
  expect(await client.judge(wanted)).toBe(outcome)
  await expectAlive()
})

test('an operation is judged once, whatever comes under its ID the next time, in the same frame or over another connection', async () => {
  const [ann, again] = [await login('ann'), await login('ann')]
  const opID = 'once'
  const refused = {
    ...operation,
    opID,
    name: 'updateGroupProfile',
    args: { groupID: 'crew', name: '' }
  }
  const allowed = { ...refused, args: { groupID: 'crew', name: 'Taken over' } }
  ann.send(push(refused, allowed))
  const verdicts: unknown[] = []
  while (verdicts.length < 2) verdicts.push(...(await ann.next('delta')).verdicts)
  expect(verdicts).toMatchObject([
    { opID, kind: 'rejected', error: { code: 10004 } },
    { opID, kind: 'rejected', error: { code: 10004 } }
  ])
  expect(await ann.judge(allowed)).toBe(10004)
  expect(await again.judge({ ...allowed, name: 'dismissGroup', args: { groupID: 'crew' } })).toBe(
    10004
  )
  expect(
    await again.judge({ ...allowed, groupID: 'den', args: { groupID: 'den', name: 'Taken over' } })
  ).toBe(10004)
  await expectAlive()
})

test("under somebody else's operation ID one gets a verdict of one's own", async () => {
  const [ann, mallory] = [await login('ann'), await login('mallory')]
  const hers = { ...on('crew', 'deleteGroupMember', { userIDList: ['nobody'] }), opID: 'hers' }
  expect(await ann.judge(hers)).toBe('applied')
  expect(await mallory.judge(hers)).toBe(10007)
  expect(await mallory.judge({ ...on('crew', 'quitGroup'), after: 'hers' })).toBe(2623)
  expect(await mallory.judge({ ...on('crew', 'quitGroup'), after: 'hers too' })).toBe('retry')
  await expectAlive()
})

// ── questions ───────────────────────────────────────────────────────────────

const read = (groupID: string) => ({ type: 'read', request: 1, groupID, search: false })
const refusal = (code: number) => [{ type: 'profile', request: 1, answer: { code } }]
const profile = { groupID: 'crew', name: 'Crew', groupCustomField: [], muteAllMembers: false }
const questions: [title: string, userID: string, question: unknown, answers: object[]][] = [
  ['members of a Public group, from a stranger, get no answer', 'mallory', members({}), []],
  [
    'members of a Private group, from a stranger, get no answer',
    'mallory',
    members({ groupID: 'den' }),
    []
  ],
  ['members of no group get no answer', 'mallory', members({ groupID: 'nowhere' }), []],
  [
    'members of what names a prototype get no answer',
    'mallory',
    members({ groupID: '__proto__' }),
    []
  ],
  [
    'members behind the last are none',
    'bob',
    members({ after: '~' }),
    [{ type: 'members', members: [], next: null }]
  ],
  [
    'the profile of a Public group, from a stranger, is what a search shows',
    'mallory',
    read('crew'),
    [{ type: 'profile', request: 1, answer: profile }]
  ],
  [
    'the profile of a Private group, from a stranger, is not to be had',
    'mallory',
    read('den'),
    refusal(10007)
  ],
  ['the profile of no group is not to be had', 'mallory', read('nowhere'), refusal(10010)],
  [
    'the profile of what names a prototype is not to be had',
    'mallory',
    read('__proto__'),
    refusal(10010)
  ],
  [
    'a ping with 20,000 keys that nobody knows is a ping',
    'mallory',
    { type: 'ping', ...many },
    [{ type: 'pong' }]
  ],
  [
    'a ping with what nobody asks for, nested 10,000 deep, is a ping',
    'mallory',
    nested(10_000),
    [{ type: 'pong' }]
  ],
  [
    'a ping with a prototype is a ping',
    'mallory',
    { type: 'ping', ...proto({ role: 'Owner' }) },
    [{ type: 'pong' }]
  ],
  [
    'a ping with brackets in a text is a ping',
    'mallory',
    { type: 'ping', text: `\\"${'['.repeat(1000)}` },
    [{ type: 'pong' }]
  ]
]
test.each(questions)('%s', async (_title, userID, question, answers) => {
  const client = await login(userID)
  // Questions are answered in turn, so that the answer to a last one ends the list.
  client.send(question, { type: 'read', request: 999, groupID: 'nowhere', search: false })
  const given: ServerMessage[] = []
  for (;;) {
    const answer = await client.take()
    if (answer.type === 'profile' && answer.request === 999) break
    given.push(answer)
  }
  expect(given).toMatchObject(answers)
  await expectAlive()
})

/** From where each is told. */
const all = { feed: 0, crew: 0, den: 0 }
/** Where ann's feed ends. */
const head = 4
const den = ['den', 1, 1]
const end = [['crew', 1, 1], den]
const positions: [title: string, userID: string, stand: object, told: unknown][] = [
  ['who has nothing is told everything', 'ann', {}, all],
  ['who has everything is told nothing', 'ann', { feed: head, groups: end }, {}],
  ['positions of another epoch count as none', 'ann', { epoch: 'x', feed: head, groups: end }, all],
  [
    'a position of another membership counts as none',
    'ann',
    { feed: head, groups: [['crew', 0, 1], den] },
    { crew: 0 }
  ],
  [
    'a position of a membership to come counts as none',
    'ann',
    { feed: head, groups: [['crew', 99, 1], den] },
    expect.objectContaining({ crew: 0 })
  ],
  [
    'a position that the group has not reached counts as none',
    'ann',
    { feed: head, groups: [['crew', 1, 99], den] },
    expect.objectContaining({ crew: 0 })
  ],
  [
    'a position that the feed has not reached counts as none',
    'ann',
    { feed: 99, groups: end },
    all
  ],
  [
    'groups named as what every object has are like others',
    'ann',
    { feed: head, groups: [...end, ['toString', 1, 1], ['__proto__', 1, 1]] },
    {}
  ],
  [
    'who says to hold groups of others is told nothing of them',
    'mallory',
    {
      groups: [
        ['crew', 1, 0],
        ['den', 1, 0]
      ]
    },
    {}
  ],
  ['who has no feed is told nothing of that of others', 'mallory', { feed: 0, groups: [] }, {}]
]
test.each(positions)('%s', async (_title, userID, stand, told) => {
  const client = await connect()
  client.send(hello(userID, stand))
  const { feed, groups, caughtUp } = await client.next('delta')
  expect(caughtUp).toBe(true)
  expect({
    ...(feed && { feed: feed.from }),
    ...Object.fromEntries(groups.map(({ groupID, from }) => [groupID, from]))
  }).toEqual(told)
  await expectAlive()
})

describe('a server on PostgreSQL, which has no NUL and no half characters', () => {
  const errors: unknown[] = []
  let sql: SyncServer
  beforeAll(async () => {
    sql = await startServer({
      ...app,
      database: await must(databases['PGlite'])(),
      onError: error => errors.push(error)
    })
    const ann = await login('ann', sql)
    expect(await ann.judge(on('crew', 'createGroup', { name: 'Crew', type: 'Public' }))).toBe(
      'applied'
    )
  })
  afterEach(() => void errors.splice(0))
  afterAll(() => sql.close())

  const good = {
    ...operation,
    name: 'deleteGroupMember',
    args: { groupID: 'crew', userIDList: ['nobody'] }
  }
  const messages: [title: string, message: unknown, code: number][] = [
    ['an operation ID with NUL', push(good, { ...good, opID: '\u0000' }), 4509],
    ['an operation ID with half a character', push(good, { ...good, opID: '\ud83d' }), 4509],
    [
      'an operation after one with NUL',
      push(good, { ...good, opID: 'next', after: '\u0000' }),
      4509
    ],
    [
      'an operation on a group with NUL',
      push({ ...good, groupID: '\u0000', args: { groupID: '\u0000' } }),
      4509
    ],
    [
      'an operation on a group with half a character',
      push({ ...good, groupID: '\ud83d', args: { groupID: '\ud83d' } }),
      4509
    ],
    ['an operation by a name with NUL', push({ ...good, name: '\u0000' }), 4509],
    ['an operation by a name with half a character', push({ ...good, name: '\ud83d' }), 4509],
    ['members behind NUL', members({ after: '\u0000' }), 4509],
    [
      'the profile of a group with NUL',
      { type: 'read', request: 1, groupID: '\u0000', search: false },
      4509
    ]
  ]
  test.each(messages)('%s: refused, and nothing fails', async (_title, message, code) => {
    const ann = await login('ann', sql)
    ann.send(message)
    expect(await ann.take()).toMatchObject({ type: 'error', error: { code } })
    expect(errors).toEqual([])
  })

  const refused: [title: string, operation: Partial<PushedOperation>, code: number][] = [
    [
      'arguments about a group with NUL',
      { ...on('crew', 'quitGroup'), args: { groupID: '\u0000' } },
      10015
    ],
    [
      'arguments about a group with half a character',
      { ...on('crew', 'quitGroup'), args: { groupID: '\ud83d' } },
      10015
    ],
    ['a role with NUL', on('crew', 'setGroupMemberRole', { userID: 'bob', role: '\u0000' }), 2683],
    [
      'a role with half a character',
      on('crew', 'setGroupMemberRole', { userID: 'bob', role: '\ude00' }),
      2683
    ],
    [
      'a user with NUL',
      on('crew', 'setGroupMemberRole', { userID: '\u0000', role: 'Admin' }),
      10004
    ],
    ['a type with NUL', on('new', 'createGroup', { name: 'x', type: '\u0000' }), 2600],
    ['a text with NUL', on('crew', 'updateGroupProfile', { name: '\u0000' }), 10004],
    [
      'a custom field with half a character',
      on('crew', 'updateGroupProfile', { groupCustomField: [{ key: 'a', value: '\ud83d' }] }),
      10004
    ]
  ]
  test.each(refused)(
    '%s: refused like anything else, and nothing fails',
    async (_title, operation, code) => {
      const ann = await login('ann', sql)
      expect(await ann.judge(operation)).toBe(code)
      expect(errors).toEqual([])
    }
  )
})
