/**
 * A real server on a real socket with the groups `crew` (Public) and `den` (Private), both owned by
 * ann. Bob is a member of `crew`, mallory is a stranger. After each attack, good clients are served
 * as before, and no row has changed.
 */

import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { WebSocket } from 'ws'
import { generateUserSig, startServer, type SyncServer } from '../../../src/server/main.ts'
import { createMemoryDatabase } from '../../../src/server/database/memory.ts'
import type { PushedOperation } from '../../../src/protocol/messages.ts'
import { parseServerMessage, type ServerMessage } from '../../../src/protocol/server-messages.ts'
import { hello as helloWith, push } from '../raw-client.ts'
import { request } from '../sync-request.ts'

export const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
export const origin = 'https://app.example'

export const hello = (userID: string, rest: object = {}) =>
  helloWith(generateUserSig(app, { userID }), { epoch: 'e', ...rest })

let count = 0
/** Undoes everything that the test has opened. */
const open = new Set<() => void>()
/** Frames that a client could not read. */
const unreadable: string[] = []

async function connect(server: SyncServer) {
  const socket = new WebSocket(server.url, { origin })
  open.add(() => socket.terminate())
  const frames: ServerMessage[] = []
  const ended = once(socket, 'close') as Promise<[code: number]>
  let code: number | undefined
  let wake: () => void = () => undefined
  socket.on('message', (data: Buffer) => {
    const message = parseServerMessage(data.toString())
    if (message) frames.push(message)
    else unreadable.push(data.toString().slice(0, 200))
    wake()
  })
  socket.on('close', number => {
    code = number
    wake()
  })
  await once(socket, 'open')

  const client = {
    frames,
    send(...messages: unknown[]) {
      for (const message of messages)
        socket.send(typeof message === 'string' ? message : JSON.stringify(message))
    },
    /** The next message. Throws if the connection ends before it. */
    async receive(): Promise<ServerMessage> {
      for (;;) {
        const message = frames.shift()
        if (message) return message
        if (code !== undefined) throw new Error(`closed with ${code}`)
        if (unreadable.length > 0) throw new Error(`not a message: ${unreadable[0]}`)
        await new Promise<void>(resolve => (wake = resolve))
      }
    },
    /** The next message of this type. */
    async next<T extends ServerMessage['type']>(
      type: T
    ): Promise<Extract<ServerMessage, { type: T }>> {
      for (;;) {
        const message = await client.receive()
        // The type of the message is T.
        if (message.type === type) return message as Extract<ServerMessage, { type: T }>
      }
    },
    closed: () => ended.then(([number]) => number),
    /** Pushes one operation. Returns `retry`, the code of a refusal, or the kind of verdict. */
    async judge(operation: Partial<PushedOperation>): Promise<unknown> {
      const opID = operation.opID ?? `op${count++}`
      const defaults = { name: 'quitGroup', args: {}, groupID: 'crew', seen: 0, waitedSeconds: 0 }
      client.send(push({ ...defaults, ...operation, opID }))
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

export async function loginTo(server: SyncServer, userID: string) {
  const client = await connect(server)
  client.send(hello(userID, { epoch: '' }))
  while (!(await client.next('delta')).caughtUp);
  return client
}

/** Closes the connections of each test. */
export function closeAfterEach(): void {
  afterEach(() => {
    for (const end of open) end()
    open.clear()
    unreadable.length = 0
  })
}

/** Starts the server before the tests of a file, and stops it after them. */
export function openStage() {
  const database = createMemoryDatabase('e')
  let server: SyncServer
  let rowsBefore: unknown
  closeAfterEach()
  const login = (userID: string) => loginTo(server, userID)

  const users = ['ann', 'bob', 'mallory', 'app', '__proto__']
  const rows = () =>
    database.snapshot(async reader => ({
      groups: await Promise.all(
        ['crew', 'den', '__proto__', 'constructor', 'mine'].map(reader.group)
      ),
      members: await Promise.all(
        ['crew', 'den'].map(groupID => reader.membersAfter(groupID, '', 100))
      ),
      feeds: await Promise.all(users.map(userID => reader.sync(userID, request)))
    }))

  beforeAll(async () => {
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
    const den = { groupID: 'den', name: 'Den' }
    expect(await ann.judge({ name: 'createGroup', groupID: 'den', args: den })).toBe('applied')
    rowsBefore = await rows()
  })
  afterAll(() => server.close())

  return {
    connect: () => connect(server),
    login,
    /** A TCP connection. */
    dial(): Socket {
      const socket = connectTcp({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
      open.add(() => socket.destroy())
      return socket
    },
    onEnd: (undo: () => void) => void open.add(undo),
    /** The server answers a good client with readable frames, and no row has changed. */
    async expectAlive(): Promise<void> {
      const ann = await login('ann')
      ann.send({ type: 'ping' })
      await ann.next('pong')
      expect(await rows()).toEqual(rowsBefore)
      expect(unreadable.splice(0)).toEqual([])
      expect(Reflect.ownKeys(Object.prototype)).not.toContain('role')
    }
  }
}

// ── messages ────────────────────────────────────────────────────────────────

export const ping = JSON.stringify({ type: 'ping' })
export const operation = {
  opID: 'op',
  name: 'quitGroup',
  args: { groupID: 'crew' },
  groupID: 'crew',
  seen: 0,
  waitedSeconds: 0
}
/** An operation on a group, without the fields that `judge` adds. */
export const on = (groupID: string, name: string, args: object = {}): Partial<PushedOperation> => ({
  name,
  groupID,
  args: { groupID, ...args }
})
export const members = (rest: object) => ({
  type: 'members',
  groupID: 'crew',
  after: '',
  limit: 10,
  ...rest
})
export const memberPage = (rest: object) => ({
  type: 'readMembers',
  request: 1,
  groupID: 'crew',
  offset: 0,
  limit: 10,
  ...rest
})
export const manyKeys = Object.fromEntries(
  Array.from({ length: 20_000 }, (_, key) => [`key${key}`, 0])
)
/** An object with an own key `__proto__`, as `JSON.parse` makes it. */
export const proto = (value: unknown) =>
  JSON.parse(`{"__proto__":${JSON.stringify(value)}}`) as object
