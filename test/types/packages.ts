/**
 * Our objects fit the types of Tencent's packages, and their options fit ours. This file is
 * compiled, not run. It leaves out the known differences:
 *
 * - Their `TYPES` is an enumeration, ours an object of strings with the same values. The compiler
 *   does not accept a string for an enumeration, so this file leaves out `type`, `joinOption`,
 *   `role`, `messageRemindType`, `handleAction` and `groupProfileFilter`.
 * - They declare `Group.createTime` a string. On the wire and here it is a number of seconds.
 * - Their `handleGroupApplication` takes a whole `Message`, ours any object with its payload.
 */

import type {
  ChatSDK as ChatSDK3,
  Group as Group3,
  GroupMember as GroupMember3
} from '@tencentcloud/chat'
import type { ChatSDK as ChatSDK2, Group as Group2, GroupMember as GroupMember2 } from 'tim-js-sdk'
import type { Tim, TimGroup, TimGroupMember } from '../../src/tim/tim.ts'

declare const tim: Tim
declare const group: TimGroup
declare const member: TimGroupMember

type PlainCalls =
  | 'getGroupProfile'
  | 'dismissGroup'
  | 'quitGroup'
  | 'searchGroupByID'
  | 'changeGroupOwner'
  | 'getGroupMemberList'
  | 'getGroupMemberProfile'
  | 'addGroupMember'
  | 'deleteGroupMember'
  | 'setGroupMemberMuteTime'
  | 'setGroupMemberNameCard'
  | 'setGroupMemberCustomField'
export const calls2: Pick<ChatSDK2, PlainCalls> = tim
export const calls3: Pick<ChatSDK3, PlainCalls | 'getGroupList'> = tim

/** The options of an app written for their package, without those of their enumeration. */
type Options<S, C extends keyof S, Left extends string> = S[C] extends (options: infer O) => unknown
  ? Omit<O, Left>
  : never
declare const create: Options<ChatSDK2, 'createGroup', 'type' | 'joinOption' | 'memberList'> &
  Options<ChatSDK3, 'createGroup', 'type' | 'joinOption' | 'memberList' | 'inviteOption'>
declare const update: Options<ChatSDK2, 'updateGroupProfile', 'joinOption'> &
  Options<ChatSDK3, 'updateGroupProfile', 'joinOption' | 'inviteOption'>
declare const join: Options<ChatSDK2, 'joinGroup', 'type'> & Options<ChatSDK3, 'joinGroup', 'type'>
declare const remind: Options<ChatSDK2, 'setMessageRemindType', 'messageRemindType'>
declare const role: Options<ChatSDK2, 'setGroupMemberRole', 'role'>

export const enumerated = [
  () => tim.createGroup({ ...create, type: 'Public' }),
  () => tim.updateGroupProfile(update),
  () => tim.joinGroup(join),
  () => tim.setMessageRemindType({ groupID: 'g', ...remind, messageRemindType: 'Discard' }),
  () => tim.setGroupMemberRole({ ...role, role: 'Admin' })
]

export const member2: GroupMember2 = member
export const member3: GroupMember3 = member

type PlainFields = Exclude<
  keyof Group2 & keyof Group3 & keyof TimGroup,
  'type' | 'joinOption' | 'createTime'
>
export const group2: Pick<Group2, PlainFields> = group
export const group3: Pick<Group3, PlainFields> = group
