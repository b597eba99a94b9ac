/** Programs that must not compile. A mark above a correct line is itself a compiler error. */

import { createGroupStore, type GroupStore, type List, type Member } from '../../src/index.ts'
import type { GroupType, Role } from '../../src/kernel/model.ts'
import type { Rule } from '../../src/kernel/permissions.ts'
import type { Tim } from '../../src/tim/tim.ts'

declare const store: GroupStore
declare const tim: Tim
declare const list: List<Member>

export const programs = [
  // @ts-expect-error there is no such operation
  () => store.apply('renameGroup', { groupID: 'g', name: 'n' }),
  // @ts-expect-error a name is required
  () => store.apply('createGroup', { type: 'Public' }),
  // @ts-expect-error there is no such group type
  () => store.apply('createGroup', { name: 'n', type: 'Community' }),
  // @ts-expect-error only admins can be named at creation
  () => store.apply('createGroup', { name: 'n', memberList: [{ userID: 'bob', role: 'Owner' }] }),
  // @ts-expect-error the argument is called userIDList
  () => store.apply('addGroupMember', { groupID: 'g', userIDs: ['bob'] }),
  // @ts-expect-error seconds are a number
  () => store.apply('setGroupMemberMuteTime', { groupID: 'g', userID: 'bob', muteTime: '600' }),
  // @ts-expect-error an answer may be an error and must be checked first
  async () => (await store.apply('createGroup', { name: 'n' })).groupID,
  async () => {
    const answer = await store.apply('quitGroup', { groupID: 'g' })
    // @ts-expect-error the operation decides which fields its result has
    return 'result' in answer && answer.result.status
  },
  // @ts-expect-error rows are readonly
  () => (list.rows[0]!.role = 'Owner'),
  // @ts-expect-error lists are readonly
  () => list.rows.push(list.rows[0]!),
  // @ts-expect-error a window has a limit
  () => store.members$('g', { offset: 0 }),
  // @ts-expect-error pending is keep, flush or discard
  () => store.logout({ pending: 'forget' }),
  // @ts-expect-error a store needs a token
  () => createGroupStore({ url: 'ws://localhost', userID: 'ann' }),
  // @ts-expect-error Tencent's calls take options
  () => tim.createGroup('Crew'),
  // @ts-expect-error these take an ID by position
  () => tim.quitGroup({ groupID: 'g' }),
  // @ts-expect-error the data of an event depends on its name
  () => tim.on('onGroupListUpdated', event => event.data.message)
]

// @ts-expect-error a new role needs its rights
export const roles: Record<Role, boolean> = { Admin: true, Member: false }
// @ts-expect-error a group type is missing
export const types: Rule = { Private: {}, Public: {}, ChatRoom: {} }
export const everyType: Record<GroupType, string> = {
  Private: '',
  Public: '',
  ChatRoom: '',
  AVChatRoom: ''
}
