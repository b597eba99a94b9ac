/** The limits of counts and mutes, at the limit and one above it. The numbers are Tencent's. */

import { expect, test } from 'vitest'
import { answer, applications, create, ownField, update, type Place } from './place.ts'
import { codeOf, createWorld, group, judge, perform, populated } from './world.ts'

const many = (count: number, prefix = 'u') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
const fieldsOf = (count: number, prefix = 'k') =>
  many(count, prefix).map(key => ({ key, value: 'v' }))

test.each([
  ['added', 'addGroupMember', () => populated({ type: 'Private', maxMemberNum: 10_000 })],
  ['removed', 'deleteGroupMember', populated]
] as const)('at most 500 users are %s in one call', (_title, operation, world) => {
  const call = (count: number) =>
    codeOf(judge(world(), operation, { groupID: 'g', userIDList: many(count) }))
  expect([call(0), call(1), call(500), call(501)]).toEqual([10004, 'accepted', 'accepted', 10005])
})

test('a new group has at most 500 initial members', () => {
  const call = (count: number) =>
    answer(
      create('memberList'),
      many(count).map(userID => ({ userID }))
    )
  expect([call(0), call(500), call(501)]).toEqual(['accepted', 'accepted', 10005])
})

test('a group has at most 20 custom fields over all calls', () => {
  const call = (place: Place, count: number) => answer(place, fieldsOf(count))
  expect([call(create('groupCustomField'), 20), call(create('groupCustomField'), 21)]).toEqual([
    'accepted',
    10004
  ])
  expect([call(update('groupCustomField'), 20), call(update('groupCustomField'), 21)]).toEqual([
    'accepted',
    10004
  ])
  const full: Place = {
    ...update('groupCustomField'),
    world: () => populated({ groupCustomField: fieldsOf(20) })
  }
  expect([answer(full, fieldsOf(20)), answer(full, fieldsOf(1, 'other'))]).toEqual([
    'accepted',
    10004
  ])
  const partial: Place = {
    ...update('groupCustomField'),
    world: () => populated({ groupCustomField: fieldsOf(15) })
  }
  expect([answer(partial, fieldsOf(5, 'other')), answer(partial, fieldsOf(6, 'other'))]).toEqual([
    'accepted',
    10004
  ])
})

test('a member has at most 5 custom fields over all calls', () => {
  expect([answer(ownField, fieldsOf(5)), answer(ownField, fieldsOf(6))]).toEqual([
    'accepted',
    10004
  ])
  const initial = (count: number) =>
    answer(create('memberList'), [{ userID: 'b', memberCustomField: fieldsOf(count) }])
  expect([initial(5), initial(6)]).toEqual(['accepted', 10004])
  const full = populated()
  perform(full, 'setGroupMemberCustomField', { groupID: 'g', memberCustomField: fieldsOf(5) })
  const then: Place = { ...ownField, world: () => full }
  expect([answer(then, fieldsOf(5)), answer(then, fieldsOf(1, 'other'))]).toEqual([
    'accepted',
    10004
  ])
})

test.each([
  ['Private', 200],
  ['Public', 2000],
  ['ChatRoom', 6000]
] as const)('a %s group is for %i members, or up to 6,000', (type, membersDefault) => {
  const created = (maxMemberNum: number) =>
    codeOf(
      judge(createWorld(), 'createGroup', { groupID: 'new', name: 'Crew', type, maxMemberNum })
    )
  expect([created(1), created(6000), created(6001)]).toEqual(['accepted', 'accepted', 10004])
  const updated = (maxMemberNum: number) =>
    codeOf(judge(populated({ type }), 'updateGroupProfile', { groupID: 'g', maxMemberNum }))
  // The group has four members.
  expect([updated(4), updated(6000), updated(6001)]).toEqual(['accepted', 'accepted', 10004])
  expect([updated(3), updated(0), updated(-1), updated(4.5)]).toEqual([10004, 10004, 10004, 10004])
  const world = createWorld()
  perform(world, 'createGroup', { groupID: 'new', name: 'Crew', type })
  expect(world.rows()).toContainEqual(
    expect.objectContaining({ groupID: 'new', name: 'Crew', maxMemberNum: membersDefault })
  )
})

test('the owner gives an AVChatRoom a limit of up to 6,000 members', () => {
  const world = createWorld()
  perform(world, 'createGroup', { groupID: 'g', name: 'Live', type: 'AVChatRoom' })
  const update = (args: object) =>
    codeOf(judge(world, 'updateGroupProfile', { groupID: 'g', ...args }))
  expect([update({ name: 'New' }), update({ maxMemberNum: 6001 })]).toEqual(['accepted', 10004])
  perform(world, 'updateGroupProfile', { groupID: 'g', maxMemberNum: 1 })
  const join = (userID: string) => codeOf(judge(world, 'joinGroup', { groupID: 'g' }, userID))
  expect(join('guest')).toBe('accepted')
  perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
  expect(join('other')).toBe(10014)
})

test('an AVChatRoom without a limit is never full', () => {
  const world = createWorld()
  perform(world, 'createGroup', { groupID: 'g', name: 'Live', type: 'AVChatRoom' })
  const profile = world.get({ table: 'groups', scope: '', id: 'g' })!
  const crowded = populated({ ...group(profile), memberNum: 1_000_000_000 })
  expect(codeOf(judge(crowded, 'joinGroup', { groupID: 'g' }, 'guest'))).toBe('accepted')
})

test.each([
  ['joining', 'joinGroup', { groupID: 'g' }, 'Public'],
  ['being added', 'addGroupMember', { groupID: 'g', userIDList: ['guest'] }, 'Private']
] as const)('the last place in a group is taken by %s', (_title, operation, args, type) => {
  const call = (maxMemberNum: number) =>
    codeOf(
      judge(
        populated({ type, maxMemberNum }),
        operation,
        args,
        operation === 'joinGroup' ? 'guest' : 'member'
      )
    )
  expect([call(5), call(4)]).toEqual(['accepted', 10014])
})

test('an approved applicant can take the last place in a group', () => {
  const call = (maxMemberNum: number) => {
    const world = applications()
    perform(world, 'updateGroupProfile', { groupID: 'g', maxMemberNum })
    return codeOf(
      judge(world, 'handleGroupApplication', {
        groupID: 'g',
        userID: 'guest',
        handleAction: 'Agree'
      })
    )
  }
  expect([call(5), call(4)]).toEqual(['accepted', 10014])
})

// ── mutes ───────────────────────────────────────────────────────────────────

test.each([
  ['one second', 1, 2001],
  ['a day', 86_400, 88_400],
  // Tencent's service stores this number for a mute without an end.
  ['the largest number', 4_294_967_295, 4_294_967_295]
])('a mute of %s ends on time', (_title, muteTime, muteUntil) => {
  const world = populated()
  perform(world, 'setGroupMemberMuteTime', { groupID: 'g', userID: 'member', muteTime })
  expect(world.get({ table: 'members', scope: 'g', id: 'member' })?.muteUntil).toBe(muteUntil)
})

test('a mute of 0 seconds unmutes', () => {
  const world = populated()
  perform(world, 'setGroupMemberMuteTime', { groupID: 'g', userID: 'member', muteTime: 600 })
  perform(world, 'setGroupMemberMuteTime', { groupID: 'g', userID: 'member', muteTime: 0 })
  expect(world.get({ table: 'members', scope: 'g', id: 'member' })?.muteUntil).toBeLessThanOrEqual(
    2000
  )
})

test.each([
  [-1],
  [-4_294_967_295],
  [Number.NaN],
  [Number.POSITIVE_INFINITY],
  ['600'],
  [null],
  [undefined]
])('a mute of %s is refused', muteTime => {
  expect(
    codeOf(
      judge(populated(), 'setGroupMemberMuteTime', { groupID: 'g', userID: 'member', muteTime })
    )
  ).toBe(10004)
})

// ── precedence ──────────────────────────────────────────────────────────────

test('a missing permission takes precedence over an exceeded limit', () => {
  const long = 'x'.repeat(1000)
  const calls = [
    ['updateGroupProfile', { groupID: 'g', introduction: long }],
    ['deleteGroupMember', { groupID: 'g', userIDList: ['admin'], reason: long }],
    ['deleteGroupMember', { groupID: 'g', userIDList: many(501) }],
    ['addGroupMember', { groupID: 'g', userIDList: many(501) }],
    ['setGroupMemberNameCard', { groupID: 'g', userID: 'admin', nameCard: long }],
    [
      'setGroupMemberCustomField',
      { groupID: 'g', userID: 'admin', memberCustomField: [{ key: 'k', value: long }] }
    ]
  ] as const
  expect(
    calls.map(([operation, args]) => codeOf(judge(populated(), operation, args, 'member')))
  ).toEqual(calls.map(() => 10007))
})
