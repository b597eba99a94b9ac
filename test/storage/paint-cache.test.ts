import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newMember } from '../../src/kernel/model.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { openPaintCache, paintKey } from '../../src/storage/paint-cache.ts'
import type { Write } from '../../src/storage/port.ts'
import { openDatabase, resultOf } from './database.ts'

let name: string
let cache: ReturnType<typeof openPaintCache>
let count = 0
beforeEach(() => {
  name = `device ${count++}`
  cache = openPaintCache(name)
})
afterEach(() => cache.close())

const write = (userID: string): Write => ({
  table: 'members',
  scope: 'crew',
  id: userID,
  row: newMember({ groupID: 'crew', userID, joinTime: 1 })
})

/** Writes, and waits for the checkpoint. */
async function writeCheckpointed(...userIDs: string[]): Promise<void> {
  const storage = await openDexieStorage(name, { journalTextMax: 0 })
  await storage.read([{ table: 'members', scope: 'crew' }])
  await storage.transact([], () => userIDs.map(write))
  const others = openPaintCache(name)
  await expect.poll(() => others.checkpointedCommit()).toBeDefined()
  others.close()
  await storage.close()
}

async function cachePaint(text: string): Promise<void> {
  const commitNumber = await cache.checkpointedCommit()
  if (commitNumber === undefined) throw new Error('a checkpoint is missing')
  await cache.write({ commitNumber, text })
}

test('a cached paint can be read many times', async () => {
  await writeCheckpointed('ann')
  await cachePaint('a paint')
  expect([await cache.read(), await cache.read()]).toEqual(['a paint', 'a paint'])
})

test('a commit makes the cached paint outdated', async () => {
  await writeCheckpointed('ann')
  await cachePaint('a paint')
  const storage = await openDexieStorage(name)
  await storage.transact([], () => [write('bob')])
  expect(await cache.read()).toBeUndefined()
  await storage.close()
})

test('a checkpoint removes the outdated paint from the disk', async () => {
  await writeCheckpointed('ann')
  await cachePaint('a paint')
  await writeCheckpointed('bob')
  expect(await cache.read()).toBeUndefined()
  const database = await openDatabase(name)
  const record = await resultOf(database.transaction('pages').objectStore('pages').get(paintKey))
  database.close()
  expect(record).toBeUndefined()
})

test('no paint is cached while a checkpoint is due', async () => {
  const storage = await openDexieStorage(name)
  await storage.transact([], () => [write('ann')])
  await storage.transact([], () => [write('bob')])
  expect(await cache.checkpointedCommit()).toBeUndefined()
  await storage.close()
})

test('a paint that a commit has outdated is not written', async () => {
  await writeCheckpointed('ann')
  const commitNumber = (await cache.checkpointedCommit()) ?? 0
  const storage = await openDexieStorage(name)
  await storage.transact([], () => [write('bob')])
  await cache.write({ commitNumber, text: 'late' })
  expect(await cache.read()).toBeUndefined()
  await storage.close()
})

test('an open cache neither blocks nor survives the removal of its database', async () => {
  await writeCheckpointed('ann')
  await cachePaint('a paint')
  const storage = await openDexieStorage(name)
  await storage.destroy()
  await writeCheckpointed('bob')
  const others = openPaintCache(name)
  await cache.write({ commitNumber: (await others.checkpointedCommit()) ?? 0, text: 'old' })
  expect([await cache.read(), await others.read()]).toEqual([undefined, undefined])
  others.close()
})

test('a second paint replaces the first', async () => {
  await writeCheckpointed('ann')
  await cachePaint('a paint')
  await cachePaint('another paint')
  expect(await cache.read()).toBe('another paint')
})

test('paints written between commits hide no commit', async () => {
  const storage = await openDexieStorage(name, { journalTextMax: 0 })
  const storedIDs = async () =>
    (await storage.read([{ table: 'members', scope: 'crew' }])).answers[0].map(row => row.userID)
  const numbers: number[] = []
  for (const userID of ['ann', 'bob', 'carl']) {
    numbers.push(await storage.transact([], () => [write(userID)]))
    await storedIDs()
    await expect.poll(() => cache.checkpointedCommit()).toBeDefined()
    await cachePaint(userID)
  }
  expect(await storedIDs()).toEqual(['ann', 'bob', 'carl'])
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  await storage.close()
})

test('a database with other stores has no paint and can be removed', async () => {
  const opening = indexedDB.open(name)
  opening.onupgradeneeded = () => opening.result.createObjectStore('pages')
  await new Promise(resolve => (opening.onsuccess = resolve))
  opening.result.close()
  expect([await cache.read(), await cache.checkpointedCommit()]).toEqual([undefined, undefined])
  const removing = indexedDB.deleteDatabase(name)
  expect(
    await new Promise(resolve => {
      removing.onblocked = () => resolve('blocked')
      removing.onsuccess = () => resolve('removed')
    })
  ).toBe('removed')
})

test('opening the cache creates no database', async () => {
  expect([await cache.read(), await cache.checkpointedCommit()]).toEqual([undefined, undefined])
  expect((await indexedDB.databases()).map(each => each.name)).not.toContain(name)
})
