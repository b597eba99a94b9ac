/** Storage refuses commits before the platform is full. */

import { expect, test } from 'vitest'
import type { KeyValueHost } from '../../../src/storage/key-value/host.ts'
import { createMemoryHost } from '../../../src/storage/key-value/hosts/memory.ts'
import { openKeyValueStorage } from '../../../src/storage/key-value/storage.ts'
import type { Storage } from '../../../src/storage/port.ts'
import {
  member,
  members,
  putMember,
  removeMembers,
  storedUserIDs,
  userIDOf
} from '../../../src/testing/storage/case.ts'
import { createRandom } from '../../simulation/random.ts'

const bytesInAll = 300_000

/** A host that refuses a `set` above its limit, and counts the refusals. */
function createFullHost(): { readonly host: KeyValueHost; readonly refusals: () => number } {
  const values = new Map<string, string>()
  const memory = createMemoryHost({ bytesPerValue: 100_000, bytesInAll }, values)
  let refusals = 0
  const bytes = (texts: Iterable<string>): number => Buffer.byteLength([...texts].join(''))
  const host: KeyValueHost = {
    ...memory,
    set(key, value) {
      const others = [...values].filter(([other]) => other !== key).flat()
      if (bytes([...others, key, value]) <= bytesInAll) return memory.set(key, value)
      refusals++
      return Promise.reject(new Error('exceed storage max size'))
    }
  }
  return { host, refusals: () => refusals }
}

const open = (host: KeyValueHost): Promise<Storage> =>
  openKeyValueStorage(host, 'db', { journalRecordsMax: 10 })

/** Puts members until storage refuses. Returns the stored userIDs. */
async function fill(storage: Storage, prefix = ''): Promise<string[]> {
  const random = createRandom('fill')
  for (let number = 0; number < 5000; number++) {
    const nameCard = Array.from({ length: 12 }, () => random.next().toString(36)).join('名')
    const isStored = await storage
      .transact([], () => [putMember(member(prefix + userIDOf(number), { nameCard }))])
      .then(
        () => true,
        (error: Error) => {
          expect(error.name).toBe('QuotaExceededError')
          return false
        }
      )
    if (number % 10 === 0) await new Promise(resolve => setTimeout(resolve, 10))
    if (!isStored) return Array.from({ length: number }, (_, index) => userIDOf(index))
  }
  throw new Error('storage refuses nothing')
}

test('full storage refuses commits and keeps all rows', async () => {
  const { host, refusals } = createFullHost()
  const storage = await open(host)
  const userIDs = await fill(storage)
  expect(userIDs.length).toBeGreaterThan(300)
  expect(await storedUserIDs(storage)).toEqual(userIDs)
  expect(refusals()).toBe(0)
  await storage.close()
  const reopened = await open(host)
  expect(await storedUserIDs(reopened)).toEqual(userIDs)
  // Recovery has removed pages that the last session left.
  expect((await fill(reopened, 'more')).length).toBeLessThan(100)
  expect(refusals()).toBe(0)
  await reopened.close()
})

test('rows that full storage removes make room for new commits', async () => {
  const { host, refusals } = createFullHost()
  const storage = await open(host)
  await fill(storage)
  // A checkpoint may make some room, but not for all.
  await storage.makeRoom?.()
  await storage.transact([members], () => [removeMembers])
  await storage.makeRoom?.()
  const userIDs = await fill(storage)
  expect(userIDs.length).toBeGreaterThan(300)
  expect(await storedUserIDs(storage)).toEqual(userIDs)
  expect(refusals()).toBe(0)
  await storage.close()
})

test('making room in full storage lets one commit use the reserve', async () => {
  const { host } = createFullHost()
  const storage = await open(host)
  await fill(storage)
  const accepted: number[] = []
  // The first rounds find replaced pages and commits to remove.
  for (let round = 0; round < 20; round++) {
    await storage.makeRoom?.()
    accepted.push((await fill(storage, `round ${round}`)).length)
  }
  expect(accepted.slice(-2)).toEqual([1, 1])
  await storage.close()
})
