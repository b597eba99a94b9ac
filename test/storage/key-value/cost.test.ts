/** A call of the host takes milliseconds on a phone, and so does a promise on iOS up to 15. */

import { expect, test } from 'vitest'
import { openKeyValueStorage } from '../../../src/storage/key-value/storage.ts'
import {
  member,
  members,
  putMember,
  putPending,
  storedUserIDs,
  userIDOf
} from '../../../src/testing/storage/case.ts'
import { createCountingHost } from './counting-host.ts'

test('a commit is one call of the host', async () => {
  const { host, calls } = createCountingHost()
  const storage = await openKeyValueStorage(host, 'db')
  const opened = calls.length
  await Promise.all(
    ['a', 'b', 'c'].map(userID => storage.transact([members], () => [putMember(member(userID))]))
  )
  expect(calls.slice(opened)).toEqual(['set db/commit 65'])
  await storage.close()
})

test('a commit waits for three promises', async () => {
  const { host } = createCountingHost()
  const storage = await openKeyValueStorage(host, 'db')
  let isStored = false
  const stored = storage
    .transact([], () => [putMember(member('a'))])
    .then(() => {
      isStored = true
    })
  // The last hop is the reaction of the caller.
  for (let hops = 0; hops < 4; hops++) await Promise.resolve()
  expect(isStored).toBe(true)
  await stored
  await storage.close()
})

test('a page is read again after its cache was dropped', async () => {
  const { host, calls } = createCountingHost()
  const storage = await openKeyValueStorage(host, 'db')
  await storage.transact([], () => [putMember(member('a'))])
  await storage.checkpoint()
  expect(calls.filter(call => call.startsWith('set'))).toEqual([
    'set db/commit 65',
    'set db/page 65',
    'set db/superblock 65'
  ])
  storage.dropCache()
  const before = calls.length
  expect(await storedUserIDs(storage)).toEqual(['a'])
  expect(calls.slice(before)).toEqual(['get db/page 65'])
  await storage.close()
})

test('a second read of a page calls no host', async () => {
  const { host, calls } = createCountingHost()
  const storage = await openKeyValueStorage(host, 'db', { journalRecordsMax: 0 })
  await storage.transact([], () => [putMember(member('a'))])
  await expect.poll(() => calls.at(-1)).toBe('remove db/commit 65')
  await storage.close()
  const reopened = await openKeyValueStorage(host, 'db')
  const opened = calls.length
  for (let reads = 0; reads < 3; reads++) expect(await storedUserIDs(reopened)).toEqual(['a'])
  expect(calls.slice(opened)).toEqual(['get db/page 65'])
  await reopened.close()
})

test('a checkpoint writes at most two pages between two calls', async () => {
  const { host, calls } = createCountingHost()
  const storage = await openKeyValueStorage(host, 'db', { journalRecordsMax: 0 })
  const userIDs = Array.from({ length: 3000 }, (_, number) => userIDOf(number))
  await storage.transact([], () => [{ ...members, block: userIDs.map(userID => member(userID)) }])
  await expect.poll(() => calls.at(-1)).toBe('remove db/commit 65')
  const before = calls.length
  await storage.transact([], () =>
    userIDs
      .filter((_, number) => number % 100 === 0)
      .map(userID => putMember(member(userID, { nameCard: 'new' })))
  )
  for (let number = 0; number < 12; number++) await storage.transact([], () => [putPending('1')])
  const commits = calls.slice(before).join().split('set db/commit')
  const pagesBetween = commits.map(text => text.split('set db/page').length - 1)
  expect(pagesBetween.slice(0, 7)).toEqual([0, 2, 2, 2, 2, 2, 2])
  await storage.close()
})
