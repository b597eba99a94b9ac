/** Damage costs only the rows that it hits: other groups stay, and no event is told twice. */

import { beforeEach, expect, test } from 'vitest'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage, Write } from '../../../src/storage/port.ts'
import type { TableName } from '../../../src/storage/tables.ts'
import {
  createTestClient,
  createTestServer,
  type TestClient,
  type TestServer
} from '../../harness.ts'
import { createTabs } from '../tabs.ts'

let server: TestServer
let ann: TestClient
let storage: Storage

beforeEach(async () => {
  server = createTestServer()
  ann = createTestClient(server, 'ann')
  storage = createMemoryStorage()
  const memberList = [{ userID: 'bob' }]
  for (const groupID of ['crew', 'den', 'isle'])
    await ann.settle('createGroup', { groupID, name: groupID, type: 'Public', memberList })
  for (const groupID of ['crew', 'den'])
    await ann.settle('setGroupAttributes', {
      groupID,
      groupAttributes: [{ key: 'seat', value: groupID }]
    })
})

const start = (keepUndelivered = false) =>
  createTestClient(server, 'bob', { storage, keepUndelivered })

/** Changes a stored row as another program would, without a word to the engine. */
const damage = (table: TableName, id: string, change: (row: object) => unknown, disk = storage) =>
  disk.transact([{ table, scope: '', ids: [id] }], ([[row]]) => [
    { table, scope: '', id, row: change(row ?? {}) } as Write
  ])

/** A row whose ID cannot be read. */
const unnamed = () => ({ rubbish: true })

async function seats(client: TestClient): Promise<unknown[]> {
  const list = client.watch({ kind: 'attributes' })
  await server.clock.settle()
  return list.rows().map(row => 'entries' in row && [row.groupID, row.entries[0]?.value])
}

async function damagedRows(client: TestClient): Promise<unknown> {
  const list = client.watch({ kind: 'storage' })
  await server.clock.settle()
  return (list.rows()[0] as { damagedRows?: unknown }).damagedRows
}

/** The positions that a device names when it logs in. */
const positions = ({ network }: TestClient): Record<string, number> => {
  const hello = network.transcript.find(({ message }) => message['type'] === 'hello')?.message
  const groups = hello?.['groups'] as [groupID: string, membershipEpoch: number, seq: number][]
  return Object.fromEntries(groups.map(([groupID, , seq]) => [groupID, seq]))
}

test.each([
  ['with a name', (row: object) => ({ ...row, entries: 5 }), ['crew']],
  // Only the group without attributes of its own may have lost them, and the one that has.
  ['without a name', unnamed, ['crew', 'isle']]
])('damaged attributes %s are fetched again alone', async (_title, change, fetched) => {
  const first = start(true)
  await first.caughtUp()
  await server.clock.advance(1000)
  const told = await first.undelivered()
  expect(told.length).toBeGreaterThan(2)
  await first.engine.delivered(Math.max(...told.map(({ number }) => number)))
  await first.engine.close()
  await damage('attributes', 'crew', change)
  const again = start(true)
  expect((await again.groups()).length).toBe(3)
  await again.caughtUp()
  await server.clock.advance(1000)
  const refetched = Object.entries(positions(again)).filter(([, seq]) => seq === 0)
  expect(refetched.map(([groupID]) => groupID).sort()).toEqual(fetched)
  expect(await seats(again)).toEqual([
    ['crew', 'crew'],
    ['den', 'den']
  ])
  expect([await again.undelivered(), await damagedRows(again)]).toEqual([[], 1])
  // Storage is repaired: the next start finds no damage.
  await again.engine.close()
  const last = start()
  expect([Object.values(positions(await caughtUp(last))), await damagedRows(last)]).toEqual([
    expect.not.arrayContaining([0]),
    0
  ])
})

async function caughtUp(client: TestClient): Promise<TestClient> {
  await client.caughtUp()
  return client
}

test.each(['attributes', 'groups'] as const)(
  'damage of %s in open storage is repaired by a ping',
  async table => {
    const bob = start(true)
    await bob.caughtUp()
    await server.clock.advance(1000)
    const told = (await bob.undelivered()).length
    await damage(table, 'crew', unnamed)
    await server.clock.advance(200_000)
    await bob.caughtUp()
    expect(await damagedRows(bob)).toBe(1)
    expect((await bob.undelivered()).length).toBe(told)
    const [rows] = (await storage.read([{ table, scope: '' }])).answers
    expect(rows.map(row => 'groupID' in row && row.groupID)).toContain('crew')
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await server.clock.advance(1000)
    expect((await bob.group('crew'))?.name).toBe('Boat')
  }
)

test('damaged counters of an AVChatRoom are fetched again while it is open', async () => {
  await ann.settle('createGroup', { groupID: 'live', name: 'Live', type: 'AVChatRoom' })
  await ann.settle('increaseGroupCounter', { groupID: 'live', key: 'likes', value: 3 })
  await server.judge('eve', { name: 'joinGroup', args: { groupID: 'live' }, groupID: 'live' })
  storage = createMemoryStorage()
  const eve = createTestClient(server, 'eve', { storage })
  await eve.caughtUp()
  await damage('counters', 'live', unnamed)
  await server.clock.advance(100_000)
  await eve.caughtUp()
  const [rows] = (await storage.read([{ table: 'counters', scope: '' }])).answers
  expect(rows).toEqual([{ groupID: 'live', entries: [{ key: 'likes', value: 3 }] }])
})

test('a pending operation replaces its row that is damaged in open storage', async () => {
  const bob = start()
  await bob.caughtUp()
  bob.network.cut()
  const { opID } = await bob.apply('setGroupMemberNameCard', {
    groupID: 'crew',
    userID: 'bob',
    nameCard: 'B'
  })
  await damage('outbox', opID, unnamed)
  await damage('attributes', 'crew', unnamed)
  bob.network.restore()
  await bob.caughtUp()
  await server.clock.advance(60_000)
  await bob.caughtUp()
  expect(await damagedRows(bob)).toBe(2)
  expect(await bob.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
  expect(await bob.verdicts()).toEqual([])
})

test('the leader fetches rows whose damage another tab has found', async () => {
  const open = createTabs(server, 'bob')
  const leader = open()
  await leader.caughtUp()
  await damage('attributes', 'crew', unnamed, leader.storage)
  const follower = open()
  expect(await damagedRows(follower)).toBe(1)
  await server.clock.advance(60_000)
  expect(await seats(follower)).toEqual(await seats(leader))
  const [rows] = (await leader.storage.read([{ table: 'attributes', scope: '' }])).answers
  expect(rows.map(({ groupID }) => groupID)).toEqual(['crew', 'den'])
})

test('attributes of a group that was left during damage are removed', async () => {
  const first = start()
  await first.caughtUp()
  await first.engine.close()
  await damage('groups', 'crew', unnamed)
  await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] })
  const again = start()
  await again.caughtUp()
  expect(await seats(again)).toEqual([['den', 'den']])
  const [rows] = (await storage.read([{ table: 'attributes', scope: '' }])).answers
  expect(rows.map(({ groupID }) => groupID)).toEqual(['den'])
})

test('a damaged verdict is counted, and removed', async () => {
  const first = start()
  await first.caughtUp()
  await first.engine.close()
  await damage('verdicts', 'damaged', unnamed)
  const again = start()
  expect(await damagedRows(again)).toBe(1)
  await again.engine.close()
  expect(await damagedRows(start())).toBe(0)
})
