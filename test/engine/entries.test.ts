/** Attributes and counters on devices: merged, private to members, and current after any absence. */

import { beforeEach, expect, test } from 'vitest'
import type { EntriesRow, EntriesTable } from '../../src/kernel/model.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
let ann: TestClient
let bob: TestClient

beforeEach(async () => {
  server = createTestServer()
  ann = createTestClient(server, 'ann')
  bob = createTestClient(server, 'bob')
  await ann.settle('createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'bob' }]
  })
  await server.clock.until(async () => (await bob.groups()).length > 0)
})

async function entries(
  client: TestClient,
  kind: EntriesTable,
  groupID?: string
): Promise<(readonly [string, string | number])[] | undefined> {
  const list = client.watch({ kind, ...(groupID !== undefined && { groupID }) })
  await server.clock.settle()
  // The query decides the type of its rows.
  const [row] = list.rows() as unknown as EntriesRow[]
  return row?.entries.map(({ key, value }) => [key, value] as const)
}

const set = (client: TestClient, key: string, value: string) =>
  client.apply('setGroupAttributes', { groupID: 'crew', groupAttributes: [{ key, value }] })
const count = (client: TestClient, value: number) =>
  client.apply('increaseGroupCounter', { groupID: 'crew', key: 'likes', value })

async function sync(...clients: TestClient[]): Promise<void> {
  for (const client of clients) await client.caughtUp()
  await server.clock.advance(100)
}

test('attributes of two offline devices are merged by key', async () => {
  ann.network.cut()
  bob.network.cut()
  await set(ann, 'seat', 'ann')
  await set(bob, '__proto__', 'bob')
  expect(await entries(ann, 'attributes', 'crew')).toEqual([['seat', 'ann']])
  ann.network.restore()
  await sync(ann)
  bob.network.restore()
  await sync(bob)
  const merged = [
    ['seat', 'ann'],
    ['__proto__', 'bob']
  ]
  expect(await entries(ann, 'attributes', 'crew')).toEqual(merged)
  expect(await entries(bob, 'attributes', 'crew')).toEqual(merged)
})

test('increments of two offline devices add up', async () => {
  ann.network.cut()
  bob.network.cut()
  expect((await count(ann, 2)).result).toEqual({ groupID: 'crew', key: 'likes', value: 2 })
  await count(ann, 3)
  await count(bob, 10)
  expect(await entries(ann, 'counters')).toEqual([['likes', 5]])
  ann.network.restore()
  bob.network.restore()
  await sync(ann, bob)
  expect(await entries(ann, 'counters')).toEqual([['likes', 15]])
  expect(await entries(bob, 'counters')).toEqual([['likes', 15]])
})

test('a refused change disappears', async () => {
  bob.network.cut()
  await set(bob, 'seat', 'bob')
  expect(await entries(bob, 'attributes')).toEqual([['seat', 'bob']])
  await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] })
  bob.network.restore()
  await sync(bob)
  expect(await entries(bob, 'attributes', 'crew')).toBeUndefined()
  expect((await bob.verdicts()).map(({ verdict }) => verdict.kind)).toEqual(['rejected'])
})

test('an absent member receives the last state', async () => {
  await set(ann, 'seat', 'ann')
  await sync(ann, bob)
  bob.network.cut()
  await ann.settle('deleteGroupAttributes', { groupID: 'crew', keyList: [] })
  await count(ann, 1)
  await sync(ann)
  bob.network.restore()
  await sync(bob)
  expect(await entries(bob, 'attributes', 'crew')).toEqual([])
  expect(await entries(bob, 'counters', 'crew')).toEqual([['likes', 1]])
})

test('a new member receives them, and an outsider does not', async () => {
  await set(ann, 'seat', 'ann')
  await count(ann, 4)
  await sync(ann)
  const carl = createTestClient(server, 'carl')
  await carl.caughtUp()
  expect(await entries(carl, 'attributes', 'crew')).toBeUndefined()
  let profile: unknown
  void carl.engine.readProfile('crew', false).then(answer => (profile = answer))
  await server.clock.until(() => profile !== undefined)
  expect(Object.keys(profile as object)).not.toContain('attributes')
  expect(JSON.stringify(profile)).not.toContain('seat')
  await carl.settle('joinGroup', { groupID: 'crew' })
  await sync(carl)
  expect(await entries(carl, 'attributes', 'crew')).toEqual([['seat', 'ann']])
  expect(await entries(carl, 'counters')).toEqual([['likes', 4]])
})

test('members of an AVChatRoom share them', async () => {
  await ann.settle('createGroup', { groupID: 'room', name: 'Room', type: 'AVChatRoom' })
  await bob.settle('joinGroup', { groupID: 'room' })
  const groupAttributes = [{ key: 'seat', value: 'bob' }]
  await bob.settle('initGroupAttributes', { groupID: 'room', groupAttributes })
  await sync(ann, bob)
  expect(await entries(ann, 'attributes', 'room')).toEqual([['seat', 'bob']])
})

test('a new group under the same ID has none', async () => {
  await set(ann, 'seat', 'ann')
  await ann.settle('dismissGroup', { groupID: 'crew' })
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
  await sync(ann)
  expect(await entries(ann, 'attributes', 'crew')).toBeUndefined()
})

test('a group is created and gets attributes offline', async () => {
  ann.network.cut()
  await ann.apply('createGroup', { groupID: 'den', name: 'Den', type: 'Public' })
  const groupAttributes = [{ key: 'seat', value: 'ann' }]
  await ann.apply('setGroupAttributes', { groupID: 'den', groupAttributes })
  expect(await entries(ann, 'attributes', 'den')).toEqual([['seat', 'ann']])
  ann.network.restore()
  await sync(ann)
  expect(await entries(ann, 'attributes', 'den')).toEqual([['seat', 'ann']])
  expect(await ann.verdicts()).toEqual([])
})

test('attributes of the full size reach a member', async () => {
  const groupAttributes = ['a', 'b', 'c', 'd'].map(key => ({ key, value: '"'.repeat(4095) }))
  await ann.settle('initGroupAttributes', { groupID: 'crew', groupAttributes })
  const phone = createTestClient(server, 'bob')
  await sync(bob, phone)
  expect((await entries(bob, 'attributes'))?.map(([key]) => key)).toEqual(['a', 'b', 'c', 'd'])
  expect((await entries(phone, 'attributes'))?.length).toBe(4)
})

const seat = (value: unknown) => ({ groupID: 'crew', entries: [{ key: 'seat', value }] })

test.each([
  ['attributes that another program has written', 'attributes', seat(5)],
  ['attributes under the ID of another group', 'attributes', { ...seat('ann'), groupID: 5 }],
  // Builds before schema 7 stored attributes in the row of the group.
  ['attributes of an older build', 'groups', { attributes: seat('ann'), counters: null }]
] as const)('%s are fetched again', async (_title, table, damage) => {
  await set(ann, 'seat', 'ann')
  await sync(ann, bob)
  const { storage } = bob
  await bob.engine.close()
  await storage.transact([{ table, scope: '', ids: ['crew'] }], ([[row]]) => [
    { table, scope: '', id: 'crew', row: { ...row, ...damage } } as never,
    ...(table === 'groups' ? [{ table: 'attributes', scope: '', empty: true } as const] : [])
  ])
  const again = createTestClient(server, 'bob', { storage })
  await sync(again)
  expect(await entries(again, 'attributes', 'crew')).toEqual([['seat', 'ann']])
})

test('attributes are removed with their group', async () => {
  await set(ann, 'seat', 'ann')
  await count(ann, 1)
  await sync(ann, bob)
  await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] })
  await sync(bob)
  const stored = await bob.storage.read([
    { table: 'attributes', scope: '' },
    { table: 'counters', scope: '' }
  ])
  expect(stored.answers).toEqual([[], []])
})

test('a delta without attributes writes none', async () => {
  const groupAttributes = ['a', 'b', 'c', 'd'].map(key => ({ key, value: 'x'.repeat(4095) }))
  await ann.settle('initGroupAttributes', { groupID: 'crew', groupAttributes })
  await sync(ann, bob)
  const storage = createMemoryStorage()
  let written = 0
  const phone = createTestClient(server, 'bob', {
    storage: {
      ...storage,
      transact: (queries, body, durability) =>
        storage.transact(
          queries,
          answers => {
            const writes = body(answers)
            written += JSON.stringify(writes).length
            return writes
          },
          durability
        )
    }
  })
  await sync(phone)
  expect(written).toBeGreaterThan(16_000)
  written = 0
  await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await sync(phone)
  expect(await phone.group('crew')).toMatchObject({ name: 'Boat' })
  expect(written).toBeLessThan(2000)
})
