/** Arguments of every group call: the greatest that are allowed, and refused ones with the code. */

import type { GroupCalls } from '../../src/tim/api.ts'

const groupID = 'crew'
const userID = 'dan'
const text = (bytes: number) => 'x'.repeat(bytes)
const fields = (count: number, valueBytes: number) =>
  Array.from({ length: count }, (_, index) => ({ key: `key${index}`, value: text(valueBytes) }))
const counters = (count: number, value: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, value]))
const record = (count: number, valueBytes: number) =>
  Object.fromEntries(fields(count, valueBytes).map(({ key, value }) => [key, value]))
const people = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`)
const marking = { groupID, userIDList: [userID], markType: 1000, enableMark: true }
const application = { payload: { operatorID: 'eve', groupProfile: { groupID } } }
const deciding = { handleAction: 'Agree', message: application }

/** By call: an argument that every check accepts. Texts and lists of fields are as long as allowed. */
export const greatest: Readonly<Record<keyof GroupCalls, unknown>> = {
  getGroupList: { groupProfileFilter: ['ownerID', 'memberNum'] },
  getGroupProfile: { groupID, groupCustomFieldFilter: ['city'] },
  searchGroupByID: groupID,
  createGroup: {
    groupID: text(48),
    name: text(30),
    type: 'Public',
    introduction: text(240),
    notification: text(300),
    avatar: text(100),
    joinOption: 'NeedPermission',
    maxMemberNum: 6000,
    memberList: [{ userID, role: 'Admin' }],
    groupCustomField: fields(20, 512)
  },
  updateGroupProfile: {
    groupID,
    name: text(30),
    introduction: text(240),
    notification: text(300),
    avatar: text(100),
    groupCustomField: fields(20, 512)
  },
  joinGroup: { groupID, applyMessage: text(300) },
  quitGroup: groupID,
  dismissGroup: groupID,
  changeGroupOwner: { groupID, newOwnerID: userID },
  handleGroupApplication: { ...deciding, handleMessage: text(300) },
  setMessageRemindType: { groupID, messageRemindType: 'AcceptNotNotify' },
  getGroupMemberList: { groupID, count: 100, offset: 0 },
  getGroupMemberProfile: { groupID, userIDList: ['ann', userID, ...people(48)] },
  addGroupMember: { groupID, userIDList: ['fay'] },
  deleteGroupMember: { groupID, userIDList: [userID], reason: text(300) },
  markGroupMemberList: { groupID, userIDList: [userID], markType: 4_294_967_295, enableMark: true },
  setGroupMemberMuteTime: { groupID, userID, muteTime: 4_294_967_295 },
  setGroupMemberRole: { groupID, userID, role: 'Admin' },
  setGroupMemberNameCard: { groupID, userID, nameCard: text(50) },
  setGroupMemberCustomField: { groupID, userID, memberCustomField: fields(5, 64) },
  getGroupApplicationList: undefined,
  getMessageList: { conversationID: '@TIM#SYSTEM' },
  initGroupAttributes: { groupID, groupAttributes: record(16, 1019) },
  setGroupAttributes: { groupID, groupAttributes: record(16, 1019) },
  deleteGroupAttributes: { groupID, keyList: ['key0', text(32)] },
  getGroupAttributes: { groupID, keyList: ['key0', text(32)] },
  setGroupCounters: { groupID, counters: counters(20, Number.MAX_SAFE_INTEGER) },
  increaseGroupCounter: { groupID, key: text(128), value: Number.MAX_SAFE_INTEGER },
  decreaseGroupCounter: { groupID, key: text(128), value: Number.MAX_SAFE_INTEGER },
  getGroupCounters: { groupID, keyList: ['key0', text(128)] }
}
export const callNames = Object.keys(greatest) as (keyof GroupCalls)[]

/** Calls that take no argument, or work without one. */
const withoutArgument: string[] = ['getGroupList', 'getGroupApplicationList']

export type Refused = readonly [
  call: keyof GroupCalls,
  title: string,
  argument: unknown,
  code: number
]

const crew = { name: 'Crew' }

/**
 * Of a wrong shape, so that every user gets this code, with and without a network. 10004 is an
 * illegal argument, 10015 an ID that no group can have, 2600 an unknown type of group.
 */
export const illShaped: readonly Refused[] = [
  ...callNames
    .filter(call => !withoutArgument.includes(call))
    .flatMap((call): Refused[] => [
      [call, 'nothing', undefined, 10004],
      [call, 'null', null, 10004],
      [call, 'an empty text', '', 10004],
      [call, 'an empty object', {}, 10004],
      [call, 'a number', -5, 10004],
      [call, 'a list', [], 10004]
    ]),
  ...callNames
    .map(call => [call, greatest[call]] as const)
    .filter(([, argument]) => typeof argument === 'object' && 'groupID' in argument!)
    .flatMap(([call, argument]): Refused[] => [
      [call, 'a number as groupID', { ...(argument as object), groupID: 5 }, 10004],
      // A new group may have any ID of the right form, and an empty one is an absent one.
      ...(call === 'createGroup'
        ? ([[call, 'an impossible groupID', { ...crew, groupID: text(49) }, 10004]] as const)
        : ([
            [call, 'an impossible groupID', { ...(argument as object), groupID: text(49) }, 10015],
            [call, 'an empty groupID', { ...(argument as object), groupID: '' }, 10004]
          ] as const))
    ]),
  ...(['quitGroup', 'dismissGroup', 'searchGroupByID'] as const).map((call): Refused => [
    call,
    'an impossible groupID',
    text(49),
    10015
  ]),
  ['createGroup', 'an empty name', { name: '' }, 10004],
  ['createGroup', 'a number as name', { name: 5 }, 10004],
  ['createGroup', 'an unknown type', { ...crew, type: 'Fleet' }, 2600],
  ['createGroup', 'a type of a later SDK', { ...crew, type: 'Community' }, 2600],
  ['createGroup', 'an undefined type', { ...crew, type: undefined }, 2600],
  ['createGroup', 'an unknown joinOption', { ...crew, joinOption: 'Sometimes' }, 10004],
  ['createGroup', 'topics', { ...crew, isSupportTopic: true }, 10004],
  ['createGroup', 'a text as memberList', { ...crew, memberList: 'dan' }, 10004],
  ['createGroup', 'a member without ID', { ...crew, memberList: [{}] }, 10004],
  ['createGroup', 'a second owner', { ...crew, memberList: [{ userID, role: 'Owner' }] }, 10004],
  ['createGroup', 'a text as maxMemberNum', { ...crew, maxMemberNum: '9' }, 10004],
  ['createGroup', 'an object of fields', { ...crew, groupCustomField: { city: 'x' } }, 10004],
  ['updateGroupProfile', 'a number as name', { groupID, name: 5 }, 10004],
  ['updateGroupProfile', 'an empty name', { groupID, name: '' }, 10004],
  ['updateGroupProfile', 'an unknown joinOption', { groupID, joinOption: 'Sometimes' }, 10004],
  ['updateGroupProfile', 'a text as muteAllMembers', { groupID, muteAllMembers: 'On' }, 10004],
  ['joinGroup', 'a number as applyMessage', { groupID, applyMessage: 5 }, 10004],
  ['changeGroupOwner', 'no new owner', { groupID }, 10004],
  ['handleGroupApplication', 'an unknown action', { ...deciding, handleAction: 'Maybe' }, 10004],
  ['handleGroupApplication', 'no application', { handleAction: 'Agree' }, 10004],
  ['setMessageRemindType', 'no type', { groupID }, 10004],
  ['setMessageRemindType', 'an unknown type', { groupID, messageRemindType: 'Loud' }, 10004],
  ['getGroupMemberList', 'a text as count', { groupID, count: '9' }, 10004],
  ['getGroupMemberList', 'a negative offset', { groupID, offset: -5 }, 10004],
  ['getGroupMemberProfile', 'no users', { groupID }, 10004],
  ['getGroupMemberProfile', 'a text as users', { groupID, userIDList: userID }, 10004],
  ['addGroupMember', 'no users', { groupID }, 10004],
  ['addGroupMember', 'an empty list', { groupID, userIDList: [] }, 10004],
  ['addGroupMember', 'a text as users', { groupID, userIDList: userID }, 10004],
  ['deleteGroupMember', 'no users', { groupID }, 10004],
  ['deleteGroupMember', 'an empty list', { groupID, userIDList: [] }, 10004],
  ['setGroupMemberMuteTime', 'no time', { groupID, userID }, 10004],
  ['setGroupMemberMuteTime', 'a text as time', { groupID, userID, muteTime: '60' }, 10004],
  ['setGroupMemberRole', 'no role', { groupID, userID }, 10004],
  ['setGroupMemberNameCard', 'no name card', { groupID, userID }, 10004],
  ['setGroupMemberNameCard', 'a number as name card', { groupID, userID, nameCard: 5 }, 10004],
  ['setGroupMemberCustomField', 'no fields', { groupID, userID }, 10004],
  ['setGroupMemberCustomField', 'a text', { groupID, userID, memberCustomField: 'x' }, 10004],
  ['getGroupMemberList', 'a text as filter', { groupID, filter: '1000' }, 10004],
  ['markGroupMemberList', 'no users', { ...marking, userIDList: undefined }, 10004],
  ['markGroupMemberList', 'an empty list', { ...marking, userIDList: [] }, 10004],
  ['markGroupMemberList', 'a text as users', { ...marking, userIDList: userID }, 10004],
  ['markGroupMemberList', 'no mark', { ...marking, markType: undefined }, 10004],
  ['markGroupMemberList', 'a text as mark', { ...marking, markType: '1000' }, 10004],
  ['markGroupMemberList', 'no enableMark', { ...marking, enableMark: undefined }, 10004],
  ['markGroupMemberList', 'a number as enableMark', { ...marking, enableMark: 1 }, 10004],
  ['getMessageList', 'another conversation', { conversationID: 'C2Cbob' }, 10004],
  ...(['initGroupAttributes', 'setGroupAttributes'] as const).flatMap((call): Refused[] => [
    [call, 'no attributes', { groupID }, 10004],
    [call, 'a list of attributes', { groupID, groupAttributes: ['seat'] }, 10004],
    [call, 'a number as a value', { groupID, groupAttributes: { seat: 5 } }, 10004],
    [call, 'an empty key', { groupID, groupAttributes: { '': 'ann' } }, 10004]
  ]),
  ['deleteGroupAttributes', 'no keys', { groupID }, 10004],
  ['deleteGroupAttributes', 'a text as keys', { groupID, keyList: 'seat' }, 10004],
  ['getGroupAttributes', 'a text as keys', { groupID, keyList: 'seat' }, 10004],
  ['getGroupCounters', 'a text as keys', { groupID, keyList: 'likes' }, 10004],
  ['setGroupCounters', 'no counters', { groupID }, 10004],
  ['setGroupCounters', 'a list of counters', { groupID, counters: [5] }, 10004],
  ['setGroupCounters', 'a text as a value', { groupID, counters: { likes: '5' } }, 10004],
  ['setGroupCounters', 'a fraction', { groupID, counters: { likes: 0.5 } }, 10004],
  ...(['increaseGroupCounter', 'decreaseGroupCounter'] as const).flatMap((call): Refused[] => [
    [call, 'no key', { groupID, value: 1 }, 10004],
    [call, 'no value', { groupID, key: 'likes' }, 10004],
    [call, 'a text as value', { groupID, key: 'likes', value: '1' }, 10004],
    [call, 'an endless value', { groupID, key: 'likes', value: Infinity }, 10004]
  ])
]

/**
 * Beyond a limit. A user without the permission gets the code of that first: as in Tencent's
 * service, limits come last. A device without the group has only the limit to go by.
 */
export const beyondLimit: readonly Refused[] = [
  ['createGroup', 'a long name', { name: text(31) }, 10004],
  ['createGroup', 'a long introduction', { ...crew, introduction: text(241) }, 10004],
  ['createGroup', 'a long notification', { ...crew, notification: text(301) }, 10004],
  ['createGroup', 'a long avatar', { ...crew, avatar: text(101) }, 10004],
  ['createGroup', 'an ID of the service', { ...crew, groupID: '@TGS#1' }, 10004],
  // The group has no room for its creator.
  ['createGroup', 'a negative maxMemberNum', { ...crew, maxMemberNum: -5 }, 10014],
  ['createGroup', 'many fields', { ...crew, groupCustomField: fields(21, 1) }, 10004],
  ['createGroup', 'a long field', { ...crew, groupCustomField: fields(1, 513) }, 10004],
  [
    'createGroup',
    'many members',
    { ...crew, type: 'Public', memberList: people(501).map(id => ({ userID: id })) },
    10005
  ],
  ['createGroup', 'a large maxMemberNum', { ...crew, type: 'Public', maxMemberNum: 6001 }, 10004],
  ['updateGroupProfile', 'a long name', { groupID, name: text(31) }, 10004],
  ['updateGroupProfile', 'a long introduction', { groupID, introduction: text(241) }, 10004],
  ['updateGroupProfile', 'a long notification', { groupID, notification: text(301) }, 10004],
  ['updateGroupProfile', 'a long avatar', { groupID, avatar: text(101) }, 10004],
  ['updateGroupProfile', 'many fields', { groupID, groupCustomField: fields(21, 1) }, 10004],
  ['updateGroupProfile', 'a long field', { groupID, groupCustomField: fields(1, 513) }, 10004],
  ['joinGroup', 'a long message', { groupID, applyMessage: text(301) }, 10004],
  ['handleGroupApplication', 'a long message', { ...deciding, handleMessage: text(301) }, 10004],
  ['addGroupMember', 'many users', { groupID, userIDList: people(501) }, 10005],
  ['deleteGroupMember', 'many users', { groupID, userIDList: people(501) }, 10005],
  [
    'deleteGroupMember',
    'a long reason',
    { groupID, userIDList: [userID], reason: text(301) },
    10004
  ],
  ['setGroupMemberMuteTime', 'a negative time', { groupID, userID, muteTime: -5 }, 10004],
  ['setGroupMemberMuteTime', 'a long time', { groupID, userID, muteTime: 4_294_967_296 }, 10004],
  ['setGroupMemberNameCard', 'a long one', { groupID, userID, nameCard: text(51) }, 10004],
  [
    'setGroupMemberCustomField',
    'many fields',
    { groupID, userID, memberCustomField: fields(6, 1) },
    10004
  ],
  [
    'setGroupMemberCustomField',
    'a long field',
    { groupID, userID, memberCustomField: fields(1, 65) },
    10004
  ],
  ['markGroupMemberList', 'a low mark', { ...marking, markType: 999 }, 10004],
  ['markGroupMemberList', 'a high mark', { ...marking, markType: 2 ** 32 }, 10004],
  ['getGroupMemberList', 'a low filter', { groupID, filter: 999 }, 10004],
  ...(['initGroupAttributes', 'setGroupAttributes'] as const).flatMap((call): Refused[] => [
    [call, 'many attributes', { groupID, groupAttributes: record(17, 1) }, 10004],
    [call, 'a long key', { groupID, groupAttributes: { [text(33)]: 'x' } }, 10004],
    [call, 'a long value', { groupID, groupAttributes: record(1, 4097) }, 10004]
  ]),
  ['deleteGroupAttributes', 'a long key', { groupID, keyList: [text(33)] }, 10004],
  ['setGroupCounters', 'many counters', { groupID, counters: counters(21, 1) }, 10004],
  ['setGroupCounters', 'a long key', { groupID, counters: { [text(129)]: 1 } }, 10004],
  ['setGroupCounters', 'a large value', { groupID, counters: { likes: 2 ** 53 } }, 10004],
  ...(['increaseGroupCounter', 'decreaseGroupCounter'] as const).flatMap((call): Refused[] => [
    [call, 'a long key', { groupID, key: text(129), value: 1 }, 10004],
    [call, 'a large value', { groupID, key: 'likes', value: 2 ** 53 }, 10004]
  ])
]
