/** The rows of one table in memory. */

import { expect, test } from 'vitest'
import { newMember } from '../../src/kernel/model.ts'
import { createCache } from '../../src/engine/state/cache.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

const isRow = () => true
const row = newMember({ groupID: 'crew', userID: 'ann', joinTime: 1 })

test('rows that are released while they are read again stay released', async () => {
  const storage = createMemoryStorage()
  await storage.transact([], () => [{ table: 'members', scope: 'crew', id: 'ann', row }])
  const cache = createCache(storage, {
    table: 'members',
    idOf: ({ userID }) => userID,
    isRow,
    onDamaged: () => undefined
  })
  await cache.load('crew', 'all')
  expect([...cache.all('crew')]).toEqual([row])
  const refreshing = cache.refresh()
  cache.release('crew')
  await refreshing
  expect([cache.isLoaded('crew', 'all'), [...cache.all('crew')]]).toEqual([false, []])
})
