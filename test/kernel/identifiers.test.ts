/** Valid and invalid IDs of groups and users, and keys of custom fields. */

import { expect, test } from 'vitest'
import { newMember, putMember } from '../../src/kernel/model.ts'
import { answer, create, ownField, update, type Place } from './place.ts'
import { codeOf, createWorld, judge, populated, type World } from './world.ts'

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
  ['the prefix of generated IDs', '@TGS#mine', 10004],
  ['that prefix further inside', 'my@TGS#', 'accepted']
])('creating a group with an ID of %s answers %s', (_title, id, expected) => {
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
  ['the prefix of generated IDs', '@TGS#1', 10010]
])('quitting a group with an ID of %s is refused', (_title, groupID, expected) => {
  expect(codeOf(judge(createWorld(), 'quitGroup', { groupID }))).toBe(expected)
})

const privateGroup = () => populated({ type: 'Private' })
const userIDs: readonly (readonly [title: string, place: Place])[] = [
  ['an initial member', { ...create(''), args: userID => create('memberList').args([{ userID }]) }],
  [
    'a user to add',
    {
      operation: 'addGroupMember',
      args: userID => ({ groupID: 'g', userIDList: [userID] }),
      world: privateGroup
    }
  ],
  [
    'a user to remove',
    { operation: 'deleteGroupMember', args: userID => ({ groupID: 'g', userIDList: [userID] }) }
  ],
  ...(
    [
      ['the new owner', 'changeGroupOwner', { newOwnerID: '' }],
      ['a member for a role', 'setGroupMemberRole', { userID: '', role: 'Admin' }],
      ['a member to mute', 'setGroupMemberMuteTime', { userID: '', muteTime: 60 }],
      ['a member for a name card', 'setGroupMemberNameCard', { userID: '', nameCard: 'Card' }],
      [
        'a member for custom fields',
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
])('a custom field of %s has a key of at most 32 letters', (_title, place, fields) => {
  const codes = (keys: readonly string[]) => [
    ...new Set(keys.map(key => answer(place, fields(key))))
  ]
  expect(codes(['k', 'Az_0123456789abc', 'group_member_test', 'k'.repeat(32)])).toEqual([
    'accepted'
  ])
  expect(codes(['', 'k'.repeat(33), 'a-b', 'a b', 'é', '群', '🚣'])).toEqual([10004])
})
