/** A queued operation survives the death of its device, and the queue drains after any failure. */

import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import type { Pending } from '../../src/storage/tables.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'
import { never, stored } from './outbox-rows.ts'

let server: TestServer

beforeEach(() => (server = createTestServer()))

/**
 * A storage on which, at some moment of its work, its device dies: before a transaction or between
 * it and its answer.
 */
function mortal(storage: Storage, livesFor: number): { storage: Storage; isDead(): boolean } {
  let moments = 0
  const isDead = () => moments > livesFor
  const lives = async <T>(work: () => Promise<T>): Promise<T> => {
    if (++moments > livesFor) return never
    const answer = await work()
    return ++moments > livesFor ? never : answer
  }
  return {
    isDead,
    storage: {
      ...storage,
      read: queries => lives(() => storage.read(queries)),
      transact: (queries, body) => lives(() => storage.transact(queries, body))
    }
  }
}

test('a resolved operation survives the death of its device', async () => {
  let moment = 0
  for (let isOver = false; !isOver; moment++) {
    server = createTestServer()
    const disk = createMemoryStorage()
    const { storage, isDead } = mortal(disk, moment)
    const device = createTestClient(server, 'ann', { storage })
    const accepted: string[] = []
    void (async () => {
      const { opID, groupID } = await device.apply('createGroup', {
        groupID: 'crew',
        name: 'Crew',
        type: 'Public'
      })
      accepted.push(opID)
      // Other fields each time: of the same one, only the last would be sent.
      for (const field of ['name', 'introduction'])
        accepted.push((await device.apply('updateGroupProfile', { groupID, [field]: 'Boat' })).opID)
    })()
    await server.clock.advance(5000)
    isOver = !isDead()
    device.network.cut()

    const again = createTestClient(server, 'ann', { storage: disk })
    await again.caughtUp()
    for (const opID of accepted)
      expect(await again.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
    const { row, seq } = await server.database.snapshot(reader => reader.group('crew'))
    // What was not accepted yet may be there as well, once.
    expect(seq).toBeGreaterThanOrEqual(accepted.length)
    expect(
      [row && 1, row?.name === 'Boat' && 2, row?.introduction === 'Boat' && 3].findLast(Boolean)
    ).toBe(seq || undefined)
    expect(await again.group('crew')).toMatchObject(row ?? {})
  }
  expect(moment).toBeGreaterThan(10)
})

/** A database that fails so many times, where `when` says so. */
function failing(when: 'transaction' | 'snapshot', times: () => number): Database {
  const database = createMemoryDatabase('epoch-1')
  const mayFail =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      times() > 0 ? Promise.reject(new Error('the database is away')) : work(...args)
  return { ...database, [when]: mayFail(database[when] as (...args: never[]) => Promise<unknown>) }
}

describe('a drained queue', () => {
  const serverFailures = ['transaction', 'snapshot'] as const
  test.each(serverFailures)('the queue drains after a failed %s of the server', async when => {
    let left = 0
    server = createTestServer({ database: failing(when, () => left--) })
    const ann = createTestClient(server, 'ann')
    await ann.caughtUp()
    ann.network.cut()
    await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    left = 5
    ann.network.restore()
    await ann.caughtUp()
    expect([left < 0, (await ann.group('crew'))?.name]).toEqual([true, 'Crew'])
  })

  test.each([0, 1, 2, 3])('the queue drains after storage refused frame %i', async index => {
    const disk = createMemoryStorage()
    let commits = -Infinity
    const storage: Storage = {
      ...disk,
      transact: (queries, body) =>
        commits++ === index
          ? Promise.reject(new Error('the disk is full'))
          : disk.transact(queries, body)
    }
    const ann = createTestClient(server, 'ann', { storage, paused: true })
    await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    await ann.apply('createGroup', { groupID: 'boat', name: 'Boat' })
    commits = 0
    await ann.engine.resume()
    await ann.caughtUp()
    expect([(await ann.groups()).length, await ann.outbox()]).toEqual([2, []])
  })

  test('the queue drains wherever the line is cut', async () => {
    const messages = async (cutAfter: number): Promise<number> => {
      server = createTestServer()
      const ann = createTestClient(server, 'ann', { paused: true })
      const { transcript } = ann.network
      await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
      await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
      await ann.engine.resume()
      if (cutAfter < Infinity) {
        await server.clock.until(() => transcript.length >= cutAfter)
        ann.network.cut()
        await server.clock.advance(20_000)
        ann.network.restore()
      }
      await ann.caughtUp()
      expect((await server.database.snapshot(reader => reader.group('crew'))).seq).toBe(2)
      return transcript.length
    }
    const all = await messages(Infinity)
    for (let cutAfter = 1; cutAfter < all; cutAfter++) await messages(cutAfter)
    expect(all).toBeGreaterThan(4)
  })
})

const poisons: [title: string, changes: Partial<Pending>, code: number][] = [
  ['that nobody knows', {}, 10003],
  [
    'with arguments that are wrong',
    { name: 'updateGroupProfile', args: { groupID: 'crew', name: '' } },
    10004
  ],
  ['with arguments of another group', { name: 'dismissGroup', args: { groupID: 'boat' } }, 10015],
  [
    'that has waited for ever',
    {
      name: 'updateGroupProfile',
      args: { groupID: 'crew', name: 'x' },
      askedAtMs: 0,
      askedAtServerSeconds: 0
    },
    4511
  ]
]

test.each(poisons)(
  'an operation %s gets a verdict and blocks no lane',
  async (_title, changes, code) => {
    const storage = createMemoryStorage()
    const ann = createTestClient(server, 'ann', { storage })
    for (const groupID of ['crew', 'boat'])
      await ann.settle('createGroup', { groupID, name: groupID, type: 'Public' })
    await ann.engine.close()
    await storage.transact([], () => [
      { table: 'outbox', scope: '', id: 'poison', row: stored(server, changes) }
    ])
    const again = createTestClient(server, 'ann', { storage, paused: true })
    const sameLane = await again.apply('updateGroupProfile', {
      groupID: 'crew',
      introduction: 'Ours'
    })
    const other = await again.apply('updateGroupProfile', { groupID: 'boat', introduction: 'Ours' })
    await again.engine.resume()
    await again.caughtUp()
    expect(await again.engine.settled('poison')).toMatchObject({
      verdict: { kind: 'rejected', error: { code } }
    })
    for (const { opID } of [sameLane, other])
      expect(await again.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
  }
)

test('operations of other groups go on while one group fails', async () => {
  const database = createMemoryDatabase('epoch-1')
  let isCursed = true
  const cursed: Database = {
    ...database,
    transaction: work =>
      database.transaction(tx =>
        work({
          ...tx,
          lockGroup: groupID =>
            isCursed && groupID === 'crew'
              ? Promise.reject(new Error('this page is broken'))
              : tx.lockGroup(groupID)
        })
      )
  }
  server = createTestServer({ database: cursed })
  const ann = createTestClient(server, 'ann')
  const stuck = await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  expect(await ann.settle('createGroup', { groupID: 'boat', name: 'Boat' })).toMatchObject({
    kind: 'applied'
  })
  expect((await ann.outbox()).map(({ opID }) => opID)).toEqual([stuck.opID])
  isCursed = false
  await ann.caughtUp()
  expect(await ann.engine.settled(stuck.opID)).toMatchObject({ verdict: { kind: 'applied' } })
})

const interruptions: [title: string, interrupt: (ann: TestClient) => Promise<TestClient>][] = [
  ['pausing and resuming', async ann => (await ann.engine.pause(), await ann.engine.resume(), ann)],
  [
    'closing and opening again',
    async ann => (
      await ann.engine.close(),
      createTestClient(server, 'ann', { storage: ann.storage })
    )
  ],
  [
    'logging out with what waits kept, and in again',
    async ann => (
      await ann.engine.logout('keep'),
      createTestClient(server, 'ann', { storage: ann.storage })
    )
  ]
]

test.each(interruptions)(
  '%s during an operation delivers it once with a verdict',
  async (_title, interrupt) => {
    const ann = createTestClient(server, 'ann')
    await ann.settle('createGroup', { groupID: 'crew', name: 'Crew' })
    const { opID } = await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    const { transcript } = ann.network
    // The server has it, and its answer is on the way.
    await server.clock.until(() => transcript.at(-1)?.message['type'] === 'push')
    const after = await interrupt(ann)
    expect((await after.outbox()).map(pending => pending.opID)).toEqual([opID])
    await after.caughtUp()
    expect(await after.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied', seq: 2 } })
    expect((await server.database.snapshot(reader => reader.group('crew'))).seq).toBe(2)
  }
)
