/** Memberships that ended before the history of the server. */

import { expect, test } from 'vitest'
import { createTestClient, createTestServer } from '../harness.ts'

/** A device of bob is away while bob is removed from crew and the server forgets the membership. */
async function away() {
  const server = createTestServer()
  const groupID = 'crew'
  const judge = (name: string, args: object) =>
    server.judge('app', { name, args: { groupID, ...args }, groupID })
  await judge('createGroup', {
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'bob' }, { userID: 'carl' }]
  })
  const bob = createTestClient(server, 'bob')
  await bob.caughtUp()
  await bob.engine.close()
  await judge('deleteGroupMember', { userIDList: ['bob', 'carl'] })
  await server.database.compact({
    history: Math.floor(server.clock.now() / 1000) + 1,
    verdicts: 0,
    refusals: 0
  })
  const memberships = await server.database.snapshot(reader =>
    reader.memberships(groupID, ['bob', 'carl'])
  )
  return {
    server,
    judge,
    memberships,
    reopen: () => createTestClient(server, 'bob', { storage: bob.storage })
  }
}

test('a membership that ended before history leaves no row', async () => {
  expect((await away()).memberships).toEqual([])
})

test('a device that was away longer than history loses the group', async () => {
  const { reopen } = await away()
  const bob = reopen()
  await bob.caughtUp()
  expect(await bob.group('crew')).toBeUndefined()
})

test('a device away longer than history holds only a later membership', async () => {
  const { judge, reopen } = await away()
  await judge('addGroupMember', { userIDList: ['bob'] })
  const bob = reopen()
  await bob.caughtUp()
  expect((await bob.members('crew')).map(({ userID }) => userID).sort()).toEqual(['app', 'bob'])
  const welcome = bob.network.transcript.find(({ message }) => message['type'] === 'welcome')
  expect(welcome?.message['known']).toBe(false)
})
