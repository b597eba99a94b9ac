/** The errors of an outbox that cannot be stored or sent, and refusals until they are dismissed. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Status } from '../../src/engine/api.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'

let server: TestServer

beforeEach(() => (server = createTestServer()))

describe('an unreachable server', () => {
  test('the status shows the oldest operation and the missing answer', async () => {
    const ann = createTestClient(server, 'ann')
    await ann.caughtUp()
    expect(await ann.status()).toMatchObject({ pending: 0, oldestPendingAtMs: undefined })
    ann.network.cut()
    const first = server.clock.now()
    const created = await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    await server.clock.advance(3_600_000)
    await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    // Just now it may be trying.
    await server.clock.until(async () => (await ann.status())?.nextRetryAtMs !== null)
    expect(await ann.status()).toMatchObject({
      connection: 'offline',
      pending: 2,
      oldestPendingAtMs: first
    })
    ann.network.restore()
    await ann.caughtUp()
    expect(await ann.engine.settled(created.opID)).toMatchObject({ verdict: { kind: 'applied' } })
    expect(await ann.status()).toMatchObject({ pending: 0, oldestPendingAtMs: undefined })
  })

  test('a server that accepts connections and stays silent counts as offline', async () => {
    const good = server.network()
    let isMute = false
    const connect: typeof good.connect = events =>
      good.connect({ ...events, onFrame: frame => (isMute ? undefined : events.onFrame(frame)) })
    const ann = createTestClient({ ...server, network: () => ({ ...good, connect }) }, 'ann')
    await ann.caughtUp()
    isMute = true
    await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    await server.clock.advance(60_000)
    expect(await ann.status()).toMatchObject({ connection: 'offline', pending: 1 })
    isMute = false
    await ann.caughtUp()
  })
})

test('a refusal stays with all details until it is dismissed', async () => {
  const bob = createTestClient(server, 'bob')
  const ann = createTestClient(server, 'ann')
  const memberList = [{ userID: 'bob', role: 'Admin' as const }]
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  await server.clock.until(async () => (await bob.groups()).length > 0)
  bob.network.cut()
  const { opID } = await bob.apply('updateGroupProfile', { groupID: 'crew', name: 'Mutiny' })
  await ann.settle('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Member' })
  bob.network.restore()
  await server.clock.until(() =>
    bob.network.transcript.some(({ message }) => JSON.stringify(message).includes('Mutiny'))
  )
  await bob.engine.close()

  const told = {
    opID,
    name: 'updateGroupProfile',
    groupID: 'crew',
    args: { groupID: 'crew', name: 'Mutiny' }
  }
  const verdict = {
    kind: 'rejected',
    groupID: 'crew',
    error: { code: 10007, reason: 'NotPermitted' },
    scope: 'permission'
  }
  const second = createTestClient(server, 'bob', { storage: bob.storage })
  await second.caughtUp()
  expect(await second.verdicts()).toMatchObject([{ ...told, verdict }])
  await second.engine.close()
  const third = createTestClient(server, 'bob', { storage: bob.storage })
  expect(await third.verdicts()).toMatchObject([{ ...told, verdict }])
  await third.engine.dismissVerdict(opID)
  await third.caughtUp()
  expect(await third.verdicts()).toEqual([])
  const kept = await server.database.snapshot(reader => reader.verdicts('bob', [opID]))
  expect(kept.get(opID)).toMatchObject({ name: 'updateGroupProfile', verdict })
})

describe('errors', () => {
  const spoken: unknown[] = []
  const note = (reason: unknown) => void spoken.push(reason)
  beforeEach(() => {
    for (const level of ['log', 'warn', 'error', 'info', 'debug'] as const)
      vi.spyOn(console, level).mockImplementation(note)
    process.on('unhandledRejection', note)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    process.off('unhandledRejection', note)
  })

  test('full storage refuses every call, and repeats no operation', async () => {
    const server = createTestServer()
    const disk = createMemoryStorage()
    let left = Infinity
    const storage: Storage = {
      ...disk,
      transact: (queries, body) =>
        left-- > 0 ? disk.transact(queries, body) : Promise.reject(new Error('the disk is full'))
    }
    const ann = createTestClient(server, 'ann', { storage, paused: true, keepUndelivered: true })
    const { opID } = await ann.apply('createGroup', {
      name: 'Crew',
      type: 'Public',
      groupID: 'crew'
    })
    await server.judge('bob', {
      name: 'createGroup',
      args: { name: 'Theirs', type: 'Public', groupID: 'crew' },
      groupID: 'crew'
    })
    await ann.engine.resume()
    await ann.caughtUp()
    await ann.engine.pause()
    left = 0
    expect(await ann.engine.dismissVerdict(opID)).toMatchObject({ code: 4502 })
    left = 1
    expect(
      await ann.engine.retry(opID, { name: 'Crew', type: 'Public', groupID: 'crew-2' })
    ).toMatchObject({ groupID: 'crew-2' })
    expect(await ann.engine.delivered(99)).toBeUndefined()
    expect(await ann.engine.logout()).toMatchObject({ code: 4502 })
    expect(await ann.engine.logout('discard')).toBeNull()
  })

  test('being offline rejects and prints nothing', async () => {
    const ann = createTestClient(server, 'ann')
    await ann.caughtUp()
    const status = ann.watch({ kind: 'status' })
    ann.network.cut()
    for (let hour = 0; hour < 3; hour++) {
      await ann.apply('createGroup', { groupID: `crew ${hour}`, name: 'Crew' })
      await server.clock.advance(3_600_000)
    }
    const shown = status.emissions.flat() as Status[]
    expect([...new Set(shown.map(({ lastError }) => lastError))]).toEqual([null])
    expect(await ann.status()).toMatchObject({ connection: 'offline', pending: 3 })
    expect(spoken).toEqual([])
    expect(server.errors).toEqual([])
  })
})

test('a tab whose database was removed reports an error', async () => {
  const disk = createMemoryStorage()
  let isClosed = false
  const closed = () =>
    Promise.reject(new DOMException('The database connection is closing.', 'InvalidStateError'))
  const storage: Storage = {
    ...disk,
    read: queries => (isClosed ? closed() : disk.read(queries)),
    transact: (queries, body) => (isClosed ? closed() : disk.transact(queries, body))
  }
  const tab = createTestClient(server, 'ann', { storage })
  await tab.caughtUp()
  isClosed = true
  tab.network.cut()
  tab.network.restore()
  await server.clock.advance(10_000)
  expect(await tab.status()).toMatchObject({
    connection: 'offline',
    lastError: { reason: 'StorageFailed' },
    nextRetryAtMs: null
  })
})
