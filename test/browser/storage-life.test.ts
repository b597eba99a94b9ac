/** Databases of other builds, tabs in the way, and browsers without IndexedDB. */

import { expect, inject, onTestFinished, test } from 'vitest'
import { databaseName, nativeVersion } from '../../src/storage/database.ts'
import { fresh, openStore, taken, until } from './connect.ts'

/** A connection to the database of this user in another version. It ignores every event. */
function openVersion(userID: string, version: number): Promise<IDBDatabase> {
  const name = databaseName({ url: inject('url'), userID })
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => {
      if (request.result.objectStoreNames.length > 0) return
      request.result.createObjectStore('pages')
      request.result.createObjectStore('journal', { keyPath: 'commitNumber', autoIncrement: true })
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not opened'))
  })
}

test('data of a newer build is refused with 4517, and stays', async () => {
  const ann = fresh('ann')
  const newer = await openVersion(ann, nativeVersion + 10)
  newer.close()
  const store = await openStore(ann)
  expect(await store.apply('createGroup', { name: 'Crew' })).toMatchObject({ code: 4517 })
  expect(await until(store.status$, ({ lastError }) => lastError !== null)).toMatchObject({
    connection: 'offline',
    lastError: { reason: 'NewerStorage' }
  })
  await store.close()
  const after = await openVersion(ann, nativeVersion + 10)
  expect([...after.objectStoreNames]).toEqual(['journal', 'pages'])
  after.close()
})

test('an upgrade waits for an older tab, and its status says so', async () => {
  const ann = fresh('ann')
  const older = await openVersion(ann, 40)
  onTestFinished(() => older.close())
  const store = await openStore(ann)
  expect(await store.apply('createGroup', { name: 'Crew' })).toMatchObject({ code: 4518 })
  await until(store.status$, ({ lastError }) => lastError?.reason === 'UpgradeBlocked')
  older.close()
  await until(store.status$, ({ caughtUp }) => caughtUp)
  const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  expect(await store.settled(opID)).toMatchObject({ kind: 'applied' })
})

test('a store makes way for a newer build in another tab', async () => {
  const ann = fresh('ann')
  const store = await openStore(ann)
  await until(store.status$, ({ caughtUp }) => caughtUp)
  const newer = await openVersion(ann, nativeVersion + 10)
  newer.close()
  await until(store.status$, ({ lastError }) => lastError?.reason === 'NewerStorage')
  expect(await store.apply('createGroup', { name: 'Crew' })).toMatchObject({ code: 4517 })
})

/** Returns a function that allows it again. */
function denyIndexedDB(): () => void {
  const allowed = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB')
  Object.defineProperty(globalThis, 'indexedDB', {
    configurable: true,
    get() {
      throw new DOMException('denied', 'SecurityError')
    }
  })
  const allow = () => {
    if (allowed) Object.defineProperty(globalThis, 'indexedDB', allowed)
    else Reflect.deleteProperty(globalThis, 'indexedDB')
  }
  onTestFinished(allow)
  return allow
}

test('a browser that denies IndexedDB leaves a store in memory', async () => {
  denyIndexedDB()
  const store = await openStore(fresh('ann'), { worker: false })
  const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  expect(await store.settled(opID)).toMatchObject({ kind: 'applied' })
  expect(await until(store.storage$, () => true)).toMatchObject({
    mode: 'memory',
    error: { code: 4502 }
  })
})

test('a store in memory returns to IndexedDB with its operations', async () => {
  const allow = denyIndexedDB()
  const ann = fresh('ann')
  const store = await openStore(ann, { worker: false, paused: true })
  const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  expect(await until(store.storage$, () => true)).toMatchObject({ mode: 'memory' })
  allow()
  const state = await until(store.storage$, ({ mode }) => mode === 'indexedDB')
  expect(state).toMatchObject({ error: null, loss: null })
  // A second tab finds the operation in IndexedDB, and sends it.
  const second = await openStore(ann)
  expect(await until(second.outbox$, rows => rows.length > 0)).toMatchObject([{ opID }])
  await store.resume()
  await until(second.status$, ({ caughtUp, pending }) => caughtUp && pending === 0)
  expect(await until(store.outbox$, rows => rows.length === 0)).toEqual([])
  expect(await until(second.groups$, () => true)).toMatchObject({ rows: [{ name: 'Crew' }] })
})

test('deleted local data is gone at the next start', async () => {
  const ann = fresh('ann')
  const store = await openStore(ann, { paused: true })
  taken(await store.apply('createGroup', { name: 'Crew' }))
  expect(await store.deleteLocalData()).toBeNull()
  expect(await store.apply('createGroup', { name: 'Boat' })).toMatchObject({ code: 2999 })
  const next = await openStore(ann, { paused: true })
  expect(await until(next.outbox$, () => true)).toEqual([])
})
