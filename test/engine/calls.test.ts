/**
 * Every call settles in a stated time, if the server, the disk or the leading tab does not answer.
 */

import { beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/engine/api.ts'
import { alone } from '../../src/engine/host.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/port.ts'
import type { LinkEvents } from '../../src/protocol/port.ts'
import {
  createLeaderAndFollower,
  createTestClient,
  createTestServer,
  crewWithBob,
  type TestServer
} from '../harness.ts'

let server: TestServer
beforeEach(() => (server = createTestServer()))

const limitMs = 15_000

/** The answer of a call within the limit. `'pending'`: there is none. */
async function within(call: Promise<unknown>, ms = limitMs): Promise<unknown> {
  let answer: unknown = 'pending'
  void call.then(value => (answer = value))
  await server.clock.advance(ms)
  return answer
}

/** A line over which frames can vanish: those to the client, or both ways. */
function badLine() {
  const network = server.network()
  const line = { loses: (_frame: string): boolean => false }
  const connect = (events: LinkEvents) => {
    const link = network.connect({
      ...events,
      onFrame: frame => (line.loses(frame) ? undefined : events.onFrame(frame))
    })
    return { ...link, send: (frame: string) => (line.loses(frame) ? undefined : link.send(frame)) }
  }
  return { line, network: { ...network, connect } }
}

/** A disk that answers until it is made silent. */
function fallibleDisk() {
  const disk = createMemoryStorage()
  const state = { isSilent: false }
  const answer = <T>(work: () => Promise<T>): Promise<T> =>
    state.isSilent ? new Promise(() => undefined) : work()
  const storage: Storage = {
    read: queries => answer(() => disk.read(queries)),
    transact: (queries, body, durability) => answer(() => disk.transact(queries, body, durability)),
    close: () => answer(disk.close),
    destroy: () => answer(disk.destroy)
  }
  return { state, storage }
}

const calls = {
  apply: engine => engine.apply('createGroup', { groupID: 'crew', name: 'Crew' }),
  'apply in an unknown group': engine => engine.apply('joinGroup', { groupID: 'other' }),
  'apply of a decision about an unknown application': engine =>
    engine.apply('handleGroupApplication', {
      groupID: 'other',
      userID: 'bob',
      handleAction: 'Agree'
    }),
  preview: engine => engine.preview('createGroup', { groupID: 'crew', name: 'Crew' }),
  retry: engine => engine.retry('none'),
  readProfile: engine => engine.readProfile('other', false),
  readMembers: engine => engine.readMembers('other'),
  readEntries: engine => engine.readEntries('other'),
  searchGroup: engine => engine.readProfile('other', true),
  dismissVerdict: engine => engine.dismissVerdict('none'),
  delivered: engine => engine.delivered(1),
  renewToken: engine => engine.renewToken('ann'),
  pause: engine => engine.pause(),
  resume: engine => engine.resume(),
  logout: engine => engine.logout(),
  'logout with keep': engine => engine.logout('keep'),
  'logout with flush': engine => engine.logout('flush'),
  'logout with discard': engine => engine.logout('discard'),
  close: engine => engine.close()
} satisfies Record<string, (engine: Engine) => Promise<unknown>>

const worlds: Record<string, () => Promise<Engine>> = {
  'a half-open line': async () => {
    const { line, network } = badLine()
    const ann = createTestClient({ ...server, network: () => network }, 'ann')
    await ann.caughtUp()
    line.loses = () => true
    return ann.engine
  },
  'a server that only says welcome': async () => {
    const { line, network } = badLine()
    line.loses = frame => /"type":"(delta|pong|profile|memberPage|entries|members)"/.test(frame)
    const ann = createTestClient({ ...server, network: () => network }, 'ann')
    await server.clock.advance(100)
    return ann.engine
  },
  'a server that only answers pings': async () => {
    const { line, network } = badLine()
    const ann = createTestClient({ ...server, network: () => network }, 'ann')
    await ann.caughtUp()
    line.loses = frame => /"type":"(delta|profile|memberPage|entries|members)"/.test(frame)
    return ann.engine
  },
  'storage that never answers': async () => {
    const { state, storage } = fallibleDisk()
    state.isSilent = true
    return createTestClient(server, 'ann', { storage }).engine
  },
  'storage that stops answering': async () => {
    const { state, storage } = fallibleDisk()
    const ann = createTestClient(server, 'ann', { storage })
    await ann.caughtUp()
    state.isSilent = true
    return ann.engine
  },
  'no leading tab': async () =>
    createTestClient(server, 'ann', { peers: { ...alone, lead: () => undefined } }).engine,
  'a leading tab that is silent': async () => {
    const { first, follower } = await createLeaderAndFollower(server, 'ann')
    first.peers.close()
    return follower.engine
  },
  'no token': async () => createTestClient(server, 'ann', { token: '' }).engine,
  'a paused store': async () => createTestClient(server, 'ann', { paused: true }).engine
}

describe.each(Object.entries(worlds))('with %s', (_world, open) => {
  test.each(Object.entries(calls))('%s settles within 15 s', async (_name, call) => {
    expect(await within(call(await open()))).not.toBe('pending')
  })
})

test('a flush on a dead line ends 15 s after its verdict', async () => {
  const { line, network } = badLine()
  const ann = createTestClient({ ...server, network: () => network }, 'ann')
  await ann.caughtUp()
  line.loses = () => true
  await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  expect(await within(ann.engine.logout('flush'))).toMatchObject({ code: 2805 })
  line.loses = () => false
  await ann.caughtUp()
  expect((await ann.groups()).map(({ groupID }) => groupID)).toEqual(['crew'])
})

test('an operation stored after its call has answered still counts', async () => {
  const disk = createMemoryStorage()
  let isSlow = false
  const storage: Storage = {
    ...disk,
    async transact(queries, body, durability) {
      if (isSlow) await new Promise<void>(resolve => void server.clock.setTimer(resolve, 60_000))
      return disk.transact(queries, body, durability)
    }
  }
  const ann = createTestClient(server, 'ann', { storage })
  await ann.caughtUp()
  isSlow = true
  expect(
    await within(ann.engine.apply('createGroup', { groupID: 'crew', name: 'Crew' }))
  ).toMatchObject({ code: 4512 })
  isSlow = false
  await ann.caughtUp()
  expect((await ann.groups()).map(({ groupID }) => groupID)).toEqual(['crew'])
})

/** A client whose next commit fails after so long. Later commits succeed. */
async function failingOnceAfter(ms: number) {
  const disk = createMemoryStorage()
  let failures = 0
  const ann = createTestClient(server, 'ann', {
    storage: {
      ...disk,
      async transact(queries, body, durability) {
        if (failures-- <= 0) return disk.transact(queries, body, durability)
        await new Promise<void>(resolve => void server.clock.setTimer(resolve, ms))
        throw new Error('no room')
      }
    }
  })
  await ann.caughtUp()
  const fail = (count: number) => (failures = count)
  const create = () => ann.engine.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  return { ann, fail, create }
}

describe('an operation that storage refuses after its call has settled', () => {
  test.each([1, 2])('is refused with 4502, after %i failures', async failures => {
    const { ann, fail, create } = await failingOnceAfter(20_000)
    fail(failures)
    expect(await within(create())).toMatchObject({ code: 4512 })
    await server.clock.advance(60_000)
    expect(await ann.verdicts()).toMatchObject([
      { verdict: { kind: 'rejected', error: { code: 4502 } } }
    ])
  })

  test('is still waited for while its refusal is being stored', async () => {
    const { ann, fail, create } = await failingOnceAfter(20_000)
    fail(3)
    void create()
    const opID = (await ann.outbox())[0]?.opID ?? ''
    await server.clock.advance(25_000)
    expect(await within(ann.engine.settled(opID), 60_000)).toMatchObject({
      verdict: { error: { code: 4502 } }
    })
  })

  test('ends waiting for its verdict', async () => {
    const { ann, fail, create } = await failingOnceAfter(20_000)
    fail(1)
    void create()
    const opID = (await ann.outbox())[0]?.opID ?? ''
    expect(await within(ann.engine.settled(opID), 30_000)).toMatchObject({
      verdict: { error: { code: 4502 } }
    })
  })
})

test('waiting for an operation that could not be stored ends with 4503', async () => {
  const { ann, fail, create } = await failingOnceAfter(1000)
  fail(1)
  void create()
  const opID = (await ann.outbox())[0]?.opID ?? ''
  expect(await within(ann.engine.settled(opID))).toMatchObject({ code: 4503 })
})

test('verdicts of 1,500 operations can be asked for one after another', async () => {
  const ann = createTestClient(server, 'ann', { paused: true })
  await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  const opIDs: string[] = []
  for (let count = 0; count < 1500; count++) {
    const userID = count % 2 === 0 ? {} : { userID: 'ann' }
    opIDs.push(
      (
        await ann.apply('setGroupMemberNameCard', {
          groupID: 'crew',
          ...userID,
          nameCard: `${count}`
        })
      ).opID
    )
  }
  await ann.engine.resume()
  await ann.caughtUp()
  const answers = await Promise.all(opIDs.map(ann.engine.settled))
  expect(answers.filter(answer => !('verdict' in answer))).toEqual([])
})

test('an operation refused for want of storage is not queued later', async () => {
  const { state, storage } = fallibleDisk()
  const disk = createMemoryStorage()
  let answer = () => {}
  const read = new Promise<void>(resolve => (answer = resolve))
  const slow: Storage = { ...storage, read: queries => read.then(() => disk.read(queries)) }
  const ann = createTestClient(server, 'ann', { storage: slow })
  const call = ann.engine.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  expect(await within(call)).toMatchObject({ code: 4502 })
  state.isSilent = false
  answer()
  await ann.caughtUp()
  expect(await ann.groups()).toEqual([])
})

test('waiting for a verdict ends with 2999 when the store closes', async () => {
  const ann = createTestClient(server, 'ann', { paused: true })
  const { opID } = await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  const settled = ann.engine.settled(opID)
  await ann.engine.close()
  expect(await within(settled)).toMatchObject({ code: 2999 })
})

/** A client that loses the answer to its next commit or read. Later ones are answered. */
async function losingOneAnswer(
  userID: string,
  end: (work: () => Promise<unknown>) => Promise<never>
) {
  const disk = createMemoryStorage()
  const loses = { commit: false, read: false }
  function answer<T>(kind: keyof typeof loses, work: () => Promise<T>): Promise<T> {
    if (!loses[kind]) return work()
    loses[kind] = false
    return end(work)
  }
  const client = createTestClient(server, userID, {
    storage: {
      ...disk,
      read: queries => answer('read', () => disk.read(queries)),
      transact: (...call) => answer('commit', () => disk.transact(...call))
    }
  })
  await client.caughtUp()
  return { client, loses }
}

const never = () => new Promise<never>(() => undefined)
const afterWork = async (work: () => Promise<unknown>) => (await work(), never())
const failAfterWork = async (work: () => Promise<unknown>): Promise<never> => {
  await work()
  await new Promise<void>(resolve => void server.clock.setTimer(resolve, 20_000))
  throw new Error('lost')
}

/** The next operation of a client whose storage does not answer it. */
async function createWithoutAnswer(end: (work: () => Promise<unknown>) => Promise<never>) {
  const { client, loses } = await losingOneAnswer('ann', end)
  loses.commit = true
  const created = client.engine.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  const [pending] = await client.outbox()
  return { ann: client, created, settled: client.engine.settled(pending?.opID ?? '') }
}

test.each([
  ['without an answer', afterWork],
  ['and then refused', failAfterWork]
])('an operation that was stored %s has one verdict', async (_how, end) => {
  const { ann, created, settled } = await createWithoutAnswer(end)
  expect(await within(settled, 20_000)).toMatchObject({ verdict: { kind: 'applied' } })
  expect(await created).toMatchObject({ groupID: 'crew' })
  await server.clock.advance(30_000)
  expect([await ann.verdicts(), (await ann.groups()).length]).toEqual([[], 1])
})

test.each([
  ['stored', afterWork],
  ['lost', never]
])('a change that was %s without an answer stops no later one', async (_how, end) => {
  const { client: bob, loses } = await losingOneAnswer('bob', end)
  const ann = createTestClient(server, 'ann')
  await ann.caughtUp()
  loses.commit = true
  await ann.settle('createGroup', crewWithBob)
  await server.clock.advance(60_000)
  expect((await bob.groups()).map(({ groupID }) => groupID)).toEqual(['crew'])
  await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await server.clock.advance(1000)
  expect(await bob.group('crew')).toMatchObject({ name: 'Boat' })
})

test('a read without an answer stops no later one', async () => {
  const { client, loses } = await losingOneAnswer('ann', never)
  loses.read = true
  expect(await within(client.engine.logout())).toMatchObject({ code: 4502 })
  await server.clock.advance(60_000)
  expect(await within(client.engine.logout())).toBeNull()
})

test('a store closes although storage has never answered one call', async () => {
  const { ann, settled } = await createWithoutAnswer(never)
  await server.clock.advance(15_000)
  void ann.engine.close()
  expect(await within(settled, 60_000)).toMatchObject({ code: 2999 })
})

test('a follower whose leader says nothing is offline after 10 s', async () => {
  const ann = createTestClient(server, 'ann', { peers: { ...alone, lead: () => undefined } })
  await server.clock.advance(9000)
  expect(await ann.status()).toMatchObject({ connection: 'connecting' })
  await server.clock.advance(2000)
  expect(await ann.status()).toMatchObject({ connection: 'offline' })
})

test('a follower that is paused says offline at once', async () => {
  const { follower } = await createLeaderAndFollower(server, 'ann')
  expect(await follower.status()).toMatchObject({ connection: 'online' })
  await follower.engine.pause()
  expect(await follower.status()).toMatchObject({ connection: 'offline' })
})
