/** Storage whose quota is exhausted. It refuses every put, and accepts deletions. */

import { expect, test } from 'vitest'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage, Write } from '../../src/storage/port.ts'
import { createTestClient, createTestServer } from '../harness.ts'

/** As in browsers: a transaction that puts more than there is room for is refused as a whole. */
function createLimitedStorage() {
  const disk = createMemoryStorage()
  const sizes = new Map<string, number>()
  let quota = Infinity
  let reserve = 20_000
  const used = () => [...sizes.values()].reduce((sum, size) => sum + size, reserve)

  function account(write: Write): void {
    const scope = `${write.table}/${write.scope}/`
    if ('block' in write) sizes.set(`${scope}block`, JSON.stringify(write.block).length)
    else if ('empty' in write) {
      for (const key of [...sizes.keys()]) if (key.startsWith(scope)) sizes.delete(key)
    } else if (write.row) sizes.set(scope + write.id, JSON.stringify(write.row).length)
    else sizes.delete(scope + write.id)
  }
  const storage: Storage = {
    ...disk,
    transact: (queries, body) =>
      disk.transact(queries, answers => {
        const writes = body(answers)
        const puts = JSON.stringify(writes.filter(write => 'block' in write || 'row' in write))
        if (writes.length > 0 && used() + puts.length > quota)
          throw new DOMException('There is no room.', 'QuotaExceededError')
        writes.forEach(account)
        return writes
      }),
    makeRoom: () => Promise.resolve(void (reserve = 0))
  }
  return { storage, fillUp: () => (quota = used()) }
}

test('full storage takes verdicts, in place of rows that nobody looks at', async () => {
  const server = createTestServer()
  const disk = createLimitedStorage()
  const ann = createTestClient(server, 'ann', { storage: disk.storage })
  const memberList = Array.from({ length: 50 }, (_, index) => ({ userID: `user ${index}` }))
  for (let index = 0; index < 5; index++)
    await ann.settle('createGroup', {
      groupID: `group ${index}`,
      name: 'Crew',
      type: 'Public',
      memberList
    })
  await ann.caughtUp()
  const storage = ann.watch({ kind: 'storage' })
  await ann.engine.pause()
  const { opID } = await ann.apply('updateGroupProfile', { groupID: 'group 0', name: 'Boat' })
  disk.fillUp()
  expect(
    await ann.engine.apply('updateGroupProfile', { groupID: 'group 1', name: 'Raft' })
  ).toMatchObject({ code: 4516 })
  await ann.engine.resume()
  await ann.caughtUp()
  expect(await ann.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
  expect((await ann.group('group 0'))?.name).toBe('Boat')
  expect(storage.rows()).toMatchObject([{ evictedGroups: 5 }])

  // Room is free again, and the members of a group return once they are shown.
  await ann.settle('updateGroupProfile', { groupID: 'group 1', name: 'Raft' })
  await server.clock.until(async () => (await ann.members('group 1')).length === 51)
})

test('members that a full store has removed do not count as absent', async () => {
  const server = createTestServer()
  const disk = createLimitedStorage()
  const ann = createTestClient(server, 'ann', { storage: disk.storage })
  const memberList = Array.from({ length: 50 }, (_, index) => ({ userID: `user ${index}` }))
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  await ann.caughtUp()
  const change = { groupID: 'crew', userID: 'user 7', role: 'Admin' } as const
  expect(await ann.engine.preview('setGroupMemberRole', change)).toMatchObject({ kind: 'yes' })
  disk.fillUp()
  // Its commit is refused first, and removes members then.
  await server.judge('ann', {
    name: 'updateGroupProfile',
    args: { groupID: 'crew', name: 'Boat' },
    groupID: 'crew'
  })
  await server.clock.until(async () => (await ann.group('crew'))?.name === 'Boat')
  expect(await ann.engine.preview('setGroupMemberRole', change)).toMatchObject({ kind: 'unknown' })
})
