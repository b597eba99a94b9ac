/** Marks of members of an AVChatRoom. */

import { expect, test } from 'vitest'
import { markedUsers } from '../../../src/kernel/marks.ts'
import { marksKey, memberKey } from '../../../src/kernel/model.ts'
import { codeOf, judge, perform, populated, type World } from '../world.ts'

const room = () => populated({ type: 'AVChatRoom' })
const marking = { groupID: 'g', userIDList: ['member'], markType: 1000, enableMark: true }
const marked = (world: World, markType = 1000) => markedUsers(world.get(marksKey('g')), markType)

test('a mark adds users, and removes only those named', () => {
  const world = room()
  perform(world, 'markGroupMemberList', { ...marking, userIDList: ['member', 'owner', 'member'] })
  perform(world, 'markGroupMemberList', { ...marking, userIDList: ['member2'] })
  expect(marked(world)).toEqual(['member', 'owner', 'member2'])
  perform(world, 'markGroupMemberList', { ...marking, enableMark: false })
  expect(marked(world)).toEqual(['owner', 'member2'])
})

test('marks of different types are independent', () => {
  const world = room()
  perform(world, 'markGroupMemberList', marking)
  perform(world, 'markGroupMemberList', { ...marking, markType: 1001 })
  perform(world, 'markGroupMemberList', { ...marking, enableMark: false })
  expect([marked(world), marked(world, 1001)]).toEqual([[], ['member']])
})

test('users outside the group are a part that is not done', () => {
  const world = room()
  const { result, outcome } = perform(world, 'markGroupMemberList', {
    ...marking,
    userIDList: ['guest', 'member']
  })
  expect([outcome, result]).toEqual([
    'partial',
    { groupID: 'g', successUserIDList: ['member'], failureUserIDList: ['guest'] }
  ])
  expect(marked(world)).toEqual(['member'])
})

test('a mark that is there already changes nothing', () => {
  const world = room()
  perform(world, 'markGroupMemberList', marking)
  expect(perform(world, 'markGroupMemberList', marking)).toMatchObject({
    outcome: 'applied',
    changes: []
  })
})

test('a room has at most 10 marks, and a removed one makes room', () => {
  const world = room()
  for (let markType = 1000; markType < 1010; markType++)
    perform(world, 'markGroupMemberList', { ...marking, markType })
  const eleventh = { ...marking, markType: 1010 }
  expect(codeOf(judge(world, 'markGroupMemberList', eleventh))).toBe(10004)
  perform(world, 'markGroupMemberList', { ...marking, enableMark: false })
  expect(codeOf(judge(world, 'markGroupMemberList', eleventh))).toBe('accepted')
})

test('a mark has at most 1,000 members', () => {
  const users = Array.from({ length: 1000 }, (_, index) => `user${index}`)
  const world = room()
  world.apply([
    { ...marksKey('g'), row: { groupID: 'g', marks: [{ markType: 1000, userIDList: users }] } }
  ])
  expect(codeOf(judge(world, 'markGroupMemberList', marking))).toBe(10004)
  world.apply([
    {
      ...marksKey('g'),
      row: { groupID: 'g', marks: [{ markType: 1000, userIDList: users.slice(1) }] }
    }
  ])
  perform(world, 'markGroupMemberList', marking)
  expect(marked(world).length).toBe(1000)
})

test.each([
  ['a mark below 1000', { markType: 999 }, 10004],
  ['a mark above 32 bits', { markType: 2 ** 32 }, 10004],
  ['the highest mark', { markType: 2 ** 32 - 1 }, 'accepted'],
  ['a fraction as mark', { markType: 1000.5 }, 10004],
  ['a text as mark', { markType: '1000' }, 10004],
  ['a text as enableMark', { enableMark: 'true' }, 10004],
  ['no enableMark', { enableMark: undefined }, 10004],
  ['no users', { userIDList: [] }, 10004],
  ['more than 500 users', { userIDList: Array.from({ length: 501 }, (_, i) => `u${i}`) }, 10005]
])('%s: %o', (_title, args, code) => {
  expect(codeOf(judge(room(), 'markGroupMemberList', { ...marking, ...args }))).toBe(code)
})

test.each([
  ['quitGroup', { groupID: 'g' }, 'member'],
  ['deleteGroupMember', { groupID: 'g', userIDList: ['member'], duration: 60 }, 'owner']
] as const)('%s takes the marks of a user', (operation, args, actor) => {
  const world = room()
  perform(world, 'markGroupMemberList', { ...marking, userIDList: ['member', 'member2'] })
  perform(world, 'markGroupMemberList', { ...marking, markType: 1001 })
  perform(world, operation, args, actor)
  expect(world.get(marksKey('g'))).toEqual({
    groupID: 'g',
    marks: [{ markType: 1000, userIDList: ['member2'] }]
  })
})

test('a device without the rows does not decide, and refuses without the right', () => {
  const world = room()
    .hide(marksKey('g'))
    .hide(memberKey({ groupID: 'g', userID: 'member2' }))
  const asked = { ...marking, userIDList: ['member2'] }
  expect(judge(world, 'markGroupMemberList', asked)).toEqual({
    kind: 'unknown',
    missing: [marksKey('g'), memberKey({ groupID: 'g', userID: 'member2' })]
  })
  expect(codeOf(judge(world, 'markGroupMemberList', asked, 'member'))).toBe(10007)
})
