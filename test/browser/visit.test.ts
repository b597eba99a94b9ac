import { expect, test } from 'vitest'
import { fresh, openStore } from './connect.ts'

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

test('the log is rotated after a crash', async () => {
  localStorage.setItem('offline-groups visit that ended in a crash', '')
  await openStore(fresh('ann'), { paused: true })
  if (isChromium) await expect.poll(databaseNames).toContain('offline-groups log rotation')
})
