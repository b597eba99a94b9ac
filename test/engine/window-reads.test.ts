/** The reads behind a window: when rows are loaded, fetched and released. */

import { beforeEach, expect, test } from 'vitest'
import type { Member } from '../../src/engine/api.ts'
import type { List } from '../../src/engine/stream-api.ts'
import {
  createPeers,
  createTestClient,
  createTestServer,
  crewWithBob,
  type TestClient,
  type TestServer
} from '../harness.ts'

let server: TestServer

let ann: TestClient

beforeEach(async () => {
  server = createTestServer()
  ann = createTestClient(server, 'ann')
})

test('a changed member of 10,000 is one row and no read', async () => {
  const app = createTestClient(server, 'app')
  await ann.settle('createGroup', { name: 'Big', type: 'ChatRoom', groupID: 'big' })
  const users = (from: number) =>
    Array.from({ length: 500 }, (_, i) => `user${String(from + i).padStart(5, '0')}`)
  for (let from = 0; from < 10_000; from += 500)
    await app.settle('addGroupMember', { groupID: 'big', userIDList: users(from) })
  const list = ann.watch({
    kind: 'members',
    groupID: 'big',
    offset: 100,
    limit: 50,
    orderBy: 'role'
  })
  await server.clock.until(() => list.last()?.complete === true)
  list.patches.length = 0
  const reads: unknown[] = []
  const { read } = ann.storage
  Object.assign(ann.storage, {
    read: (queries: readonly unknown[]) => (reads.push(...queries), read(queries as never))
  })
  await server.judge('app', {
    name: 'setGroupMemberNameCard',
    args: { groupID: 'big', userID: 'user00120', nameCard: 'Zed' },
    groupID: 'big'
  })
  await server.clock.until(() => list.patches.length > 0)
  expect(list.patches).toMatchObject([
    { edits: [[21, 21, { userID: 'user00120', nameCard: 'Zed' }]] }
  ])
  expect(reads).toEqual([])
})

test('rows of closed streams are released, even before they are loaded', async () => {
  await ann.settle('createGroup', crewWithBob)
  const reads: unknown[] = []
  const { read } = ann.storage
  Object.assign(ann.storage, {
    read: (queries: readonly unknown[]) => (reads.push(...queries), read(queries as never))
  })
  const last: Partial<Record<number, List<Member>>> = {}
  const streams = ann.engine.openStreams(({ version, patches }) => {
    for (const [stream, patch] of patches)
      if (patch.kind === 'list')
        last[stream] = { ...patch, rows: patch.edits.map(([, , row]) => row as Member) }
    void Promise.resolve().then(() => streams.request({ type: 'received', version }))
  })
  const query = { kind: 'members', groupID: 'crew', limit: 10 } as const
  for (const settles of [true, false]) {
    for (let stream = 0; stream < 100; stream++) {
      streams.request({ type: 'open', stream, query: { ...query, search: `u${stream}` } })
      if (settles) await server.clock.settle()
      streams.request({ type: 'close', stream })
    }
    await server.clock.settle()
    reads.length = 0
    streams.request({ type: 'open', stream: 1000, query })
    await server.clock.settle()
    // Rows that were kept would not be read again.
    expect(reads).toEqual([{ table: 'members', scope: 'crew' }])
    expect(last[1000]?.rows).toHaveLength(2)
    streams.request({ type: 'close', stream: 1000 })
  }
})

test('members shown before a leader exists are fetched by each leader', async () => {
  const userIDs = Array.from(
    { length: 2500 },
    (_, index) => `user${String(index).padStart(4, '0')}`
  )
  const large = { type: 'ChatRoom', joinOption: 'FreeAccess', name: 'Large' }
  for (const groupID of ['large', 'larger']) {
    await server.judge('ann', { name: 'createGroup', args: { ...large, groupID }, groupID })
    for (let start = 0; start < 2500; start += 500) {
      const args = { groupID, userIDList: userIDs.slice(start, start + 500) }
      await server.judge('app', { name: 'addGroupMember', args, groupID })
    }
  }
  const [first, second] = createPeers()
  const leader = createTestClient(server, 'ann', { peers: first.peers })
  const follower = createTestClient(server, 'ann', { peers: second.peers, storage: leader.storage })
  const window = { kind: 'members', groupID: 'large', limit: 10 } as const
  const early = leader.watch(window)
  await server.clock.settle()
  first.lead()
  await leader.caughtUp()
  await server.clock.advance(1000)
  expect(early.last()).toMatchObject({ total: 2501, complete: true })

  // Nobody talks to the network when this one looks.
  await leader.engine.close()
  const late = follower.watch({ ...window, groupID: 'larger' })
  await server.clock.settle()
  expect(late.last()).toMatchObject({ complete: false })
  second.lead()
  await server.clock.advance(5000)
  expect(late.last()).toMatchObject({ total: 2501, complete: true })
})

test('a group opened while another stream closes is shown whole', async () => {
  await ann.settle('createGroup', crewWithBob)
  await ann.caughtUp()
  for (let turns = 0; turns < 12; turns++) {
    const shownLast = new Map<number, number>()
    const streams = ann.engine.openStreams(frame => {
      for (const [stream, patch] of frame.patches)
        if (patch.kind === 'list') shownLast.set(stream, patch.total)
    })
    streams.request({
      type: 'open',
      stream: 0,
      query: { kind: 'members', groupID: 'crew', limit: 10 }
    })
    await server.clock.settle()
    streams.request({
      type: 'open',
      stream: 1,
      query: { kind: 'members', groupID: 'crew', limit: 20 }
    })
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    streams.request({ type: 'close', stream: 0 })
    await server.clock.settle()
    expect([turns, shownLast.get(1)]).toEqual([turns, 2])
    streams.close()
  }
})

test('members shown from the start are fetched with the first connection', async () => {
  const app = createTestClient(server, 'app')
  await ann.settle('createGroup', {
    name: 'Big',
    type: 'ChatRoom',
    groupID: 'big',
    memberList: [{ userID: 'bob' }]
  })
  const users = (from: number) =>
    Array.from({ length: 500 }, (_, i) => `user${String(from + i).padStart(5, '0')}`)
  for (let from = 0; from < 2500; from += 500)
    await app.settle('addGroupMember', { groupID: 'big', userIDList: users(from) })
  const bob = createTestClient(server, 'bob')
  const list = bob.watch({ kind: 'members', groupID: 'big', limit: 10 })
  await server.clock.until(() => list.last()?.complete === true && list.last()?.total === 2502)
  expect(list.rows()).toHaveLength(10)
})

test('members shown from the start are read once, with the groups', async () => {
  await ann.settle('createGroup', crewWithBob)
  await ann.caughtUp()
  await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Admin' })
  await ann.engine.close()
  const asked: string[][] = []
  let answer: () => void = () => undefined
  const answering = new Promise<void>(resolve => (answer = resolve))
  const storage: typeof ann.storage = {
    ...ann.storage,
    async read(queries) {
      asked.push(queries.map(({ table }) => table))
      await answering
      return ann.storage.read(queries)
    }
  }
  const again = createTestClient(server, 'ann', { storage, paused: true })
  const members = again.watch({ kind: 'members', groupID: 'crew', limit: 10 })
  await server.clock.settle()
  expect(asked.map(tables => tables.at(-1)).sort()).toEqual(['members', 'undelivered'])
  answer()
  await server.clock.settle()
  expect(asked).toHaveLength(2)
  expect(members.emissions).toMatchObject([
    [
      { userID: 'ann', role: 'Owner' },
      { userID: 'bob', role: 'Admin' }
    ]
  ])
})
