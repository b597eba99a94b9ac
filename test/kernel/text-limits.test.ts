/** The limits of texts, at the limit and one byte above it. The numbers are Tencent's. */

import { describe, expect, test } from 'vitest'
import { answer, applications, create, update, type Place } from './place.ts'
import { populated } from './world.ts'

/** Letters of one to four bytes in UTF-8. The last has two units in JavaScript. */
const letters = [
  ['a', 1],
  ['é', 2],
  ['群', 3],
  ['🚣', 4]
] as const

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
  test.each(letters)('of letters such as %s with %i bytes', (letter, size) => {
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
