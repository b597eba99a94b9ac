/** A key-value host that refuses calls, answers late, or has lost or damaged values. */

import { expect, test, vi } from 'vitest'
import {
  openKeyValueStorage,
  type KeyValueStorage
} from '../../../src/storage/key-value/storage.ts'
import type { Write } from '../../../src/storage/port.ts'
import {
  member,
  members,
  outbox,
  pending,
  putMember,
  putPending,
  removeMembers,
  storedUserIDs
} from '../../../src/testing/storage/case.ts'
import { createRandom } from '../../simulation/random.ts'
import { createFailingHost, type Failure } from './failing-host.ts'
import { apply, createRecordingHost, tear, type Values } from './recording-host.ts'
import { applyWrites, randomWrites, stateOf, storedState, type Model } from './rows-model.ts'

const keysOf = (values: Values, kind: string): string[] =>
  [...values.keys()].filter(key => key.startsWith(`db/${kind}`))

const put = (storage: KeyValueStorage, ...userIDs: string[]): Promise<number> =>
  storage.transact([], () => userIDs.map(userID => putMember(member(userID))))

/** Closes a storage without a checkpoint, and opens it again. */
async function reopen(storage: KeyValueStorage, values: Values): Promise<KeyValueStorage> {
  await storage.close()
  return openKeyValueStorage(createFailingHost(values), 'db')
}

test.each(['nothing is stored', 'the value is stored', 'the value is stored later'] as const)(
  'a refused commit stays away after a restart: %s',
  async failure => {
    const host = createFailingHost()
    const storage = await openKeyValueStorage(host, 'db')
    await put(storage, 'a')
    host.failures = { set: () => failure }
    await expect(put(storage, 'b')).rejects.toThrow(failure)
    host.failures = {}
    expect(await storedUserIDs(storage)).toEqual(['a'])
    await put(storage, 'c')
    host.storeLate()
    const reopened = await reopen(storage, host.values)
    expect(await storedUserIDs(reopened)).toEqual(['a', 'c'])
    await put(reopened, 'd')
    const again = await reopen(reopened, host.values)
    expect(await storedUserIDs(again)).toEqual(['a', 'c', 'd'])
    await again.close()
  }
)

test('a refused commit that cannot be removed stays away after a restart', async () => {
  const host = createFailingHost()
  const storage = await openKeyValueStorage(host, 'db')
  host.failures = { set: () => 'the value is stored', remove: () => 'nothing is stored' }
  await expect(put(storage, 'a')).rejects.toThrow('stored')
  host.failures = {}
  await put(storage, 'b')
  const reopened = await reopen(storage, host.values)
  expect(await storedUserIDs(reopened)).toEqual(['b'])
  await reopened.close()
})

test('a commit that takes effect after a restart harms no later one', async () => {
  const host = createFailingHost()
  const storage = await openKeyValueStorage(host, 'db')
  await put(storage, 'a')
  host.failures = { set: () => 'the value is stored later' }
  await expect(put(storage, 'b')).rejects.toThrow('later')
  const reopened = await reopen(storage, host.values)
  await put(reopened, 'c')
  host.storeLate()
  const again = await reopen(reopened, host.values)
  expect(await storedUserIDs(again)).toEqual(['a', 'c'])
  await again.close()
})

test('a superblock that takes effect after a restart still has its pages', async () => {
  const host = createFailingHost()
  const storage = await openKeyValueStorage(host, 'db')
  await put(storage, 'a')
  await storage.checkpoint()
  await put(storage, 'b')
  const isSuperblock = (key: string) => key.includes('superblock')
  host.failures = { set: key => (isSuperblock(key) ? 'the value is stored later' : undefined) }
  await storage.checkpoint()
  const reopened = await reopen(storage, host.values)
  await put(reopened, 'c')
  await expect.poll(() => keysOf(host.values, 'commit').length).toBe(2)
  host.storeLate()
  const again = await reopen(reopened, host.values)
  expect(await storedUserIDs(again)).toEqual(['a', 'b', 'c'])
  await again.checkpoint()
  await again.read([])
  await expect.poll(() => keysOf(host.values, 'page').length).toBe(1)
  await again.close()
})

test('random refusals lose no acknowledged commit', async () => {
  const random = createRandom('refusals')
  const host = createFailingHost()
  const refuse = (): Failure | undefined =>
    random.chance(0.15)
      ? random.pick(['nothing is stored', 'the value is stored', 'the value is stored later'])
      : undefined
  const model: Model = new Map()
  let storage = await openKeyValueStorage(host, 'db', { journalRecordsMax: 4 })
  const states: string[][] = []
  for (let number = 1; number <= 600; number++) {
    host.failures = { set: refuse, remove: refuse, get: refuse }
    const writes = randomWrites(random, number)
    const isStored = await storage
      .transact([], () => writes)
      .then(
        () => true,
        () => false
      )
    if (isStored) applyWrites(model, writes)
    if (random.chance(0.1)) await new Promise(resolve => setTimeout(resolve, 3))
    if (!random.chance(0.1)) continue
    host.failures = {}
    states.push([await storedState(storage), stateOf(model)])
    // The last commit may have been refused, and would then return.
    if (isStored) {
      await storage.close()
      storage = await openKeyValueStorage(host, 'db', { journalRecordsMax: 4 })
    }
    host.storeLate()
    states.push([await storedState(storage), stateOf(model)])
  }
  await storage.close()
  expect(states.filter(([stored, expected]) => stored !== expected)).toEqual([])
})

test('a refused checkpoint loses nothing and is retried after 5 s', async () => {
  vi.useFakeTimers()
  const host = createFailingHost()
  host.failures = { set: key => (key.includes('page') ? 'nothing is stored' : undefined) }
  const storage = await openKeyValueStorage(host, 'db', { journalRecordsMax: 0 })
  await put(storage, 'a')
  await put(storage, 'b')
  await vi.advanceTimersByTimeAsync(1000)
  expect(keysOf(host.values, 'superblock')).toEqual([])
  host.failures = {}
  await vi.advanceTimersByTimeAsync(6000)
  vi.useRealTimers()
  expect(keysOf(host.values, 'commit')).toEqual([])
  const reopened = await reopen(storage, host.values)
  expect(await storedUserIDs(reopened)).toEqual(['a', 'b'])
  await reopened.close()
})

test.each(['a call', 'the timer'] as const)(
  'a checkpoint requested by %s during a commit loses nothing',
  async kind => {
    vi.useFakeTimers()
    const host = createFailingHost()
    const storage = await openKeyValueStorage(host, 'db')
    await put(storage, 'a')
    await vi.advanceTimersByTimeAsync(kind === 'the timer' ? 4990 : 0)
    const release = host.hold()
    const commit = put(storage, 'b')
    await vi.advanceTimersByTimeAsync(20)
    if (kind === 'a call') void storage.makeRoom?.()
    release()
    await commit
    await vi.advanceTimersByTimeAsync(1000)
    vi.useRealTimers()
    const reopened = await openKeyValueStorage(createFailingHost(new Map(host.values)), 'db')
    expect(await storedUserIDs(reopened)).toEqual(['a', 'b'])
    await Promise.all([storage.close(), reopened.close()])
  }
)

test('a checkpoint removes deleted rows from the host after 5 s', async () => {
  vi.useFakeTimers()
  const host = createFailingHost()
  const storage = await openKeyValueStorage(host, 'db')
  await put(storage, 'secret-user')
  await vi.advanceTimersByTimeAsync(6000)
  await storage.transact([], () => [removeMembers])
  expect(JSON.stringify([...host.values])).toContain('secret-user')
  await vi.advanceTimersByTimeAsync(6000)
  vi.useRealTimers()
  expect(JSON.stringify([...host.values])).not.toContain('secret-user')
  await storage.close()
})

test('a failed read rejects the opening, and the next opening succeeds', async () => {
  const host = createFailingHost()
  const storage = await openKeyValueStorage(host, 'db')
  await put(storage, 'a')
  await storage.close()
  host.failures = { get: () => 'nothing is stored' }
  await expect(openKeyValueStorage(host, 'db')).rejects.toThrow()
  host.failures = {}
  const reopened = await openKeyValueStorage(host, 'db')
  expect(await storedUserIDs(reopened)).toEqual(['a'])
  await reopened.close()
})

/** A database with a checkpoint of `a` and an operation, and then three commits. */
async function createDatabase(): Promise<Values> {
  const host = createFailingHost()
  const first = await openKeyValueStorage(host, 'db', { journalRecordsMax: 0 })
  await first.transact([], () => [putMember(member('a')), putPending('1')])
  await expect.poll(() => keysOf(host.values, 'commit')).toEqual([])
  const second = await reopen(first, host.values)
  for (const userID of ['b', 'c', 'd']) await put(second, userID)
  await second.close()
  return host.values
}

const isDamaged = (row: unknown): boolean =>
  typeof (row as { userID?: unknown; opID?: unknown }).opID !== 'string' &&
  typeof (row as { userID?: unknown }).userID !== 'string'

async function readAll(values: Values) {
  const storage = await openKeyValueStorage(createFailingHost(values), 'db')
  const { answers } = await storage.read([members, outbox, { table: 'meta', scope: '' }])
  await storage.close()
  const [memberRows, operations, meta] = answers
  return {
    userIDs: memberRows.filter(row => !isDamaged(row)).map(({ userID }) => userID),
    damaged: [memberRows, operations, meta].map(rows => rows.filter(isDamaged).length)
  }
}

test('a damaged last commit is skipped, as after a crash', async () => {
  const values = await createDatabase()
  values.set(keysOf(values, 'commit').at(-1)!, 'damaged')
  expect(await readAll(values)).toEqual({ userIDs: ['a', 'b', 'c'], damaged: [0, 0, 0] })
})

test.each(['damaged', undefined])(
  'a commit before valid ones that is %s appears as a damaged operation',
  async value => {
    const values = await createDatabase()
    apply(values, { key: keysOf(values, 'commit')[1]!, value })
    expect(await readAll(values)).toEqual({ userIDs: ['a', 'b', 'd'], damaged: [0, 1, 1] })
  }
)

test.each(['damaged', undefined])('a page that is %s appears as a damaged row', async value => {
  const values = await createDatabase()
  for (const key of keysOf(values, 'page')) apply(values, { key, value })
  expect(await readAll(values)).toEqual({ userIDs: ['b', 'c', 'd'], damaged: [1, 1, 0] })
})

test('a database without a valid superblock appears as damaged', async () => {
  const values = await createDatabase()
  for (const key of keysOf(values, 'superblock')) tear(values, { key, value: 'x' }, 1)
  const { damaged } = await readAll(values)
  expect(damaged.slice(1)).toEqual([1, 1])
  for (const key of keysOf(values, 'commit')) values.delete(key)
  expect((await readAll(values)).damaged.slice(1)).toEqual([1, 1])
})

test('a crash while a database is destroyed leaves all rows or none', async () => {
  const before = await createDatabase()
  const { host, batches } = createRecordingHost(new Map(before), {
    bytesPerValue: 1_048_576,
    acknowledged: () => 0
  })
  await (await openKeyValueStorage(host, 'db')).destroy()
  expect(await host.keys()).toEqual([])
  const outcomes = new Set<string>()
  for (const { mutations } of batches)
    for (const mutation of mutations) {
      const torn = new Map(before)
      tear(torn, mutation, 0.5)
      outcomes.add(JSON.stringify(await readAll(torn)))
      apply(before, mutation)
      outcomes.add(JSON.stringify(await readAll(new Map(before))))
    }
  expect([...outcomes]).toEqual([
    JSON.stringify({ userIDs: ['a', 'b', 'c', 'd'], damaged: [0, 0, 0] }),
    JSON.stringify({ userIDs: [], damaged: [0, 0, 0] })
  ])
})

test('destroying an empty database sets no key', async () => {
  const { host, batches } = createRecordingHost(new Map(), {
    bytesPerValue: 1_048_576,
    acknowledged: () => 0
  })
  await (await openKeyValueStorage(host, 'db')).destroy()
  expect(batches).toEqual([])
})

test('a database leaves the keys of others alone', async () => {
  const host = createFailingHost()
  const foreign = ['app', 'db/other', 'db/commit 1/commit 1', 'db2/commit 1', 'db/commit x']
  for (const key of foreign) host.values.set(key, 'foreign')
  const storage = await openKeyValueStorage(host, 'db')
  await put(storage, 'a')
  await storage.destroy()
  expect([...host.values.keys()]).toEqual(foreign)
})

test('calls after the removal of a database reject', async () => {
  const host = createFailingHost()
  const storage = await openKeyValueStorage(host, 'db')
  const other = await openKeyValueStorage(host, 'db')
  await put(storage, 'a')
  await other.destroy()
  await expect(put(storage, 'b')).rejects.toThrow('closed')
  await storage.close()
  expect(host.values.size).toBe(0)
})

test('unusual texts are stored unchanged', async () => {
  const host = createFailingHost()
  const nameCard = '\ud83d lone, "quoted", \u2028, 😀, \u0000'
  const writes: Write[] = [putMember(member('a', { nameCard })), putPending('op 1')]
  const storage = await openKeyValueStorage(host, 'db')
  await storage.transact([], () => writes)
  const reopened = await reopen(storage, host.values)
  expect((await reopened.read([members, outbox])).answers).toEqual([
    [member('a', { nameCard })],
    [pending('op 1')]
  ])
  expect([...host.values.values()].join('')).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
  await reopened.close()
})
