/** Marks of members of an AVChatRoom, and the member list that they select. */

import { beforeEach, expect, test } from 'vitest'
import TIM, { type IMError, type Tim } from '../../src/tim/tim.ts'
import { logIn, openServer } from './page.ts'

const groupID = 'live'
const marking = { groupID, userIDList: ['bob', 'carl'], markType: 1000, enableMark: true }
let ann: Tim
let bob: Tim
let as: (userID: string) => Promise<Tim>

beforeEach(async () => {
  const { url } = await openServer({ appAdmins: ['root'] })
  as = userID => logIn(url, userID)
  ;[ann, bob] = [await as('ann'), await as('bob')]
  await ann.createGroup({ groupID, name: 'Live', type: 'AVChatRoom' })
  for (const tim of [ann, bob]) await tim.joinGroup({ groupID, type: 'AVChatRoom' })
})

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 0,
    (error: IMError) => error.code
  )
async function marked(tim: Tim, options: object = { filter: 1000 }) {
  const { memberList, offset } = (await tim.getGroupMemberList({ groupID, ...options })).data
  return [memberList.map(({ userID }) => userID), offset]
}

test('the owner marks members, and everybody in the room selects them', async () => {
  expect((await ann.markGroupMemberList(marking)).data).toEqual({
    successUserIDList: ['bob'],
    failureUserIDList: ['carl']
  })
  expect([await marked(ann), await marked(bob)]).toEqual([
    [['bob'], 0],
    [['bob'], 0]
  ])
  expect(await marked(bob, { filter: 1001 })).toEqual([[], 0])
  expect(await marked(bob, { filter: 1000, role: 'Owner' })).toEqual([[], 0])
  await ann.markGroupMemberList({ ...marking, userIDList: ['ann'] })
  expect(await marked(ann, { filter: 1000, count: 1 })).toEqual([['ann'], 1])
  expect(await marked(ann, { filter: 1000, count: 5, offset: 1 })).toEqual([['bob'], 0])
  await ann.markGroupMemberList({ ...marking, userIDList: ['bob'], enableMark: false })
  expect(await marked(ann)).toEqual([['ann'], 0])
})

test('an app admin outside the room marks and selects members', async () => {
  const root = await as('root')
  const { data } = await root.markGroupMemberList({ ...marking, userIDList: ['bob'] })
  expect(data).toEqual({ successUserIDList: ['bob'], failureUserIDList: [] })
  expect(await marked(root)).toEqual([['bob'], 0])
})

test('other users and other groups are refused, without events', async () => {
  await ann.createGroup({ groupID: 'crew', name: 'Crew', type: 'Public' })
  const dora = await as('dora')
  const codes: number[] = []
  for (const tim of [ann, bob, dora]) tim.on(TIM.EVENT.ERROR, ({ data }) => codes.push(data.code))
  expect([
    await codeOf(bob.markGroupMemberList(marking)),
    await codeOf(dora.markGroupMemberList(marking)),
    await codeOf(ann.markGroupMemberList({ ...marking, groupID: 'crew' })),
    await codeOf(ann.markGroupMemberList({ ...marking, groupID: 'nowhere' })),
    await codeOf(dora.getGroupMemberList({ groupID, filter: 1000 })),
    await codeOf(ann.getGroupMemberList({ groupID: 'crew', filter: 1000 })),
    await codeOf(dora.getGroupMemberList({ groupID: 'nowhere', filter: 1000 }))
  ]).toEqual([10007, 10007, 10007, 10010, 10007, 10004, 10010])
  expect(codes).toEqual([])
})

test('users after the first 500 are failures, as in the SDK', async () => {
  const users = ['bob', ...Array.from({ length: 501 }, (_, index) => `user${index}`)]
  const { data } = await ann.markGroupMemberList({ ...marking, userIDList: users })
  expect(data).toEqual({ successUserIDList: ['bob'], failureUserIDList: users.slice(1) })
})
