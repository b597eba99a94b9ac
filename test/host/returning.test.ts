/** A store in memory returns to IndexedDB, with the operations that were enqueued meanwhile. */

import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import type { StorageState } from '../../src/engine/api.ts'
import { adapterState } from '../../src/engine/storage-state.ts'
import { createReturning } from '../../src/host/returning.ts'
import { checkDatabase } from '../../src/host/outbox-journal/open.ts'
import { storageFailed } from '../../src/kernel/errors.ts'
import { createLastingStorage } from '../../src/storage/lasting.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { alone, type PeerMessage, type Peers } from '../../src/engine/host.ts'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'

let server: TestServer
let name = ''
let count = 0
let isDenied = true
let attempts = 0
let posted: PeerMessage[] = []
let steps: string[] = []
const returnedIDs: string[] = []

beforeEach(() => {
  server = createTestServer()
  name = `returning ${count++}`
  isDenied = true
  attempts = 0
  posted = []
  steps = []
})

/** The other tabs grant the lock at once. */
const peers: Peers = {
  ...alone,
  lead(onGranted) {
    steps.push('lead')
    onGranted()
  },
  stepDown: () => void steps.push('stepDown'),
  post: message => void posted.push(message)
}

const denied = () => new DOMException('denied', 'SecurityError')
const inMemory: StorageState = { ...adapterState, mode: 'memory', error: storageFailed(denied()) }

let ids = 0
const newID = () => `id-${ids++}`.padEnd(22, '_')

function start() {
  const { setTimer } = server.clock
  const database = createLastingStorage({
    open: events => {
      attempts++
      return isDenied ? Promise.reject(denied()) : openDexieStorage(name, events)
    },
    remove: () => Promise.resolve(),
    isUpgrade: () => Promise.resolve(false)
  })
  const memory = createMemoryStorage()
  const check = () => checkDatabase(database, newID)
  const onReturned = (databaseID: string) => void returnedIDs.push(databaseID)
  const ports = createReturning({ memory, database, peers, check, onReturned, setTimer })
  return createTestClient(server, 'ann', { ...ports, storageState: inMemory })
}

const stateOf = async (client: ReturnType<typeof start>): Promise<Partial<StorageState>> => {
  const list = client.watch({ kind: 'storage' })
  await server.clock.settle()
  return list.rows()[0] as Partial<StorageState>
}

/** IndexedDB answers in real time, so virtual time waits for it. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let step = 0; step < 400 && !(await isTrue()); step++) {
    await server.clock.advance(500)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  expect(await isTrue()).toBe(true)
}

test('operations of a store in memory enter IndexedDB once it opens', async () => {
  const ann = start()
  await ann.engine.pause()
  const { opID } = await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  await server.clock.advance(5000)
  expect(await stateOf(ann)).toMatchObject({ mode: 'memory', error: { code: 4502 } })
  expect([posted, steps]).toEqual([[], ['stepDown']])
  isDenied = false
  await until(async () => (await stateOf(ann)).mode === 'indexedDB')
  expect(await stateOf(ann)).toEqual({ ...adapterState, mode: 'indexedDB' })
  expect((await ann.outbox()).map(each => each.opID)).toEqual([opID])
  expect(steps).toEqual(['stepDown', 'stepDown', 'lead'])
  // Another process finds the operation, in a database with an ID.
  const other = await openDexieStorage(name)
  const { answers } = await other.read([
    { table: 'outbox', scope: '' },
    { table: 'database', scope: '' }
  ])
  expect(answers[0]).toMatchObject([{ opID }])
  expect(answers[1][0]?.databaseID).toBe(returnedIDs.at(-1))
  await other.close()
  await ann.engine.resume()
  await until(async () => (await ann.outbox()).length === 0)
  expect(await ann.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied', seq: 1 } })
  expect((await ann.group('crew'))?.name).toBe('Crew')
  await ann.engine.close()
})

test('a store in memory keeps trying, ever more seldom', async () => {
  const ann = start()
  await server.clock.advance(10 * 60_000)
  const many = attempts
  await server.clock.advance(10 * 60_000)
  expect(many).toBeGreaterThan(10)
  expect(attempts - many).toBe(10)
  await ann.engine.close()
  await server.clock.advance(10 * 60_000)
  expect(attempts - many).toBe(10)
})

test('an operation without a verdict in both places is judged once', async () => {
  const storage = await openDexieStorage(name)
  const before = createTestClient(server, 'ann', { storage, paused: true })
  await before.apply('createGroup', { groupID: 'den', name: 'Den' })
  await before.engine.close()
  const ann = start()
  await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  isDenied = false
  await until(async () => (await ann.groups()).length === 2 && (await ann.outbox()).length === 0)
  expect(await ann.verdicts()).toEqual([])
  await ann.engine.close()
})

test('deleted local data leaves nothing in either place', async () => {
  const ann = start()
  await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  expect(await ann.engine.deleteLocalData()).toBeNull()
  isDenied = false
  await server.clock.advance(200_000)
  expect((await indexedDB.databases()).map(each => each.name)).not.toContain(name)
})
