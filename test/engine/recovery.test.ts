/** Storage that goes away and comes back: as it was, empty, or as an older copy. */

import { beforeEach, describe, expect, test } from 'vitest'
import type { PeerMessage, Peers } from '../../src/engine/host.ts'
import { alone } from '../../src/engine/host.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage, Write } from '../../src/storage/port.ts'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'

/** Storage that can be taken away, emptied and put back. */
function createFragileStorage() {
  let disk = createMemoryStorage()
  let failing: string | undefined
  let reads = 0
  let onLost: (error: Error) => void = () => undefined
  const error = () => new DOMException('injected', failing)
  const storage: Storage = {
    read: queries => (reads++, failing ? Promise.reject(error()) : disk.read(queries)),
    transact: (queries, body) => (failing ? Promise.reject(error()) : disk.transact(queries, body)),
    close: () => disk.close(),
    destroy: () => disk.destroy(),
    onLost: callback => void (onLost = callback)
  }
  return {
    storage,
    reads: () => reads,
    fail(name = 'InvalidStateError') {
      failing = name
      onLost(error())
    },
    work: () => (failing = undefined),
    /** The browser drops the connection and opens the next one on another database. */
    replace(other: Storage = createMemoryStorage()) {
      disk = other
      onLost(new DOMException('injected', 'InvalidStateError'))
    },
    /** A copy of everything that the engine stores. */
    async copy(): Promise<Storage> {
      const copied = createMemoryStorage()
      const tables = ['meta', 'groups', 'outbox', 'verdicts', 'notices', 'undelivered'] as const
      const { answers } = await disk.read(tables.map(table => ({ table, scope: '' }) as const))
      for (const [index, table] of tables.entries())
        for (const row of answers[index] ?? []) {
          const id = Reflect.get(row, 'opID') ?? Reflect.get(row, 'groupID') ?? ''
          await copied.transact([], () => [{ table, scope: '', id, row } as never])
        }
      return copied
    }
  }
}

let server: TestServer
let disk: ReturnType<typeof createFragileStorage>
beforeEach(() => {
  server = createTestServer()
  disk = createFragileStorage()
})
const open = (options: { paused?: boolean; peers?: Peers } = {}) =>
  createTestClient(server, 'ann', { storage: disk.storage, ...options })
const crew = { groupID: 'crew', name: 'Crew', type: 'Public' } as const

describe.each([
  ['InvalidStateError', 4502],
  ['UnknownError', 4502],
  ['QuotaExceededError', 4516],
  ['VersionError', 4517],
  ['BlockedError', 4518]
])('storage that fails with %s', (name, code) => {
  test('answers calls at once and works again later', async () => {
    const ann = open()
    await ann.settle('createGroup', crew)
    disk.fail(name)
    expect(await ann.engine.apply('quitGroup', { groupID: 'crew' })).toMatchObject({ code })
    expect(await ann.status()).toMatchObject({ connection: 'offline', lastError: { code } })
    await server.clock.advance(60_000)
    disk.work()
    await server.clock.advance(31_000)
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    expect((await ann.groups()).map(group => group.name)).toEqual(['Boat'])
    expect(await ann.status()).toMatchObject({ connection: 'online', lastError: null })
  })

  test('is no obstacle when it works again soon after the start', async () => {
    disk.fail(name)
    const ann = open()
    await server.clock.advance(100)
    disk.work()
    await ann.caughtUp()
    await ann.settle('createGroup', crew)
  })
})

test('storage that is away for an hour is read with capped back-off', async () => {
  const ann = open()
  await ann.caughtUp()
  disk.fail()
  await server.clock.advance(60_000)
  const before = disk.reads()
  await server.clock.advance(3_600_000)
  expect(disk.reads() - before).toBe(120)
  disk.work()
  await server.clock.advance(30_000)
  expect(await ann.status()).toMatchObject({ connection: 'online' })
})

test('an emptied store gets its pending operations and verdicts back from memory', async () => {
  const ann = open()
  await ann.settle('createGroup', crew)
  const { opID: refusedID } = await ann.apply('createGroup', { ...crew, groupID: 'boat' })
  await server.judge('bob', { name: 'createGroup', args: { ...crew }, groupID: 'boat' })
  await ann.caughtUp()
  const refused = await ann.verdicts()
  await ann.engine.pause()
  const { opID } = await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Raft' })
  const state = ann.watch({ kind: 'storage' })
  disk.replace()
  await server.clock.advance(1000)
  expect(state.rows()).toMatchObject([{ mode: 'adapter', loss: { kind: 'wiped' } }])
  expect(await ann.outbox()).toMatchObject([{ opID }])
  expect(await ann.verdicts()).toEqual(refused)
  const { answers } = await disk.storage.read([
    { table: 'outbox', scope: '' },
    { table: 'verdicts', scope: '' }
  ])
  expect(answers[0]).toMatchObject([{ opID }])
  expect(answers[1].map(({ verdict }) => verdict.opID)).toContain(refusedID)
  await ann.engine.resume()
  await ann.caughtUp()
  expect((await ann.groups()).map(({ name }) => name)).toContain('Raft')
  expect(await ann.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
})

test('an older copy of the store gets back the operations it lacks', async () => {
  const ann = open()
  await ann.settle('createGroup', crew)
  const older = await disk.copy()
  for (let count = 0; count < 10; count++)
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: `Crew ${count}` })
  await ann.engine.pause()
  const { opID } = await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  disk.replace(older)
  await server.clock.advance(1000)
  expect(await ann.outbox()).toMatchObject([{ opID }])
  await ann.engine.resume()
  await ann.caughtUp()
  expect((await ann.groups()).map(({ name }) => name)).toEqual(['Boat'])
})

test('operations return to an emptied store that another tab has filled', async () => {
  const ann = open({ paused: true })
  const { opID } = await ann.apply('createGroup', crew)
  const other = createMemoryStorage()
  const tab = createTestClient(server, 'ann', { storage: other, paused: true })
  for (let count = 0; count < 9; count++)
    await tab.apply('createGroup', { ...crew, groupID: `boat-${count}` })
  disk.replace(other)
  await server.clock.advance(1000)
  expect((await ann.outbox()).map(pending => pending.opID)).toContain(opID)
  expect(await ann.outbox()).toHaveLength(10)
  await ann.engine.resume()
  await ann.caughtUp()
  expect(await ann.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
})

test.each(['lease', 'database'] as const)('a damaged row of %s loses no data', async table => {
  const ann = open()
  await ann.settle('createGroup', crew)
  const state = ann.watch({ kind: 'storage' })
  const row = { term: 'damaged' } as never
  await disk.storage.transact([], () => [{ table, scope: '', id: '', row } as Write])
  disk.fail()
  await server.clock.advance(100)
  disk.work()
  await server.clock.advance(1000)
  expect(state.rows()).toMatchObject([{ loss: null }])
  await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
})

test('operations lost before a logout of another tab are discarded', async () => {
  const ann = open({ paused: true })
  const { opID } = await ann.apply('createGroup', crew)
  const settled = ann.engine.settled(opID)
  const state = ann.watch({ kind: 'storage' })
  const other = createMemoryStorage()
  const row = { term: 1, isSealed: true } as const
  await other.transact([], () => [{ table: 'lease', scope: '', id: '', row }])
  disk.replace(other)
  await server.clock.advance(1000)
  expect(await settled).toMatchObject({ verdict: { error: { reason: 'Discarded' } } })
  const { answers } = await other.read([{ table: 'outbox', scope: '' }])
  expect(answers).toEqual([[]])
  // The user has removed the rows, so nothing was lost.
  expect(state.rows()).toMatchObject([{ loss: null }])
})

test('rows written again are posted with the ID of the new database', async () => {
  const posted: PeerMessage[] = []
  const ann = open({
    paused: true,
    peers: { ...alone, post: message => void posted.push(message) }
  })
  await ann.apply('createGroup', crew)
  posted.length = 0
  disk.replace()
  await server.clock.advance(1000)
  const { answers } = await disk.storage.read([{ table: 'database', scope: '' }])
  const [named] = answers[0]
  expect(named?.databaseID).toBeDefined()
  const reports = posted.filter(({ type }) => type === 'committed')
  expect(reports[0]).toMatchObject({ databaseID: named?.databaseID })
})

test('a report about another database is not applied', async () => {
  let report: (message: PeerMessage) => void = () => {}
  const ann = open({ peers: { ...alone, listen: onMessage => void (report = onMessage) } })
  await ann.settle('createGroup', crew)
  const before = disk.reads()
  const writes = [{ table: 'groups', scope: '', empty: true }] as const
  report({ type: 'committed', databaseID: 'another', commits: [{ commitNumber: 99, writes }] })
  await server.clock.advance(100)
  expect((await ann.groups()).map(({ name }) => name)).toEqual(['Crew'])
  expect(disk.reads()).toBeGreaterThan(before)
})

test('a store that was emptied twice still follows its new commits', async () => {
  const ann = open()
  await ann.settle('createGroup', crew)
  for (let time = 0; time < 2; time++) {
    disk.replace()
    await server.clock.advance(1000)
    await ann.caughtUp()
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: `Crew ${time}` })
    expect((await ann.groups()).map(({ name }) => name)).toEqual([`Crew ${time}`])
  }
})

test('a leader without storage steps down and joins again', async () => {
  const log: string[] = []
  const peers: Peers = {
    ...alone,
    lead(...callbacks) {
      log.push('lead')
      alone.lead(...callbacks)
    },
    stepDown: () => void log.push('step down')
  }
  const ann = open({ peers })
  await ann.caughtUp()
  disk.fail()
  await server.clock.advance(20_000)
  expect(log).toEqual(['lead', 'step down'])
  disk.work()
  await server.clock.advance(30_000)
  expect(log).toEqual(['lead', 'step down', 'lead'])
  expect(await ann.status()).toMatchObject({ connection: 'online', caughtUp: true })
})

test('a store recovers although storage never answers one call', async () => {
  const ann = open()
  await ann.settle('createGroup', crew)
  const { transact } = disk.storage
  disk.storage.transact = () => {
    disk.storage.transact = transact
    return new Promise(() => undefined)
  }
  void ann.engine.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await server.clock.advance(60_000)
  expect(await ann.status()).toMatchObject({ connection: 'online', lastError: null })
  await ann.settle('createGroup', { ...crew, groupID: 'boat' })
})

test('local data can be deleted while storage fails', async () => {
  const ann = open({ paused: true })
  await ann.apply('createGroup', crew)
  disk.fail()
  expect(await ann.engine.deleteLocalData()).toBeNull()
  disk.work()
  const { answers } = await disk.storage.read([{ table: 'outbox', scope: '' }])
  expect(answers).toEqual([[]])
  expect(await ann.engine.apply('quitGroup', { groupID: 'crew' })).toMatchObject({ code: 4502 })
})

test('a browser that refuses to delete local data is reported', async () => {
  disk.storage.destroy = () => Promise.reject(new DOMException('injected', 'UnknownError'))
  const ann = open()
  expect(await ann.engine.deleteLocalData()).toMatchObject({ code: 4502 })
})

test('a store closed during a storage failure is not opened again', async () => {
  const ann = open()
  await ann.caughtUp()
  disk.fail()
  const closing = ann.engine.close()
  await server.clock.advance(1000)
  await closing
  const before = disk.reads()
  await server.clock.advance(120_000)
  expect(disk.reads()).toBe(before)
})
