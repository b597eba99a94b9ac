/** Members that only the server can tell: of groups that the user is not in. */

import { beforeEach, expect, test } from 'vitest'
import type { MemberPage, MemberRequest } from '../../src/engine/api.ts'
import type { GroupError } from '../../src/kernel/errors.ts'
import { must } from '../../src/kernel/must.ts'
import type { Connect } from '../../src/protocol/port.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'
import { createTabs } from './tabs.ts'

let server: TestServer
let ann: TestClient
let root: TestClient
beforeEach(async () => {
  server = createTestServer({ appAdmins: ['root'] })
  ann = createTestClient(server, 'ann')
  root = createTestClient(server, 'root')
  await root.caughtUp()
})

async function createCrew(type: 'Public' | 'Private' = 'Public'): Promise<void> {
  await ann.settle('createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type,
    memberList: [{ userID: 'alf' }, { userID: 'zoe', role: 'Admin' }, { userID: 'bob' }]
  })
}

/** User IDs and the next offset, or the code of the refusal. */
const brief = (answer: MemberPage | GroupError): unknown =>
  'code' in answer ? answer.code : [answer.members.map(({ userID }) => userID).join(), answer.next]

async function page(client: TestClient, request?: unknown, groupID = 'crew') {
  let answer: MemberPage | GroupError | undefined
  void client.engine
    .readMembers(groupID, request as MemberRequest)
    .then(received => (answer = received))
  await server.clock.until(() => answer !== undefined)
  return must(answer)
}
const asked = async (...call: Parameters<typeof page>) => brief(await page(...call))

test.each(['Public', 'Private'] as const)(
  'an app admin outside a %s group reads its members',
  async type => {
    await createCrew(type)
    expect(await asked(root)).toEqual(['ann,zoe,alf,bob', null])
  }
)

test('a member reads the members of the own group', async () => {
  await createCrew()
  const bob = createTestClient(server, 'bob')
  await bob.caughtUp()
  expect(await asked(bob)).toEqual(['ann,zoe,alf,bob', null])
})

test('a user outside a group reads none of its members', async () => {
  await createCrew()
  const mallory = createTestClient(server, 'mallory')
  await mallory.caughtUp()
  expect(await asked(mallory)).toBe(10007)
  expect(await asked(mallory, {}, 'nowhere')).toBe(10010)
  await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] })
  const bob = createTestClient(server, 'bob')
  await bob.caughtUp()
  expect(await asked(bob)).toBe(10007)
})

test('pages of members begin with the owner and have each member once', async () => {
  await createCrew()
  expect([
    await asked(root, { limit: 2 }),
    await asked(root, { offset: 2, limit: 2 }),
    await asked(root, { offset: 4, limit: 2 })
  ]).toEqual([
    ['ann,zoe', 2],
    ['alf,bob', 4],
    ['', null]
  ])
})

test('a page has only members with the role, or only these users', async () => {
  await createCrew()
  expect([
    await asked(root, { role: 'Admin' }),
    await asked(root, { role: 'Member', offset: 1 }),
    await asked(root, { userIDList: ['bob', 'nobody', 'ann'] }),
    await asked(root, { userIDList: ['bob', 'ann'], role: 'Member' })
  ]).toEqual([
    ['zoe', null],
    ['bob', null],
    ['ann,bob', null],
    ['bob', null]
  ])
})

test('a page too long for a frame ends early and names the next offset', async () => {
  const memberCustomField = Array.from({ length: 5 }, (_, key) => ({
    key: `key${key}`,
    value: 'x'.repeat(64)
  }))
  const memberList = Array.from({ length: 400 }, (_, index) => ({
    userID: `user${String(index).padStart(3, '0')}`,
    memberCustomField: memberCustomField.map(({ key, value }) => ({
      key,
      value: `${index}${value}`.slice(0, 64)
    }))
  }))
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  const users: string[] = []
  let pages = 0
  for (let offset: number | null = 0; offset !== null; pages++) {
    const answer: MemberPage | GroupError = await page(root, { offset, limit: 500 })
    if ('code' in answer) throw new Error(answer.message)
    users.push(...answer.members.map(({ userID }) => userID))
    offset = answer.next
  }
  expect(users).toEqual(['ann', ...memberList.map(({ userID }) => userID)])
  expect(pages).toBeGreaterThan(1)
})

test('members and app admins read the first 300 members of an AVChatRoom', async () => {
  await ann.settle('createGroup', { groupID: 'crew', name: 'Live', type: 'AVChatRoom' })
  const args = { groupID: 'crew' }
  for (let guest = 100; guest < 401; guest++)
    await server.judge(`u${guest}`, { name: 'joinGroup', args, groupID: 'crew' })
  await ann.settle('joinGroup', args)
  const bob = createTestClient(server, 'bob')
  await bob.settle('joinGroup', args)
  const lastUsers = { offset: 298, limit: 10 }
  expect([
    await asked(ann, { limit: 2 }),
    await asked(bob, lastUsers),
    await asked(root, lastUsers),
    await asked(root, { offset: 300 }),
    await asked(bob, { userIDList: ['ann', 'u400'] })
  ]).toEqual([
    ['ann,bob', 2],
    ['u396,u397', null],
    ['u396,u397', null],
    ['', null],
    ['ann,u400', null]
  ])
})

test('a user outside an AVChatRoom reads none of its members', async () => {
  await ann.settle('createGroup', { groupID: 'crew', name: 'Live', type: 'AVChatRoom' })
  const bob = createTestClient(server, 'bob')
  await bob.caughtUp()
  expect(await asked(bob)).toBe(10007)
})

test.each([
  ['a limit of 0', { limit: 0 }, 10004],
  ['a limit of 501', { limit: 501 }, 10004],
  ['a negative offset', { offset: -1 }, 10004],
  ['an offset that is a text', { offset: '1' }, 10004],
  ['a role that does not exist', { role: 'Captain' }, 10004],
  ['no users', { userIDList: [] }, 10004],
  ['501 users', { userIDList: Array.from({ length: 501 }, (_, index) => `u${index}`) }, 10005],
  ['a request that is a list', [], 10004],
  ['a request that is a number', 7, 10004],
  ['a request that is null', null, 10004]
])('a read of members with %s is refused', async (_title, request, code) => {
  await createCrew()
  expect(await asked(root, request)).toBe(code)
})

test('a member whose mute has ended is not muted', async () => {
  await createCrew()
  await ann.settle('setGroupMemberMuteTime', { groupID: 'crew', userID: 'bob', muteTime: 60 })
  const muteUntil = async () => {
    const answer = await page(root, { userIDList: ['bob'] })
    return 'members' in answer ? answer.members[0]?.muteUntil : answer
  }
  expect(await muteUntil()).toBeGreaterThan(0)
  await server.clock.advance(60_000)
  expect(await muteUntil()).toBe(0)
})

test('members are not read without a network', async () => {
  await createCrew()
  root.network.cut()
  await server.clock.advance(1000)
  expect(await asked(root)).toBe(2805)
})

test('a follower reads members through the leader', async () => {
  await createCrew()
  const open = createTabs(server, 'root')
  const leader = open()
  await leader.caughtUp()
  const follower = open()
  await follower.caughtUp()
  expect(await asked(follower as TestClient, { limit: 2 })).toEqual(['ann,zoe', 2])
})

test('an older server refuses a read of members and keeps the connection', async () => {
  await createCrew()
  const network = server.network()
  let connections = 0
  // An older server knows no message of this type, and returns the type.
  const connect: Connect = events => {
    connections++
    const link = network.connect(events)
    return {
      ...link,
      send: frame =>
        link.send(frame.replace('"type":"readMembers"', '"type":"unknown","what":"readMembers"'))
    }
  }
  const client = createTestClient({ ...server, network: () => ({ ...network, connect }) }, 'root')
  await client.caughtUp()
  expect(await asked(client)).toBe(10003)
  await server.clock.advance(60_000)
  expect(connections).toBe(1)
})
