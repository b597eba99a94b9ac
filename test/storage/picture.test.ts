import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newMember } from '../../src/kernel/model.ts'
import { openDexieStorage } from '../../src/storage/dexie.ts'
import { openPictures, pictureKey } from '../../src/storage/picture.ts'
import type { Write } from '../../src/storage/port.ts'

let name: string
let pictures: ReturnType<typeof openPictures>
let count = 0
beforeEach(() => {
  name = `device ${count++}`
  pictures = openPictures(name)
})
afterEach(() => pictures.close())

const write = (userID: string): Write => ({
  table: 'members',
  scope: 'crew',
  id: userID,
  row: newMember({ groupID: 'crew', userID, joinTime: 1 })
})

/** Writes, and waits until it is folded. */
async function written(...userIDs: string[]): Promise<void> {
  const storage = await openDexieStorage(name, { journalMax: 0 })
  await storage.read([{ table: 'members', scope: 'crew' }])
  await storage.transact([], () => userIDs.map(write))
  const others = openPictures(name)
  await expect.poll(() => others.mark()).toBeDefined()
  others.close()
  await storage.close()
}

async function keep(text: string): Promise<void> {
  const mark = await pictures.mark()
  if (mark === undefined) throw new Error('something is not folded')
  await pictures.keep({ mark, text })
}

test('a picture is there for whoever opens next, as often as they like', async () => {
  await written('ann')
  await keep('a picture')
  expect([await pictures.read(), await pictures.read()]).toEqual(['a picture', 'a picture'])
})

test('once something is written, it does not count any more', async () => {
  await written('ann')
  await keep('a picture')
  const storage = await openDexieStorage(name)
  await storage.transact([], () => [write('bob')])
  expect(await pictures.read()).toBeUndefined()
  await storage.close()
})

test('nor when that is folded; it is removed then, so that nothing is left of what was removed', async () => {
  await written('ann')
  await keep('a picture')
  await written('bob')
  expect(await pictures.read()).toBeUndefined()
  const db = await new Promise<IDBDatabase>(resolve => {
    const opening = indexedDB.open(name)
    opening.onsuccess = () => resolve(opening.result)
  })
  const record = db.transaction('pages').objectStore('pages').get(pictureKey)
  await new Promise(resolve => (record.onsuccess = resolve))
  db.close()
  expect(record.result).toBeUndefined()
})

test('a picture waits until all is folded, because the fold would outdate it', async () => {
  const storage = await openDexieStorage(name)
  await storage.transact([], () => [write('ann')])
  await storage.transact([], () => [write('bob')])
  expect(await pictures.mark()).toBeUndefined()
  await storage.close()
})

test('a picture that is late is not kept', async () => {
  await written('ann')
  const mark = (await pictures.mark()) ?? 0
  const storage = await openDexieStorage(name)
  await storage.transact([], () => [write('bob')])
  await pictures.keep({ mark, text: 'late' })
  expect(await pictures.read()).toBeUndefined()
  await storage.close()
})

test('whoever removes the database does not wait for pictures, and none of before gets into the next one', async () => {
  await written('ann')
  await keep('a picture')
  const storage = await openDexieStorage(name)
  await storage.destroy()
  await written('bob')
  const others = openPictures(name)
  await pictures.keep({ mark: (await others.mark()) ?? 0, text: 'of before' })
  expect([await pictures.read(), await others.read()]).toEqual([undefined, undefined])
  others.close()
})

test('another picture takes the place of the first', async () => {
  await written('ann')
  await keep('a picture')
  await keep('another')
  expect(await pictures.read()).toBe('another')
})

test('a picture between the commits of an engine keeps none of them from being found', async () => {
  const storage = await openDexieStorage(name, { journalMax: 0 })
  const found = async () =>
    (await storage.read([{ table: 'members', scope: 'crew' }])).answers[0].map(row => row.userID)
  const numbers: number[] = []
  for (const userID of ['ann', 'bob', 'carl']) {
    numbers.push(await storage.transact([], () => [write(userID)]))
    await found()
    await expect.poll(() => pictures.mark()).toBeDefined()
    await keep(userID)
  }
  expect(await found()).toEqual(['ann', 'bob', 'carl'])
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  await storage.close()
})

test('of a database of another shape there are none, and whoever removes it does not wait', async () => {
  const opening = indexedDB.open(name)
  opening.onupgradeneeded = () => opening.result.createObjectStore('pages')
  await new Promise(resolve => (opening.onsuccess = resolve))
  opening.result.close()
  expect([await pictures.read(), await pictures.mark()]).toEqual([undefined, undefined])
  const removing = indexedDB.deleteDatabase(name)
  expect(
    await new Promise(resolve => {
      removing.onblocked = () => resolve('blocked')
      removing.onsuccess = () => resolve('removed')
    })
  ).toBe('removed')
})

test('where there is no database, there is no picture, and none comes about', async () => {
  expect([await pictures.read(), await pictures.mark()]).toEqual([undefined, undefined])
  expect((await indexedDB.databases()).map(each => each.name)).not.toContain(name)
})
