/** Valid frames of every type and valid requests over HTTP. Mutations start from them. */

import type { OperationName } from '../../src/kernel/decide.ts'
import { hello, operation, push, wrongCheck } from './attacker.ts'
import { tokenOf } from './process.ts'

/** Groups of attackers, and groups of others that they must not change. */
const groupIDs = ['lair', 'den', 'crew', 'vault'] as const

type OperationArgs = Readonly<Record<OperationName, Readonly<Record<string, unknown>>>>

/** The arguments of each operation, in a group. */
const operationArgs = (groupID: string): OperationArgs => ({
  createGroup: {
    groupID,
    name: 'Lair',
    type: 'Public',
    introduction: 'of ours',
    joinOption: 'FreeAccess',
    maxMemberNum: 100,
    memberList: [
      { userID: 'extra1', role: 'Admin', memberCustomField: [{ key: 'a', value: 'b' }] }
    ],
    groupCustomField: [{ key: 'color', value: 'red' }]
  },
  updateGroupProfile: {
    groupID,
    name: 'Lair 2',
    avatar: 'https://a.example/a.png',
    muteAllMembers: true
  },
  addGroupMember: { groupID, userIDList: ['extra2', 'extra3'] },
  deleteGroupMember: { groupID, userIDList: ['extra2'], reason: 'late' },
  setGroupMemberRole: { groupID, userID: 'extra1', role: 'Admin' },
  setGroupMemberMuteTime: { groupID, userID: 'extra1', muteTime: 600 },
  setGroupMemberNameCard: { groupID, userID: 'extra1', nameCard: 'Extra' },
  setGroupMemberCustomField: { groupID, memberCustomField: [{ key: 'a', value: 'c' }] },
  markGroupMemberList: { groupID, userIDList: ['extra1'], markType: 1000, enableMark: true },
  setMessageRemindType: { groupID, messageRemindType: 'Discard' },
  initGroupAttributes: { groupID, groupAttributes: [{ key: 'seat', value: 'extra1' }] },
  setGroupAttributes: { groupID, groupAttributes: [{ key: '__proto__', value: 'extra2' }] },
  deleteGroupAttributes: { groupID, keyList: ['seat'] },
  setGroupCounters: { groupID, counters: [{ key: 'likes', value: 3 }] },
  increaseGroupCounter: { groupID, key: 'likes', value: 2 },
  decreaseGroupCounter: { groupID, key: '__proto__', value: 1 },
  changeGroupOwner: { groupID, newOwnerID: 'extra1' },
  joinGroup: { groupID, applyMessage: 'Let me in', type: 'Public' },
  handleGroupApplication: {
    groupID,
    userID: 'extra4',
    handleAction: 'Agree',
    handleMessage: 'ok'
  },
  quitGroup: { groupID },
  dismissGroup: { groupID }
})

/** Makes a message. `name`: a part of the operation IDs. */
export function validMessages({
  name,
  userID
}: {
  name: string
  userID: string
}): (() => object)[] {
  const operations = groupIDs.flatMap(groupID =>
    Object.entries(operationArgs(groupID)).map(([operationName, args], index) =>
      operation(`${name}-${index}`, operationName, args, { seen: index })
    )
  )
  const [first, second] = operations
  return [
    () => hello(userID, [['lair', 1, 1]], { feed: 1 }),
    () => hello(userID),
    () => ({ type: 'auth', token: tokenOf(userID) }),
    ...groupIDs.flatMap(groupID => [
      () => ({ type: 'members', groupID, after: '', limit: 500 }),
      () => ({ type: 'read', request: 1, groupID, search: false }),
      () => ({ type: 'readMembers', request: 1, groupID, offset: 0, limit: 500 }),
      () => ({ type: 'readEntries', request: 1, groupID }),
      () => wrongCheck(groupID)
    ]),
    () => ({ type: 'ping' }),
    () => ({ type: 'of another build', with: 'more' }),
    ...operations.map(each => () => push(each)),
    () => push({ ...second, after: first?.opID }),
    () =>
      push(...operations.slice(0, 3).map((each, index) => ({ ...each, opID: `${name}-${index}` })))
  ]
}
