import { expect, test } from 'vitest'
import { fresh, openStore, taken, until } from './connect.ts'

const isChromium = 'dataLoss' in IDBVersionChangeEvent.prototype
const marks = () => Object.keys(localStorage).filter(key => key.startsWith('offline-groups visit '))
const databaseNames = async () => (await indexedDB.databases()).map(({ name }) => name)

test('a store leaves a mark only while it is open', async () => {
  const store = await openStore(fresh('ann'), { paused: true })
  // Stores of other test files may remove marks, and leave their own.
  const left = marks()
  expect(left.length > 0).toBe(isChromium)
  await store.close()
  if (isChromium) expect(marks()).not.toEqual(left)
})

test('after a crash the log is rotated before the store opens', async () => {
  const ann = fresh('ann')
  const earlier = await openStore(ann, { paused: true })
  const { opID } = taken(await earlier.apply('createGroup', { name: 'Crew' }))
  await earlier.close()
  localStorage.setItem('offline-groups visit that ended in a crash', '')

  const store = await openStore(ann, { paused: true })
  expect((await until(store.outbox$, () => true)).map(pending => pending.opID)).toEqual([opID])
  expect((await databaseNames()).includes('offline-groups log rotation')).toBe(isChromium)
})
