/** Logout in one of several tabs, on full storage, and after a tab has died in the middle of it. */

import { beforeEach, expect, test } from 'vitest'
import { createTestServer, type TestServer } from '../harness.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage, Write } from '../../src/storage/port.ts'
import { createTabs, type Tab } from './tabs.ts'

let server: TestServer
beforeEach(() => void (server = createTestServer()))

const closed = { connection: 'offline', caughtUp: false, lastError: { code: 2999 } }
const discarded = { verdict: { kind: 'rejected', error: { reason: 'Discarded' } } }

/** Two tabs of ann without a network. `crew` is pending in the second one. */
async function openPair(storage = createMemoryStorage(), firstStorage = storage) {
  const open = createTabs(server, 'ann')
  const options = { paused: true, storage }
  const [first, second] = [open({ ...options, storage: firstStorage }), open(options)]
  await server.clock.settle()
  const { opID } = await second.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  await server.clock.settle()
  return { first, second, opID, open: (own = storage) => open({ ...options, storage: own }) }
}

async function answered<T>(call: Promise<T>): Promise<T> {
  let isAnswered = false
  void call.finally(() => (isAnswered = true))
  await server.clock.until(() => isAnswered)
  return call
}

const rename = (tab: Tab, name: string) =>
  tab.engine.apply('updateGroupProfile', { groupID: 'crew', name })

test('a logout ends every tab', async () => {
  const { first, second, opID } = await openPair()
  const settled = second.engine.settled(opID)
  expect(await answered(first.engine.logout('discard'))).toBeNull()
  await server.clock.settle()
  expect(await settled).toMatchObject(discarded)
  for (const tab of [first, second]) {
    expect(await tab.status()).toMatchObject(closed)
    expect(await rename(tab, 'Boat')).toMatchObject({ code: 2999 })
  }
})

test('a refused logout leaves all tabs usable', async () => {
  const { first, second } = await openPair()
  expect(await answered(first.engine.logout())).toMatchObject({ code: 4504 })
  expect(await answered(first.engine.logout('flush'))).toMatchObject({ code: 2805 })
  for (const tab of [first, second]) expect(await rename(tab, 'Boat')).toHaveProperty('opID')
})

test('a flush without progress is refused, and operations are accepted again', async () => {
  const { first, second } = await openPair()
  const stuck = first.engine.logout('flush')
  expect(await answered(stuck)).toMatchObject({ code: 2805 })
  expect(await rename(second, 'Boat')).toHaveProperty('opID')
})

test('an operation that is enqueued during a flush is flushed too', async () => {
  const { first, second } = await openPair()
  await first.engine.resume()
  const flushing = first.engine.logout('flush')
  const renamed = rename(second, 'Boat')
  expect(await renamed).toHaveProperty('opID')
  expect(await answered(flushing)).toBeNull()
  expect((await server.database.snapshot(reader => reader.group('crew'))).row?.name).toBe('Boat')
})

test.each([0, 1, 2, 3, 5, 8])(
  'an operation enqueued %i turns after a discard has one outcome',
  async turns => {
    const { first, second } = await openPair()
    const leaving = first.engine.logout('discard')
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    const answer = await answered(rename(second, 'Boat'))
    expect(await answered(leaving)).toBeNull()
    if ('opID' in answer) expect(await second.engine.settled(answer.opID)).toMatchObject(discarded)
    else expect(answer).toMatchObject({ code: 2999 })
  }
)

test('an operation that is stored after a logout gets one verdict', async () => {
  const disk = createMemoryStorage()
  let isSlow = false
  const slow: Storage = {
    ...disk,
    async transact(...work) {
      if (isSlow) await new Promise<void>(resolve => void server.clock.setTimer(resolve, 20_000))
      return disk.transact(...work)
    }
  }
  const { first, second } = await openPair(slow, disk)
  isSlow = true
  const renamed = rename(second, 'Boat')
  await server.clock.settle()
  const [, pending] = await second.outbox()
  const settled = second.engine.settled(pending?.opID ?? '')
  expect(await answered(first.engine.logout('discard'))).toBeNull()
  await server.clock.advance(60_000)
  expect(await renamed).toMatchObject({ code: 4512 })
  expect(await settled).toMatchObject(discarded)
  expect(await outboxOf(disk)).toEqual([])
})

/** Storage that takes no writes while it is full. A removal needs no room, unless it is denied. */
function createFullStorage({ isRemovable = true } = {}) {
  const disk = createMemoryStorage()
  let isFull = false
  const full = () => Promise.reject(new DOMException('full', 'QuotaExceededError'))
  const storage: Storage = {
    ...disk,
    transact: (...work) => (isFull ? full() : disk.transact(...work)),
    destroy: () => (isRemovable ? disk.destroy() : full())
  }
  return { storage, fill: (isSo: boolean) => void (isFull = isSo) }
}

test('a logout on full storage ends every tab if nothing is pending', async () => {
  const { storage, fill } = createFullStorage()
  const { first, second } = await openPair(storage)
  await first.engine.resume()
  await first.caughtUp()
  fill(true)
  expect(await answered(first.engine.logout())).toBeNull()
  await server.clock.settle()
  expect(await second.status()).toMatchObject(closed)
  expect(await first.status()).toMatchObject(closed)
})

test('a logout on full storage says that operations are pending', async () => {
  const { storage, fill } = createFullStorage()
  const { first, second } = await openPair(storage)
  fill(true)
  expect(await answered(first.engine.logout())).toMatchObject({ code: 4504 })
  fill(false)
  expect(await rename(second, 'Boat')).toHaveProperty('opID')
})

test('a logout on full storage makes room and seals it', async () => {
  const { storage, fill } = createFullStorage({ isRemovable: false })
  const makeRoom = () => Promise.resolve(fill(false))
  const { first, second } = await openPair({ ...storage, makeRoom })
  await first.engine.resume()
  await first.caughtUp()
  fill(true)
  await answered(first.engine.logout())
  await server.clock.settle()
  expect(await second.status()).toMatchObject(closed)
})

test('a refused logout on full storage evicts no group', async () => {
  const { storage, fill } = createFullStorage()
  const { first } = await openPair({ ...storage, makeRoom: async () => fill(false) })
  await first.engine.resume()
  await first.caughtUp()
  const state = first.watch({ kind: 'storage' })
  await first.engine.pause()
  await rename(first, 'Boat')
  fill(true)
  expect(await answered(first.engine.logout())).toMatchObject({ code: 4504 })
  await server.clock.settle()
  expect(state.rows()).toMatchObject([{ evictedGroups: 0 }])
})

test('a flush on full storage sends the operations and logs out', async () => {
  const { storage, fill } = createFullStorage()
  const { first, second } = await openPair({ ...storage, makeRoom: async () => fill(false) })
  await first.engine.resume()
  await server.clock.advance(100)
  fill(true)
  expect(await answered(first.engine.logout('flush'))).toBeNull()
  await server.clock.settle()
  expect(await second.status()).toMatchObject(closed)
  expect((await server.database.snapshot(reader => reader.group('crew'))).row?.name).toBe('Crew')
})

test('a discard on full storage removes data, with verdicts in all tabs', async () => {
  const { storage, fill } = createFullStorage()
  const { first, second, opID } = await openPair(storage)
  fill(true)
  const settled = [first, second].map(tab => tab.engine.settled(opID))
  expect(await answered(first.engine.logout('discard'))).toBeNull()
  await server.clock.settle()
  expect(await Promise.all(settled)).toMatchObject([discarded, discarded])
  expect(await second.status()).toMatchObject(closed)
})

test('a discard that can remove nothing says why, and changes nothing', async () => {
  const { storage, fill } = createFullStorage({ isRemovable: false })
  const { first, second, opID } = await openPair(storage)
  fill(true)
  expect(await answered(first.engine.logout('discard'))).toMatchObject({ code: 4516 })
  fill(false)
  await server.clock.advance(60_000)
  expect(await rename(first, 'Boat')).toHaveProperty('opID')
  await second.engine.resume()
  expect(await answered(second.engine.settled(opID))).toMatchObject({
    verdict: { kind: 'applied' }
  })
})

const isSeal = (write: Write) =>
  write.table === 'lease' && 'row' in write && write.row?.isSealed === true

/** As `openPair`, but the first tab dies in a logout, as soon as the database is sealed. */
async function openDying(disk = createMemoryStorage()) {
  const dying: Storage = {
    ...disk,
    async transact(queries, body, durability) {
      const written: Write[] = []
      const commitNumber = await disk.transact(
        queries,
        answers => {
          written.push(...body(answers))
          return written
        },
        durability
      )
      if (written.some(isSeal)) pair.first.kill()
      return commitNumber
    }
  }
  const pair = await openPair(disk, dying)
  return {
    ...pair,
    async die() {
      void pair.first.engine.logout('discard')
      await server.clock.settle()
    }
  }
}

test('a logout works after another tab died during its own', async () => {
  const removed: string[] = []
  const disk = createMemoryStorage()
  const { second, die } = await openDying({
    ...disk,
    destroy: () => (removed.push('removed'), disk.destroy())
  })
  await die()
  expect(await answered(second.engine.logout())).toBeNull()
  expect(removed).toEqual(['removed'])
})

test('an engine ends the logout of a tab that has died', async () => {
  const { second, open, die } = await openDying()
  second.kill()
  await die()
  const next = open()
  await server.clock.settle()
  expect([await next.groups(), await next.outbox(), await next.verdicts()]).toEqual([[], [], []])
  expect(await next.apply('createGroup', { groupID: 'crew', name: 'Crew' })).toHaveProperty('opID')
})

test('an engine whose first read failed ends the logout of a dead tab', async () => {
  const disk = createMemoryStorage()
  const { second, open, die } = await openDying(disk)
  second.kill()
  await die()
  let isFailing = true
  const failure = () => Promise.reject(new DOMException('injected', 'InvalidStateError'))
  const next = open({ ...disk, read: queries => (isFailing ? failure() : disk.read(queries)) })
  await server.clock.settle()
  isFailing = false
  await server.clock.advance(10_000)
  expect([await next.groups(), await next.outbox(), await next.verdicts()]).toEqual([[], [], []])
  expect(await next.apply('createGroup', { groupID: 'crew', name: 'Crew' })).toHaveProperty('opID')
})

test('a tab that learns of a logout late cannot lead', async () => {
  const { second, die } = await openDying()
  second.freeze()
  await die()
  second.thaw()
  await second.engine.resume()
  await server.clock.advance(60_000)
  expect(await second.status()).toMatchObject(closed)
})

test('a tab that was frozen during a logout and a login ends', async () => {
  const { second, open, die } = await openDying()
  const storage = second.watch({ kind: 'storage' })
  second.freeze()
  await die()
  const next = open()
  await server.clock.settle()
  await next.apply('createGroup', { groupID: 'boat', name: 'Boat' })
  second.thaw()
  await second.engine.resume()
  await server.clock.advance(60_000)
  expect(await second.status()).toMatchObject(closed)
  expect(await rename(second, 'Raft')).toMatchObject({ code: 2999 })
  expect(storage.rows()).toMatchObject([{ loss: null }])
  expect((await next.groups()).map(({ name }) => name)).toEqual(['Boat'])
})

/** As `openPair`, on storage whose removal resolves 5 s later. The second tab notices it at once. */
async function openSlowlyRemoved() {
  const disk = createMemoryStorage()
  let onLost: (error: Error) => void = () => undefined
  const slow: Storage = {
    ...disk,
    async destroy() {
      await disk.destroy()
      onLost(new DOMException('removed', 'NotFoundError'))
      await new Promise<void>(resolve => void server.clock.setTimer(resolve, 5000))
    }
  }
  const shared: Storage = { ...disk, onLost: callback => void (onLost = callback) }
  return { disk, ...(await openPair(shared, slow)) }
}

const outboxOf = async (disk: Storage) =>
  (await disk.read([{ table: 'outbox', scope: '' }])).answers[0].map(({ groupID }) => groupID)

test('a removal reaches a database that another tab has filled again', async () => {
  const { disk, first, second, opID } = await openSlowlyRemoved()
  const settled = second.engine.settled(opID)
  const removing = first.engine.deleteLocalData()
  await server.clock.advance(4000)
  expect(await outboxOf(disk)).toEqual(['crew'])
  expect(await answered(removing)).toBeNull()
  await server.clock.settle()
  expect(await settled).toMatchObject(discarded)
  expect(await second.status()).toMatchObject(closed)
  const tables = ['outbox', 'verdicts', 'database', 'lease'] as const
  const { answers } = await disk.read(tables.map(table => ({ table, scope: '' }) as const))
  expect(answers).toEqual([[], [], [], []])
})

test('a removal that a tab notices late spares a later login', async () => {
  const disk = createMemoryStorage()
  const { first, second, open } = await openPair(disk)
  second.freeze()
  expect(await answered(first.engine.deleteLocalData())).toBeNull()
  const next = open()
  await server.clock.settle()
  await next.apply('createGroup', { groupID: 'boat', name: 'Boat' })
  second.thaw()
  await server.clock.advance(1000)
  expect(await second.status()).toMatchObject(closed)
  expect(await outboxOf(disk)).toEqual(['boat'])
})
