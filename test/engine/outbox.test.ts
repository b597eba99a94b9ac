/**
 * What users of other offline stores complain about: operations that are lost, stuck, or refused
 * without a word, and views that flicker. The numbers are those of the list of requirements that
 * came of it.
 */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import type { Group, Member, Status } from '../../src/engine/api.ts'
import { alone, type PeerMessage, type Peers } from '../../src/engine/host.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import type { Pending } from '../../src/storage/tables.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
beforeEach(() => (server = createTestServer()))

const never = new Promise<never>(() => undefined)

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

/** An operation as another build of the app might have stored it. */
const stored = (changes: Partial<Pending>): Pending => ({
  opID: 'poison',
  order: 1,
  name: 'fly',
  args: { groupID: 'crew' },
  groupID: 'crew',
  askedAtMs: server.clock.now(),
  askedAtServerSeconds: Math.floor(server.clock.now() / 1000),
  seen: 0,
  ...changes
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
      { table: 'outbox', scope: '', id: 'poison', row: stored(changes) }
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
    expect(await ann.engine.logout('discard')).toMatchObject({ code: 4502 })
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

test('the effect of an operation appears once and stays', async () => {
  const bob = createTestClient(server, 'bob')
  const ann = createTestClient(server, 'ann')
  const memberList = [{ userID: 'bob', role: 'Admin' as const }, { userID: 'carl' }]
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  await ann.caughtUp()
  await bob.caughtUp()
  const views = {
    groups: ann.watch({ kind: 'groups' }),
    group: ann.watch({ kind: 'group', groupID: 'crew' }),
    members: ann.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
  }
  ann.network.cut()
  await server.clock.settle()
  for (const { emissions } of Object.values(views)) emissions.length = 0
  await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'carl', role: 'Admin' })
  // Others change the same group meanwhile, and the line breaks once more in the middle.
  await bob.settle('updateGroupProfile', { groupID: 'crew', introduction: 'Ours' })
  await bob.settle('setGroupMemberNameCard', { groupID: 'crew', userID: 'carl', nameCard: 'C' })
  ann.network.restore()
  await server.clock.until(() => ann.network.transcript.at(-1)?.message['type'] === 'push')
  ann.network.cut()
  ann.network.restore()
  await ann.caughtUp()
  await server.clock.advance(60_000)

  const names = [...views.groups.emissions, ...views.group.emissions].map(
    ([group]) => (group as Group).name
  )
  expect(new Set(names)).toEqual(new Set(['Boat']))
  const roles = views.members.emissions.map(
    rows => (rows as Member[]).find(({ userID }) => userID === 'carl')?.role
  )
  expect(roles.lastIndexOf('Member')).toBeLessThan(roles.indexOf('Admin'))
  // Boat, and bob's introduction; nothing when only the verdict comes.
  expect(views.group.emissions.length).toBe(2)
})

test('a tab that comes to lead shows its rows while it reads', async () => {
  const first = createTestClient(server, 'ann')
  await first.settle('createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'bob' }]
  })
  await first.caughtUp()
  first.network.cut()
  let takeOver: () => void = () => undefined
  let hear: (message: PeerMessage) => void = () => undefined
  let isSlow = false
  const waiting: ((value: unknown) => void)[] = []
  const storage: Storage = {
    ...first.storage,
    async read(queries) {
      const snapshot = await first.storage.read(queries)
      if (isSlow && queries.some(({ table }) => table === 'members'))
        await new Promise(resolve => waiting.push(resolve))
      return snapshot
    }
  }
  const peers: Peers = {
    ...alone,
    lead: onLeading => (takeOver = onLeading),
    listen: onMessage => (hear = onMessage)
  }
  const second = createTestClient(server, 'ann', { storage, peers })
  const members = second.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
  await server.clock.settle()
  isSlow = true
  takeOver()
  await server.clock.settle()
  // Meanwhile a third tab queues something about a member.
  const args = { groupID: 'crew', userID: 'bob', role: 'Admin' }
  const row = stored({ opID: 'third', name: 'setGroupMemberRole', args })
  const writes = [{ table: 'outbox', scope: '', id: 'third', row }] as const
  hear({
    type: 'committed',
    commits: [{ commitNumber: await first.storage.transact([], () => writes), writes }]
  })
  await server.clock.settle()
  isSlow = false
  // Whatever comes first.
  for (const resume of waiting.reverse()) {
    resume(null)
    await server.clock.settle()
  }
  await server.clock.settle()
  expect(members.emissions.map(rows => (rows as Member[]).map(({ userID }) => userID))).toEqual(
    members.emissions.map(() => ['ann', 'bob'])
  )
  expect(members.emissions.length).toBeGreaterThan(0)
})

test('the first frame after an offline start contains pending operations', async () => {
  const ann = createTestClient(server, 'ann')
  await ann.settle('createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'bob' }]
  })
  await ann.caughtUp()
  ann.network.cut()
  await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Admin' })
  await ann.apply('createGroup', { groupID: 'isle', name: 'Isle' })
  await ann.engine.close()
  const again = createTestClient(server, 'ann', { storage: ann.storage, paused: true })
  const groups = again.watch({ kind: 'groups' })
  const members = again.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
  await server.clock.settle()
  expect((groups.emissions[0] as Group[]).map(({ name }) => name).sort()).toEqual(['Boat', 'Isle'])
  expect((members.emissions[0] as Member[]).map(({ role }) => role)).toEqual(['Owner', 'Admin'])
  expect((await again.outbox()).length).toBe(3)
})

test('the last commit of a dead tab reaches a tab already reading', async () => {
  const first = createTestClient(server, 'ann')
  await first.settle('createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'bob' }]
  })
  await first.caughtUp()
  first.network.cut()
  let hear: (message: PeerMessage) => void = () => undefined
  const storage: Storage = {
    ...first.storage,
    async read(queries) {
      const snapshot = await first.storage.read(queries)
      if (queries.some(({ table }) => table === 'members'))
        await new Promise<void>(resolve => server.clock.setTimer(resolve, 100))
      return snapshot
    }
  }
  const second = createTestClient(server, 'ann', {
    storage,
    peers: { ...alone, listen: onMessage => (hear = onMessage) }
  })
  second.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
  await server.clock.advance(1000)

  hear({ type: 'unposted' })
  await server.clock.advance(50)
  const row = stored({
    opID: 'third',
    name: 'updateGroupProfile',
    args: { groupID: 'crew', name: 'Boat' }
  })
  await first.storage.transact([], () => [{ table: 'outbox', scope: '', id: 'third', row }])
  hear({ type: 'unposted' })
  await server.clock.advance(1000)
  await second.caughtUp()
  expect((await second.groups()).map(({ name }) => name)).toEqual(['Boat'])
})

test('an operation reported after its verdict is not pending again', async () => {
  const first = createTestClient(server, 'ann')
  await first.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
  await first.engine.pause()
  const { opID } = await first.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  const { answers, commitNumber } = await first.storage.read([
    { table: 'outbox', scope: '', ids: [opID] }
  ])
  const [[row]] = answers
  let hear: (message: PeerMessage) => void = () => undefined
  const peers: Peers = { ...alone, lead: () => undefined, listen: onMessage => (hear = onMessage) }
  const storage = { ...first.storage, destroy: () => never }
  const second = createTestClient(server, 'ann', { storage, peers })
  void second.engine.logout('discard')
  await server.clock.settle()
  const writes = row ? [{ table: 'outbox', scope: '', id: opID, row } as const] : []
  hear({ type: 'committed', commits: [{ commitNumber, writes }] })
  expect(await second.outbox()).toEqual([])
  expect((await second.groups()).map(({ name }) => name)).toEqual(['Crew'])
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
