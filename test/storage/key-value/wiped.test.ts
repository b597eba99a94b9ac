/** A platform that removes all values while the program runs. */

import { expect, test } from 'vitest'
import { openKeyValueStorage } from '../../../src/storage/key-value/storage.ts'
import {
  member,
  members,
  outbox,
  putMember,
  putPending,
  storedUserIDs
} from '../../../src/testing/storage/case.ts'
import { createFailingHost } from './failing-host.ts'

async function openFilled() {
  const host = createFailingHost()
  const storage = await openKeyValueStorage(host, 'db')
  const losses: Error[] = []
  storage.onLost?.(error => losses.push(error))
  await storage.transact([], () => [putMember(member('a'))])
  await storage.checkpoint()
  return { host, storage, losses }
}

test('a checkpoint notices that storage was emptied', async () => {
  const { host, storage, losses } = await openFilled()
  host.values.clear()
  await storage.checkpoint()
  expect(losses).toHaveLength(1)
  expect((await storage.read([members])).answers).toEqual([[]])
  await storage.close()
})

test('a read of a missing page rejects if storage was emptied', async () => {
  const { host, storage, losses } = await openFilled()
  host.values.clear()
  storage.dropCache()
  await expect(storage.read([members])).rejects.toThrow('removed')
  expect(losses).toHaveLength(1)
  expect((await storage.read([members])).answers).toEqual([[]])
  await storage.close()
})

test('emptied storage begins anew, and later commits survive a restart', async () => {
  const { host, storage, losses } = await openFilled()
  host.values.clear()
  // The platform does not say so, and this commit has no ground to stand on.
  await storage.transact([], () => [putMember(member('b')), putPending('lost')])
  host.values.delete([...host.values.keys()].at(-1)!)
  await storage.checkpoint()
  expect(losses).toHaveLength(1)
  await storage.transact([], () => [putMember(member('c')), putPending('written again')])
  await storage.close()
  const reopened = await openKeyValueStorage(createFailingHost(host.values), 'db')
  expect(await storedUserIDs(reopened)).toEqual(['c'])
  expect((await reopened.read([outbox])).answers[0].map(({ opID }) => opID)).toEqual([
    'written again'
  ])
  await reopened.checkpoint()
  expect([...host.values.keys()]).toHaveLength(3)
  await reopened.close()
})

test('a host that cannot be read does not count as emptied', async () => {
  const { host, storage, losses } = await openFilled()
  host.failures = { get: () => 'nothing is stored' }
  await storage.transact([], () => [putMember(member('b'))])
  await storage.checkpoint()
  host.failures = {}
  expect([losses, await storedUserIDs(storage)]).toEqual([[], ['a', 'b']])
  await storage.close()
})

test('one missing commit does not count as emptied', async () => {
  const { host, storage, losses } = await openFilled()
  for (const userID of ['b', 'c']) await storage.transact([], () => [putMember(member(userID))])
  const commits = [...host.values.keys()].filter(key => key.includes('commit'))
  host.values.delete(commits[0]!)
  await storage.checkpoint()
  expect([losses, await storedUserIDs(storage)]).toEqual([[], ['a', 'b', 'c']])
  await storage.close()
})
