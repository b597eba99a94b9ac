/** Which tab leads, and how others take over from one that is closed, frozen or dead. */

import { beforeEach, expect, test } from 'vitest'
import { elect, newElection, type ElectionEvent } from '../../src/engine/election.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'
import { createTabs, type Tab } from './tabs.ts'

let server: TestServer
beforeEach(() => {
  server = createTestServer()
})

async function twoTabs(options: { hasLocks?: boolean } = {}): Promise<readonly [Tab, Tab]> {
  const open = createTabs(server, 'ann', options)
  const leader = open()
  await leader.caughtUp()
  const follower = open()
  await follower.caughtUp()
  return [leader, follower]
}

const isSyncing = (tab: Tab) => () =>
  Promise.resolve(tab.network.transcript.some(({ message }) => message['type'] === 'welcome'))

const higherTerm = { table: 'lease', scope: '', id: '', row: { term: 9 } } as const

const beatsOf = (tab: Tab) => tab.posted.filter(({ type }) => type === 'status').length

test('a follower steals the lock of a frozen leader within 10 s', async () => {
  const [leader, follower] = await twoTabs()
  leader.freeze()
  await server.clock.until(isSyncing(follower), 10_000)
})

test('a follower says connecting after 5 s without a beat', async () => {
  const [leader, follower] = await twoTabs()
  expect(await follower.status()).toMatchObject({ connection: 'online', caughtUp: true })
  leader.freeze()
  await server.clock.advance(5100)
  expect(await follower.status()).toMatchObject({ connection: 'connecting', caughtUp: false })
})

test('a thawed leader follows the tab that has taken over', async () => {
  const [leader, follower] = await twoTabs()
  leader.freeze()
  await server.clock.advance(10_000)
  leader.thaw()
  await server.clock.advance(3000)
  await leader.settle('createGroup', { groupID: 'crew', name: 'Crew' })
  const hellos = leader.network.transcript.filter(({ message }) => message['type'] === 'hello')
  expect([hellos.length, (await follower.groups()).length]).toEqual([1, 1])
})

test('a commit of a deposed leader is not written', async () => {
  const leader = createTabs(server, 'ann')()
  await leader.caughtUp()
  // Another tab claims a term, and dies before the leader receives its beat.
  await leader.storage.transact([], () => [higherTerm])
  const bob = createTestClient(server, 'bob')
  await bob.settle('createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'ann' }]
  })
  await server.clock.advance(100)
  const { answers } = await leader.storage.read([{ table: 'groups', scope: '' }])
  expect(answers[0]).toEqual([])
})

test('a leader whose commit was fenced leads again if nobody else does', async () => {
  const [leader, follower] = await twoTabs()
  await leader.storage.transact([], () => [{ table: 'lease', scope: '', id: '', row: { term: 9 } }])
  await follower.settle('createGroup', { groupID: 'crew', name: 'Crew' })
  await follower.caughtUp()
})

test.each<[string, number, (leader: Tab) => unknown]>([
  ['closed leader', 1000, leader => leader.engine.close()],
  ['leader whose page closes', 1000, leader => leader.closePage()],
  ['dead leader', 10_000, leader => leader.kill()]
])('a %s without locks is replaced within %i ms', async (_leader, withinMs, end) => {
  const [leader, follower] = await twoTabs({ hasLocks: false })
  await end(leader)
  await server.clock.until(isSyncing(follower), withinMs)
})

test('a follower without locks whose page closes leaves the leader in place', async () => {
  const [leader, follower] = await twoTabs({ hasLocks: false })
  follower.closePage()
  await server.clock.advance(3000)
  await leader.settle('createGroup', { groupID: 'crew', name: 'Crew' })
  const hellos = leader.network.transcript.filter(({ message }) => message['type'] === 'hello')
  expect(hellos).toHaveLength(1)
})

test('idle tabs without locks post only one beat per 2 s', async () => {
  const [leader, follower] = await twoTabs({ hasLocks: false })
  await server.clock.advance(3000)
  const before = [leader.posted.length, follower.posted.length]
  const beats = beatsOf(leader)
  await server.clock.advance(60_000)
  expect([leader.posted.length - before[0]!, follower.posted.length - before[1]!]).toEqual([30, 0])
  expect(beatsOf(leader) - beats).toBe(30)
})

test('a tab that is alone posts no beats', async () => {
  const open = createTabs(server, 'ann')
  const leader = open()
  await leader.caughtUp()
  const before = leader.posted.length
  await server.clock.advance(60_000)
  expect(leader.posted.length).toBe(before)
})

test('two leaders without locks are one after their next beat', async () => {
  const [leader, follower] = await twoTabs({ hasLocks: false })
  leader.freeze()
  await server.clock.until(isSyncing(follower), 10_000)
  leader.thaw()
  await server.clock.advance(5000)
  const before = leader.posted.length + follower.posted.length
  await server.clock.advance(60_000)
  expect(leader.posted.length + follower.posted.length - before).toBeLessThanOrEqual(31)
})

test('a lone leader answers the beat of a deposed tab at once', () => {
  const events: ElectionEvent[] = [
    { type: 'join' },
    { type: 'granted' },
    { type: 'claimed', term: 2 }
  ]
  const leader = events.reduce((each, event) => elect(each, event).election, newElection(true))
  const first = elect(leader, { type: 'beat', term: 1 })
  expect(first.effects).toEqual(['beat'])
  // The other tab has this beat already, so two leaders do not answer each other for ever.
  expect(elect(first.election, { type: 'beat', term: 1 }).effects).toEqual([])
})

test('a leader whose storage fails lets another tab lead', async () => {
  const open = createTabs(server, 'ann')
  let isBroken = false
  const { storage } = createTestClient(server, 'nobody else', { paused: true })
  const failing = () => Promise.reject(new DOMException('The connection is closing.'))
  const leader = open({
    storage: {
      ...storage,
      read: queries => (isBroken ? failing() : storage.read(queries)),
      transact: (queries, body) => (isBroken ? failing() : storage.transact(queries, body))
    }
  })
  await leader.caughtUp()
  const follower = open({ storage })
  await follower.caughtUp()
  isBroken = true
  await follower.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  await server.clock.until(isSyncing(follower), 10_000)
})

/** A leader whose connection to storage can hang, and a follower with one of its own. */
async function twoConnections(hasLocks: boolean) {
  const open = createTabs(server, 'ann', { hasLocks })
  const storage = createMemoryStorage()
  let hanging: Promise<void> | undefined
  let end = () => {}
  const late = async <T>(work: () => Promise<T>): Promise<T> => {
    await hanging
    return work()
  }
  const leader = open({
    storage: {
      ...storage,
      read: queries => late(() => storage.read(queries)),
      transact: (queries, body) => late(() => storage.transact(queries, body))
    }
  })
  await leader.caughtUp()
  const follower = open({ storage })
  await follower.caughtUp()
  const hang = () => void (hanging = new Promise(resolve => (end = resolve)))
  return { leader, follower, hang, answer: () => end() }
}

test.each([true, false])('a leader whose storage hangs steps down; locks: %s', async hasLocks => {
  const { leader, follower, hang } = await twoConnections(hasLocks)
  hang()
  await follower.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  await server.clock.until(isSyncing(follower), 10_000)
  await follower.caughtUp()
  expect(await leader.status()).toMatchObject({ caughtUp: false })
})

test('a leader whose storage hung takes part again', async () => {
  const { leader, follower, hang, answer } = await twoConnections(true)
  hang()
  await follower.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  await server.clock.until(isSyncing(follower), 10_000)
  answer()
  await follower.caughtUp()
  await leader.caughtUp()
  await follower.engine.close()
  await leader.settle('createGroup', { groupID: 'boat', name: 'Boat' })
})

test('pausing a follower pauses the leader, and a new tab', async () => {
  const open = createTabs(server, 'ann')
  const leader = open()
  await leader.caughtUp()
  const follower = open()
  await follower.caughtUp()
  await follower.engine.pause()
  const third = open()
  await server.clock.advance(1000)
  for (const tab of [leader, follower, third])
    expect(await tab.status()).toMatchObject({ connection: 'offline', caughtUp: false })
  await third.engine.resume()
  await follower.caughtUp()
  expect(await leader.status()).toMatchObject({ connection: 'online' })
})

/** Bob adds Ann to a group, so she gets a notice. */
async function addAnn(): Promise<void> {
  const bob = createTestClient(server, 'bob')
  await bob.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Private' })
  await bob.settle('addGroupMember', { groupID: 'crew', userIDList: ['ann'] })
  await server.clock.advance(1000)
}

test('a leader keeps the notices that a follower has to deliver', async () => {
  const open = createTabs(server, 'ann')
  const leader = open()
  await leader.caughtUp()
  const follower = open({ keepUndelivered: true })
  await follower.caughtUp()
  await addAnn()
  expect((await follower.undelivered()).length).toBeGreaterThan(0)
})

test('a new leader keeps notices for another tab as well', async () => {
  const open = createTabs(server, 'ann')
  const leader = open()
  await leader.caughtUp()
  const delivering = open({ keepUndelivered: true })
  const next = open()
  await next.caughtUp()
  leader.kill()
  await delivering.engine.close()
  await server.clock.until(isSyncing(next), 10_000)
  await addAnn()
  expect((await next.undelivered()).length).toBeGreaterThan(0)
})

test('a token that a follower gets reaches the leader', async () => {
  const [leader, follower] = await twoTabs()
  await follower.engine.renewToken('ann')
  await server.clock.advance(1000)
  const sent = leader.network.transcript.filter(({ message }) => message['type'] === 'auth')
  expect(sent).toHaveLength(1)
})

test('a token that a follower gets reaches a leader that has none', async () => {
  const open = createTabs(server, 'ann')
  const leader = open({ token: '' })
  const follower = open({ token: '' })
  await server.clock.advance(20_000)
  await follower.engine.renewToken('ann')
  await leader.caughtUp()
  await follower.caughtUp()
})

test('a token that a follower gets while no tab leads is used', async () => {
  const [leader, follower] = await twoTabs()
  leader.freeze()
  await follower.engine.renewToken('ann')
  await server.clock.until(isSyncing(follower), 10_000)
  leader.thaw()
  await server.clock.advance(3000)
  expect(await leader.status()).toMatchObject({ connection: 'online', lastError: null })
})

test('a question to a frozen leader is answered when another tab leads', async () => {
  const [leader, follower] = await twoTabs()
  leader.freeze()
  let answer: unknown
  void follower.engine.readProfile('crew', false).then(each => (answer = each))
  await server.clock.until(() => answer !== undefined, 8000)
  expect(answer).toMatchObject({ code: 2805 })
})

test('a message from before a freeze does not undo a later resume', async () => {
  const open = createTabs(server, 'ann')
  const leader = open()
  await leader.caughtUp()
  const [first, second] = [open(), open()]
  await second.caughtUp()
  second.freeze()
  await first.engine.pause()
  await server.clock.advance(1000)
  leader.kill()
  first.kill()
  await second.engine.resume()
  second.thaw()
  await second.caughtUp()
})

test('a resume after the clock was set back counts', async () => {
  let wrongMs = 0
  const open = createTabs(server, 'ann', { clock: { now: () => server.clock.now() + wrongMs } })
  const leader = open()
  await leader.caughtUp()
  const [first, second] = [open(), open()]
  await second.caughtUp()
  second.freeze()
  await first.engine.pause()
  await server.clock.advance(1000)
  wrongMs = -3_600_000
  await second.engine.resume()
  second.thaw()
  await second.caughtUp()
})

test('a pause of a tab that has just opened counts', async () => {
  const open = createTabs(server, 'ann')
  const [leader, follower] = [open(), open()]
  for (let round = 0; round < 3; round++) {
    await follower.engine.pause()
    await follower.engine.resume()
  }
  await leader.caughtUp()
  await open().engine.pause()
  await server.clock.advance(1000)
  expect(await leader.status()).toMatchObject({ connection: 'offline' })
})

test('a tab whose claim storage refuses does not say caught up', async () => {
  const open = createTabs(server, 'ann')
  const storage = createMemoryStorage()
  const leader = open({ storage })
  await leader.caughtUp()
  const full = () => Promise.reject(new DOMException('There is no room.', 'QuotaExceededError'))
  const follower = open({ storage: { ...storage, transact: full } })
  await server.clock.advance(1000)
  expect(await follower.status()).toMatchObject({ connection: 'online', caughtUp: true })
  leader.kill()
  await server.clock.advance(500)
  expect(await follower.status()).toMatchObject({ connection: 'connecting', caughtUp: false })
})

test('a tab whose storage comes back does not repeat a frozen leader', async () => {
  const open = createTabs(server, 'ann')
  const storage = createMemoryStorage()
  let isBroken = false
  const failing = () => Promise.reject(new DOMException('The connection is closing.'))
  const leader = open({ storage })
  await leader.caughtUp()
  const follower = open({
    storage: {
      ...storage,
      read: queries => (isBroken ? failing() : storage.read(queries)),
      transact: (queries, body) => (isBroken ? failing() : storage.transact(queries, body))
    }
  })
  await follower.caughtUp()
  isBroken = true
  await follower.engine.apply('createGroup', { name: 'Crew' })
  leader.freeze()
  await server.clock.advance(1000)
  const { emissions } = follower.watch({ kind: 'status' })
  const before = emissions.length
  isBroken = false
  await server.clock.until(isSyncing(follower), 60_000)
  const statuses = emissions.slice(before).flat()
  expect(statuses.filter(status => status && 'caughtUp' in status && status.caughtUp)).toEqual([])
})
