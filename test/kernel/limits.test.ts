/** Every limit of group operations, at the limit and one above it. The numbers are Tencent's. */

import { describe, expect, test } from 'vitest'
import type { OperationName } from '../../src/kernel/decide.ts'
import { newMember, putMember } from '../../src/kernel/model.ts'
import {
  codeOf,
  createWorld,
  group,
  judge,
  perform,
  populated,
  type As,
  type World
} from './world.ts'

/** An operation that is accepted if the value under test is. */
type Place = {
  readonly operation: OperationName
  readonly args: (value: any) => object
  readonly world?: () => World
  readonly as?: As | string
}

const create = (field: string): Place => ({
  operation: 'createGroup',
  args: value => ({ groupID: 'new', name: 'Crew', type: 'Public', [field]: value }),
  world: createWorld
})
const update = (field: string): Place => ({
  operation: 'updateGroupProfile',
  args: value => ({ groupID: 'g', [field]: value })
})

const answer = ({ operation, args, world = populated, as }: Place, value: unknown) =>
  codeOf(judge(world(), operation, args(value), as))

// ── texts ───────────────────────────────────────────────────────────────────

/** Letters of one to four bytes in UTF-8. The last has two units in JavaScript. */
const letters = [
  ['a', 1],
  ['é', 2],
  ['群', 3],
  ['🚣', 4]
] as const

const applications = () => {
  const world = populated({ joinOption: 'NeedPermission' })
  perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
  return world
}

const texts: readonly (readonly [title: string, bytesMax: number, place: Place])[] = [
  ['the name of a new group', 30, create('name')],
  ['a new name', 30, update('name')],
  ['the introduction of a new group', 240, create('introduction')],
  ['a new introduction', 240, update('introduction')],
  ['the notification of a new group', 300, create('notification')],
  ['a new notification', 300, update('notification')],
  ['the avatar of a new group', 100, create('avatar')],
  ['a new avatar', 100, update('avatar')],
  [
    'a name card',
    50,
    { operation: 'setGroupMemberNameCard', args: nameCard => ({ groupID: 'g', nameCard }) }
  ],
  [
    'the message of an application',
    300,
    {
      operation: 'joinGroup',
      args: applyMessage => ({ groupID: 'g', applyMessage }),
      world: () => populated({ joinOption: 'NeedPermission' }),
      as: 'guest'
    }
  ],
  [
    'the answer to an application',
    300,
    {
      operation: 'handleGroupApplication',
      args: handleMessage => ({
        groupID: 'g',
        userID: 'guest',
        handleAction: 'Reject',
        handleMessage
      }),
      world: applications
    }
  ],
  [
    'the reason for a removal',
    300,
    {
      operation: 'deleteGroupMember',
      args: reason => ({ groupID: 'g', userIDList: ['member'], reason })
    }
  ],
  [
    'a custom field of a new group',
    512,
    { ...create(''), args: value => create('groupCustomField').args([{ key: 'k', value }]) }
  ],
  [
    'a custom field of a group',
    512,
    { ...update(''), args: value => update('groupCustomField').args([{ key: 'k', value }]) }
  ],
  [
    'a custom field of an initial member',
    64,
    {
      ...create(''),
      args: value =>
        create('memberList').args([{ userID: 'b', memberCustomField: [{ key: 'k', value }] }])
    }
  ],
  [
    'a custom field of a member',
    64,
    {
      operation: 'setGroupMemberCustomField',
      args: value => ({ groupID: 'g', memberCustomField: [{ key: 'k', value }] })
    }
  ]
]

/** A text of exactly so many bytes: the letter as often as it fits, then ASCII. */
const textOf = (letter: string, size: number, bytes: number) =>
  letter.repeat(Math.floor(bytes / size)) + 'x'.repeat(bytes % size)

describe.each(texts)('%s has at most %i bytes', (_title, bytesMax, place) => {
  test.each(letters)('in letters like %s of %i bytes', (letter, size) => {
    expect([
      answer(place, textOf(letter, size, bytesMax)),
      answer(place, textOf(letter, size, bytesMax + 1)),
      answer(place, letter.repeat(bytesMax + 1))
    ]).toEqual(['accepted', 10004, 10004])
  })
})

test('every text except a name may be empty', () => {
  const empty = texts.map(([title, , place]) => [title, answer(place, '')])
  const names = ['the name of a new group', 'a new name']
  expect(empty).toEqual(texts.map(([title]) => [title, names.includes(title) ? 10004 : 'accepted']))
})

// ── identifiers ─────────────────────────────────────────────────────────────

const newID: Place = {
  operation: 'createGroup',
  args: groupID => ({ groupID, name: 'Crew' }),
  world: createWorld
}

test.each([
  ['one letter', 'g', 'accepted'],
  ['48 letters', 'g'.repeat(48), 'accepted'],
  ['49 letters', 'g'.repeat(49), 10004],
  ['every kind of printable ASCII', ' !"#$%&()*+,-./09:;<=>?@AZ[]^_`az{|}~', 'accepted'],
  ['a control character', 'a\u001f', 10004],
  ['a delete character', 'a\u007f', 10004],
  ['a letter beyond ASCII', 'é', 10004],
  ['the beginning of those that the store makes', '@TGS#mine', 10004],
  ['that beginning further inside', 'my@TGS#', 'accepted']
])('a group can be given an ID of %s, or cannot', (_title, id, expected) => {
  expect(answer(newID, id)).toBe(expected)
})

test('a new group with an empty ID gets a generated one', () => {
  const made = '@TGS#0123456789012345678901'
  expect(
    judge(createWorld(), 'createGroup', { name: 'Crew', groupID: '' }, 'owner', made)
  ).toMatchObject({
    kind: 'accept',
    result: { groupID: made }
  })
})

test.each([
  ['48 letters', 'g'.repeat(48), 10010],
  ['49 letters', 'g'.repeat(49), 10015],
  ['a letter beyond ASCII', '群', 10015],
  ['the beginning of those that the store makes', '@TGS#1', 10010]
])('a group with an ID of %s is not there, or cannot be', (_title, groupID, expected) => {
  expect(codeOf(judge(createWorld(), 'quitGroup', { groupID }))).toBe(expected)
})

const privateGroup = () => populated({ type: 'Private' })
const userIDs: readonly (readonly [title: string, place: Place])[] = [
  ['an initial member', { ...create(''), args: userID => create('memberList').args([{ userID }]) }],
  [
    'somebody to add',
    {
      operation: 'addGroupMember',
      args: userID => ({ groupID: 'g', userIDList: [userID] }),
      world: privateGroup
    }
  ],
  [
    'somebody to remove',
    { operation: 'deleteGroupMember', args: userID => ({ groupID: 'g', userIDList: [userID] }) }
  ],
  ...(
    [
      ['the new owner', 'changeGroupOwner', { newOwnerID: '' }],
      ['who gets a role', 'setGroupMemberRole', { userID: '', role: 'Admin' }],
      ['who is muted', 'setGroupMemberMuteTime', { userID: '', muteTime: 60 }],
      ['whose name card changes', 'setGroupMemberNameCard', { userID: '', nameCard: 'Card' }],
      [
        'whose custom field changes',
        'setGroupMemberCustomField',
        { userID: '', memberCustomField: [{ key: 'k', value: 'v' }] }
      ]
    ] as const
  ).map(([title, operation, fields]) => {
    const named = 'newOwnerID' in fields ? 'newOwnerID' : 'userID'
    // The member with this ID is in the group, if the ID is valid.
    const place = (userID: unknown) => ({ groupID: 'g', ...fields, [named]: userID })
    return [title, { operation, args: place, world: () => withMember('u'.repeat(32)) }] as const
  })
]

function withMember(userID: string): World {
  const world = populated()
  world.apply([putMember(newMember({ groupID: 'g', userID, joinTime: 1000 }))])
  return world
}

test.each(userIDs)('the ID of %s has 1 to 32 bytes of printable ASCII', (_title, place) => {
  expect(
    ['u'.repeat(32), 'u'.repeat(33), '', 'é', 'a\n'].map(userID => answer(place, userID))
  ).toEqual(['accepted', 10004, 10004, 10004, 10004])
})

const ownField: Place = {
  operation: 'setGroupMemberCustomField',
  args: memberCustomField => ({ groupID: 'g', memberCustomField })
}
const keyed = (key: string) => [{ key, value: 'v' }]

// Tencent's documents say 16 bytes, but their own sample has a key of 17.
test.each([
  ['a group', update('groupCustomField'), keyed],
  ['a new group', create('groupCustomField'), keyed],
  ['a member', ownField, keyed],
  [
    'an initial member',
    create('memberList'),
    (key: string) => [{ userID: 'b', memberCustomField: keyed(key) }]
  ]
])('the key of a custom field of %s has 1 to 32 letters, digits and _', (_title, place, fields) => {
  const codes = (keys: readonly string[]) => [
    ...new Set(keys.map(key => answer(place, fields(key))))
  ]
  expect(codes(['k', 'Az_0123456789abc', 'group_member_test', 'k'.repeat(32)])).toEqual([
    'accepted'
  ])
  expect(codes(['', 'k'.repeat(33), 'a-b', 'a b', 'é', '群', '🚣'])).toEqual([10004])
})

// ── counts ──────────────────────────────────────────────────────────────────

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

test('a group has at most 20 custom fields, in one call or several', () => {
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
})

test('a member has at most 5 custom fields, in one call or several', () => {
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
] as const)('a %s group is for at most %i members', (type, membersMax) => {
  const created = (maxMemberNum: number) =>
    codeOf(
      judge(createWorld(), 'createGroup', { groupID: 'new', name: 'Crew', type, maxMemberNum })
    )
  expect([created(1), created(membersMax), created(membersMax + 1)]).toEqual([
    'accepted',
    'accepted',
    10004
  ])
  const updated = (maxMemberNum: number) =>
    codeOf(judge(populated({ type }), 'updateGroupProfile', { groupID: 'g', maxMemberNum }))
  // The group has four members.
  expect([updated(4), updated(membersMax), updated(membersMax + 1)]).toEqual([
    'accepted',
    'accepted',
    10004
  ])
  expect([updated(3), updated(0), updated(-1), updated(4.5)]).toEqual([10004, 10004, 10004, 10004])
  const world = createWorld()
  perform(world, 'createGroup', { groupID: 'new', name: 'Crew', type })
  expect(world.rows()).toContainEqual(
    expect.objectContaining({ groupID: 'new', name: 'Crew', maxMemberNum: membersMax })
  )
})

test('an AVChatRoom is never full', () => {
  const world = createWorld()
  perform(world, 'createGroup', { groupID: 'g', name: 'Live', type: 'AVChatRoom' })
  const profile = world.get({ table: 'groups', scope: '', id: 'g' })!
  const crowded = populated({ ...group(profile), memberNum: 1_000_000_000 })
  expect(codeOf(judge(crowded, 'joinGroup', { groupID: 'g' }, 'guest'))).toBe('accepted')
})

test.each([
  ['joining', 'joinGroup', { groupID: 'g' }, 'Public'],
  ['being added', 'addGroupMember', { groupID: 'g', userIDList: ['guest'] }, 'Private']
] as const)(
  'the last place in a group is taken by %s, and there is no other',
  (_title, operation, args, type) => {
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
  }
)

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
  ['as long as can be said', 4_294_967_295, 4_294_967_295]
])('a mute of %s lasts so long', (_title, muteTime, muteUntil) => {
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
