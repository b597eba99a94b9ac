/**
 * Cases with one hostile argument each. The other arguments are valid. Every operation has the
 * general cases and those of `groupID`. The first eight have cases for each argument. For the
 * others see `identifiers.test.ts`, `text-limits.test.ts` and `version.test.ts`.
 */

import type { OperationName } from '../../src/kernel/decide.ts'
import { limits } from '../../src/kernel/limits.ts'
import {
  absent,
  avatars,
  blank,
  broken,
  choices,
  type Code,
  groupFields,
  groupIDs,
  illegal,
  lengths,
  memberLists,
  newGroupIDs,
  notArguments,
  notNumber,
  notText,
  optional,
  required,
  userIDs,
  userLists,
  type Value
} from './argument-values.ts'
import type { As } from './world.ts'

type Case = [title: string, operation: Known, args: unknown, code: Code]

/** Accepted arguments, with their actor. */
export const good = {
  createGroup: { args: { groupID: 'new', name: 'Crew', type: 'Public' }, as: 'owner' },
  updateGroupProfile: { args: { groupID: 'g', name: 'Boat' }, as: 'owner' },
  joinGroup: { args: { groupID: 'g' }, as: 'somebody' },
  quitGroup: { args: { groupID: 'g' }, as: 'member' },
  dismissGroup: { args: { groupID: 'g' }, as: 'owner' },
  addGroupMember: {
    args: { groupID: 'g', userIDList: ['new'] },
    as: { actor: 'app', isAppAdmin: true }
  },
  deleteGroupMember: { args: { groupID: 'g', userIDList: ['member'] }, as: 'owner' },
  setGroupMemberRole: { args: { groupID: 'g', userID: 'member', role: 'Admin' }, as: 'owner' },
  changeGroupOwner: { args: { groupID: 'g', newOwnerID: 'member' }, as: 'owner' },
  setMessageRemindType: { args: { groupID: 'g', messageRemindType: 'Discard' }, as: 'member' },
  setGroupMemberMuteTime: { args: { groupID: 'g', userID: 'member', muteTime: 60 }, as: 'owner' },
  setGroupMemberNameCard: { args: { groupID: 'g', nameCard: 'Ann' }, as: 'member' },
  setGroupMemberCustomField: {
    args: { groupID: 'g', memberCustomField: [{ key: 'rank', value: '1' }] },
    as: 'member'
  },
  initGroupAttributes: { args: { groupID: 'g', groupAttributes: [] }, as: 'member' },
  setGroupAttributes: {
    args: { groupID: 'g', groupAttributes: [{ key: 'seat', value: 'ann' }] },
    as: 'member'
  },
  deleteGroupAttributes: { args: { groupID: 'g', keyList: ['seat'] }, as: 'member' },
  setGroupCounters: {
    args: { groupID: 'g', counters: [{ key: 'likes', value: 1 }] },
    as: 'member'
  },
  increaseGroupCounter: { args: { groupID: 'g', key: 'likes', value: 1 }, as: 'member' },
  decreaseGroupCounter: { args: { groupID: 'g', key: 'likes', value: 1 }, as: 'member' }
} satisfies Record<
  Exclude<OperationName, NeedsOtherGroup>,
  { args: Readonly<Record<string, unknown>>; as: As | string }
>
/**
 * The group of these tests has no application, and it is no AVChatRoom. `operations/joining.test.ts`
 * and `operations/marks.test.ts` have other groups.
 */
type NeedsOtherGroup = 'handleGroupApplication' | 'markGroupMemberList'
export type Known = keyof typeof good
// The object has exactly the keys of its type.
const operations = Object.keys(good) as Known[]

const titled = (operation: Known, what: string, code: Code) =>
  code === 'accepted' ? `${operation} takes ${what}` : `${operation} refuses ${what}: ${code}`

/** One case per value of one argument. The other arguments are accepted ones. */
const each = (operation: Known, argument: string, values: Value[], usual: Code = 10004): Case[] =>
  values.map(([what, value, code = usual]) => [
    titled(operation, `${/^[ai]/.test(argument) ? 'an' : 'a'} ${argument} ${what}`, code),
    operation,
    { ...good[operation].args, [argument]: value },
    code
  ])

export const cases: Case[] = [
  ...operations.flatMap(operation =>
    notArguments.map(([what, args]): Case => [
      titled(operation, `${what} for arguments`, 10004),
      operation,
      args,
      10004
    ])
  ),
  ...operations.flatMap((operation): Case[] => {
    const { args } = good[operation]
    const inherited: unknown = Object.create(args)
    const bare: unknown = Object.assign(Object.create(null), args)
    const more = {
      ownerID: 'me',
      memberNum: -1,
      isAppAdmin: true,
      constructor: { prototype: { x: 1 } }
    }
    return [
      [titled(operation, 'good arguments', 'accepted'), operation, args, 'accepted'],
      [titled(operation, 'arguments without a prototype', 'accepted'), operation, bare, 'accepted'],
      [
        titled(operation, 'a prototype among the arguments', 'accepted'),
        operation,
        withPrototypeKey(args),
        'accepted'
      ],
      [
        titled(operation, 'properties that it does not know', 'accepted'),
        operation,
        { ...args, ...more },
        'accepted'
      ],
      [titled(operation, 'arguments that are inherited', 10004), operation, inherited, 10004]
    ]
  }),
  ...operations
    .filter(name => name !== 'createGroup')
    .flatMap(name => each(name, 'groupID', groupIDs)),

  ...each('createGroup', 'groupID', newGroupIDs),
  ...each('createGroup', 'name', [
    ...required(notText),
    ...blank,
    ...lengths(limits.nameBytesMax),
    ...broken
  ]),
  ...each('createGroup', 'type', [...choices, ...illegal(['Community', 'Work'])], 2600),
  ...each('createGroup', 'introduction', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(240),
    ...broken
  ]),
  ...each('createGroup', 'introduction', [['of several lines', 'a\tb\r\nc', 'accepted']]),
  ...each('createGroup', 'notification', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(300),
    ...broken
  ]),
  ...each('createGroup', 'avatar', [...optional(notText), ...avatars, ...lengths(100)]),
  ...each('createGroup', 'maxMemberNum', [
    ...optional(notNumber),
    // A full group takes precedence over an argument over its limit.
    ['that is zero', 0, 10014],
    ['that is negative', -1, 10014],
    ['of 6,000', 6000, 'accepted'],
    ['over 6,000', 6001],
    ['over what a number of 32 bits can be', 2 ** 32],
    ['of 1e308', 1e308]
  ]),
  ...each('createGroup', 'joinOption', choices),
  ...each('createGroup', 'memberList', memberLists),
  ...each('createGroup', 'groupCustomField', groupFields),

  ...each('updateGroupProfile', 'name', [
    ...optional(notText),
    ...blank,
    ...lengths(limits.nameBytesMax),
    ...broken
  ]),
  ...each('updateGroupProfile', 'introduction', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(240),
    ...broken
  ]),
  ...each('updateGroupProfile', 'notification', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(300),
    ...broken
  ]),
  ...each('updateGroupProfile', 'avatar', [...optional(notText), ...avatars, ...lengths(100)]),
  ...each('updateGroupProfile', 'maxMemberNum', [
    ...optional(notNumber),
    ['that is zero', 0],
    ['that is negative zero', -0],
    ['that is negative', -1],
    ['of fewer than are in', 3],
    ['of as many as are in', 4, 'accepted'],
    ['of 6,000', 6000, 'accepted'],
    ['over 6,000', 6001],
    ['of 1e308', 1e308]
  ]),
  ...each('updateGroupProfile', 'joinOption', choices),
  ...each('updateGroupProfile', 'muteAllMembers', [
    ...absent.map(([what, value]): Value => [what, value, 'accepted']),
    ['that is a number', 1],
    ['that is a text', 'On'],
    ['that is a Boolean object', Object(true)],
    ['that is a list', [true]],
    ['that is true', true, 'accepted']
  ]),
  ...each('updateGroupProfile', 'groupCustomField', groupFields),

  ...each('joinGroup', 'applyMessage', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(300),
    ...broken
  ]),
  ...each('joinGroup', 'type', choices, 2600),
  ...each('joinGroup', 'type', [['of groups that nobody can join', 'Private', 2601]]),

  ...each('addGroupMember', 'userIDList', userLists),
  ...each('deleteGroupMember', 'userIDList', userLists),
  ...each('deleteGroupMember', 'userIDList', [
    ['that names the owner', ['member', 'owner']],
    ['that names nobody in the group', ['nobody'], 'accepted']
  ]),
  ...each('deleteGroupMember', 'duration', [
    ['that is null', null, 'accepted'],
    ['that is a text', '60'],
    ['that is a fraction', 0.5],
    ['that is 0', 0, 'accepted'],
    ['of a group that keeps nobody out', 600],
    ['that is negative', -1],
    ['of more than 32 bits', 4_294_967_296]
  ]),
  ...each('deleteGroupMember', 'reason', [
    ...optional(notText),
    ['that is empty', '', 'accepted'],
    ...lengths(300),
    ...broken
  ]),

  ...each('setGroupMemberRole', 'userID', [
    ...userIDs,
    ['of 32 characters that nobody in the group has', 'x'.repeat(32)],
    ['that names a prototype', '__proto__'],
    ['of the caller', 'owner', 2684]
  ]),
  ...each('setGroupMemberRole', 'role', [...required(notText), ['that is empty', '']]),
  ...each(
    'setGroupMemberRole',
    'role',
    illegal(['Owner', 'admin', ' Admin', 'toString', '__proto__', 'x'.repeat(33)]),
    2683
  )
]

function withPrototypeKey(args: object): unknown {
  const text = JSON.stringify(args)
  return JSON.parse(`{"__proto__":{"role":"Owner","isAppAdmin":true},${text.slice(1)}`)
}
