/**
 * Applications to join a group: each is settled once, and a decision counts only for the one that
 * it was made on.
 */

import { beforeEach, expect, test } from 'vitest'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

const crew = { groupID: 'crew' }
const agree = { ...crew, userID: 'eve', handleAction: 'Agree' } as const

let server: TestServer
let ann: TestClient
let bob: TestClient
/** Ann owns the group, Bob is an admin. */
beforeEach(async () => {
  server = createTestServer()
  const memberList = [{ userID: 'bob', role: 'Admin' }]
  await act('ann', 'createGroup', {
    name: 'Crew',
    type: 'Public',
    joinOption: 'NeedPermission',
    memberList
  })
  ann = createTestClient(server, 'ann')
  bob = createTestClient(server, 'bob')
  await Promise.all([ann.caughtUp(), bob.caughtUp()])
})

const act = async (userID: string, name: string, args: object = {}) => {
  const verdict = await server.judge(userID, { name, args: { ...crew, ...args }, groupID: 'crew' })
  await server.clock.advance(100)
  return verdict.kind === 'rejected' ? verdict.error.code : verdict.kind
}
const states = async (client: TestClient) =>
  (await client.notices()).flatMap(({ operationType, application }) =>
    operationType === 1 ? application : []
  )
const shown = async (client: TestClient) =>
  (await client.notices()).findLast(({ operationType }) => operationType === 1)
const memberNum = async () =>
  (await server.database.snapshot(reader => reader.group('crew'))).row?.memberNum

test('an application is settled when an app admin adds its author', async () => {
  await act('eve', 'joinGroup')
  await act('app', 'addGroupMember', { userIDList: ['eve'] })
  expect([await states(ann), await states(bob)]).toEqual([['agreed'], ['agreed']])
  await act('eve', 'quitGroup')
  expect(await act('ann', 'handleGroupApplication', agree)).toBe(10024)
  expect(await ann.engine.apply('handleGroupApplication', agree)).toMatchObject({ code: 10024 })
  expect(await memberNum()).toBe(2)
})

test.each([
  ['earlier', ['eve']],
  ['absent', []]
])('a decision without a notice does not count for later applications: %s', async (_, early) => {
  for (const userID of early) await act(userID, 'joinGroup', { applyMessage: 'please' })
  // The notices of these push out an earlier one.
  for (let index = 0; index < 100; index++) await act(`user-${index}`, 'joinGroup')
  await ann.engine.pause()
  await server.clock.advance(100)
  const applied = await ann.apply('handleGroupApplication', agree)
  for (const userID of early)
    await act('bob', 'handleGroupApplication', { userID, handleAction: 'Reject' })
  await act('eve', 'joinGroup', { applyMessage: 'other words' })
  await ann.engine.resume()
  await server.clock.advance(5000)
  expect(await memberNum()).toBe(2)
  expect(await ann.engine.settled(applied.opID)).toMatchObject({
    verdict: { error: { code: 10024 } }
  })
})

test('an application is settled when its author joins freely', async () => {
  await act('eve', 'joinGroup')
  await act('ann', 'updateGroupProfile', { joinOption: 'FreeAccess' })
  await act('eve', 'joinGroup')
  expect(await states(ann)).toEqual(['agreed'])
  await act('eve', 'quitGroup')
  expect(await act('ann', 'handleGroupApplication', agree)).toBe(10024)
})

test('a device predicts that adding the author settles the application', async () => {
  const app = createTestClient(server, 'app')
  await act('app', 'addGroupMember', { userIDList: ['app'] })
  await act('ann', 'setGroupMemberRole', { userID: 'app', role: 'Admin' })
  await act('eve', 'joinGroup')
  await app.caughtUp()
  app.network.cut()
  app.watch({ kind: 'members', groupID: 'crew', limit: 9 })
  await server.clock.advance(1000)
  expect(await states(app)).toEqual(['pending'])
  await app.apply('addGroupMember', { ...crew, userIDList: ['eve'] })
  expect(await states(app)).toEqual(['agreed'])
  app.network.restore()
  await app.caughtUp()
  expect(await states(ann)).toEqual(['agreed'])
})

test('a decision on an earlier application of the same user is refused', async () => {
  await act('eve', 'joinGroup')
  const { applicationSeq } = (await shown(ann))!
  await act('ann', 'handleGroupApplication', { ...agree, handleAction: 'Reject' })
  await act('eve', 'joinGroup')
  expect(await act('bob', 'handleGroupApplication', { ...agree, applicationSeq })).toBe(10024)
  expect(await states(bob)).toEqual(['refused', 'pending'])
})

test('a decision made offline counts only for the application that was shown', async () => {
  await act('eve', 'joinGroup', { applyMessage: 'the first' })
  expect(await states(bob)).toEqual(['pending'])
  bob.network.cut()
  const { opID } = await bob.apply('handleGroupApplication', agree)
  await act('ann', 'handleGroupApplication', { ...agree, handleAction: 'Reject' })
  await act('eve', 'joinGroup', { applyMessage: 'the second' })
  bob.network.restore()
  await bob.caughtUp()
  expect(await bob.engine.settled(opID)).toMatchObject({
    verdict: { kind: 'rejected', error: { code: 10024 } }
  })
  expect([await states(ann), await states(bob), await memberNum()]).toEqual([
    ['refused', 'pending'],
    ['refused', 'pending'],
    2
  ])
})

test('an application that is made again replaces the one before', async () => {
  await act('eve', 'joinGroup', { applyMessage: 'the first' })
  const { applicationSeq } = (await shown(ann))!
  await act('eve', 'joinGroup', { applyMessage: 'the second' })
  expect(await states(ann)).toEqual(['replaced', 'pending'])
  expect(
    await ann.engine.apply('handleGroupApplication', { ...agree, applicationSeq })
  ).toMatchObject({ code: 10024 })
  expect(await ann.settle('handleGroupApplication', agree)).toMatchObject({ kind: 'applied' })
  await server.clock.advance(100)
  expect(await states(bob)).toEqual(['replaced', 'agreed'])
})

test('a feed from the beginning leaves no settled application open', async () => {
  for (let index = 0; index < 90; index++) await act(`user-${index}`, 'joinGroup')
  await ann.engine.pause()
  await server.clock.advance(100)
  const refuse = (userID: string) =>
    act('bob', 'handleGroupApplication', { userID, handleAction: 'Reject' })
  for (let index = 0; index < 90; index++) await refuse(`user-${index}`)
  for (let index = 0; index < 70; index++) {
    await act(`later-${index}`, 'joinGroup')
    await refuse(`later-${index}`)
  }
  await act('eve', 'joinGroup')
  await ann.engine.resume()
  await server.clock.advance(5000)
  expect((await states(ann)).filter(state => state === 'pending')).toHaveLength(1)
})
