/** The calls about members, with Tencent's arguments and results. */

import type { Args } from '../kernel/decide.ts'
import type { Role } from '../kernel/model.ts'
import type { IMResponse } from './im-error.ts'
import type { TimGroup, TimGroupMember } from './shapes.ts'

/** The answer of a call about one member: the live objects of the group and the member. */
export type TimMemberResponse = Promise<IMResponse<{ group: TimGroup; member: TimGroupMember }>>

/**
 * The calls about members. Times are in seconds. The titles in quotation marks are those of
 * Tencent's documentation. Errors of several calls: 10004 for an invalid argument, 10007 for a
 * missing permission, 10010 for an unknown group.
 */
export type TimMemberCalls = {
  /**
   * "Obtaining group members": the owner, admins, members, each in the order of joining. `count` is
   * 15 by default and 100 at most. `offset` of the answer is that of the next page, and 0 after the
   * last one. Offline: the members that this device holds. Errors: 10007 if the user is not in the
   * group, 10010 if there is no such group, 2805 if only the server knows, 10004 for `filter` outside
   * an AVChatRoom. `role` selects the owner, the admins or the common members, `filter` the members
   * with that mark.
   *
   * @example
   * const page = { groupID: 'crew', count: 30, offset: 0 }
   * const { memberList } = (await tim.getGroupMemberList(page)).data
   */
  getGroupMemberList(options: {
    groupID: string
    count?: number
    offset?: number
    role?: Role | ''
    filter?: number
  }): Promise<IMResponse<{ memberList: TimGroupMember[]; offset: number }>>
  /**
   * "Obtaining the profiles of group members", in the order of `userIDList`. Users after the first
   * 50, and users outside the group, are left out. With `memberCustomFieldFilter`, the answer has
   * copies with these fields only.
   *
   * @example
   * const asked = { groupID: 'crew', userIDList: ['bob'] }
   * const { memberList } = (await tim.getGroupMemberProfile(asked)).data
   */
  getGroupMemberProfile(options: {
    groupID: string
    userIDList: readonly string[]
    memberCustomFieldFilter?: readonly string[]
  }): Promise<IMResponse<{ memberList: TimGroupMember[] }>>
  /**
   * "Adding a group member". Current members are in `existedUserIDList`. Users in as many groups as
   * they may be in are in `failureUserIDList` and `overLimitUserIDList`. Errors: 10007, 2661 for an
   * AVChatRoom, 10005 for too many users, 10014 if the group is full.
   *
   * @example
   * const { group: own } = (await tim.createGroup({ name: 'Private crew' })).data
   * const adding = { groupID: own.groupID, userIDList: ['bob', 'carl'] }
   * const { successUserIDList } = (await tim.addGroupMember(adding)).data
   */
  addGroupMember(options: Args<'addGroupMember'>): Promise<
    IMResponse<{
      successUserIDList: string[]
      failureUserIDList: string[]
      existedUserIDList: string[]
      overLimitUserIDList: string[]
      group?: TimGroup
    }>
  >
  /**
   * "Deleting a group member". With `duration`, the users cannot come back to an AVChatRoom for so
   * many seconds. Errors: 10007, 2680 for an AVChatRoom without `duration`, 10004 for oneself, and for
   * `duration` in a group of another type.
   *
   * @example
   * const removing = { groupID: 'crew', userIDList: ['bob'], reason: 'rules' }
   * const { group, userIDList } = (await tim.deleteGroupMember(removing)).data
   */
  deleteGroupMember(
    options: Args<'deleteGroupMember'>
  ): Promise<IMResponse<{ group: TimGroup; userIDList: string[] }>>
  /**
   * Marks members of an AVChatRoom with a number of 1000 or more, or removes the mark. The owner and
   * app admins may. A room has up to 10 marks, a mark up to 1,000 members. Users outside the room,
   * and users after the first 500, are in `failureUserIDList`. A member who leaves has no marks.
   * Errors: 10007, also for a group of another type, and 10004.
   *
   * @example
   * await tim.createGroup({ groupID: 'live', name: 'Live', type: TIM.TYPES.GRP_AVCHATROOM })
   * await tim.joinGroup({ groupID: 'live', type: TIM.TYPES.GRP_AVCHATROOM })
   * const marking = { groupID: 'live', userIDList: ['ann'], markType: 1000, enableMark: true }
   * const { successUserIDList } = (await tim.markGroupMemberList(marking)).data
   */
  markGroupMemberList(
    options: Args<'markGroupMemberList'>
  ): Promise<IMResponse<{ successUserIDList: string[]; failureUserIDList: string[] }>>
  /**
   * "Muting or unmuting a group member", for `muteTime` seconds. 0 unmutes. Errors: 10007, 2685 for
   * oneself, 10004.
   *
   * @example
   * const muting = { groupID: 'crew', userID: 'bob', muteTime: 600 }
   * const { member } = (await tim.setGroupMemberMuteTime(muting)).data
   */
  setGroupMemberMuteTime(options: Args<'setGroupMemberMuteTime'>): TimMemberResponse
  /**
   * "Setting or canceling the admin". Errors: 2681 if the user is not the owner, 2682 for a group
   * without admins, 2683 for an invalid role, 2684 for oneself, 10004 for another argument.
   *
   * @example
   * const promotion = { groupID: 'crew', userID: 'bob', role: TIM.TYPES.GRP_MBR_ROLE_ADMIN }
   * const { member } = (await tim.setGroupMemberRole(promotion)).data
   */
  setGroupMemberRole(options: Args<'setGroupMemberRole'>): TimMemberResponse
  /**
   * "Modifying a group member's name card". Default of `userID`: the user. An empty name card
   * removes it. Errors: 10007, 10004.
   *
   * @example
   * const naming = { groupID: 'crew', nameCard: 'Skipper' }
   * const { member } = (await tim.setGroupMemberNameCard(naming)).data
   */
  setGroupMemberNameCard(options: Args<'setGroupMemberNameCard'>): TimMemberResponse
  /**
   * "Modifying a group member custom field". Default of `userID`: the user. Fields are merged by
   * key, and an empty value removes a field. Errors: 10007, 10004.
   *
   * @example
   * const fields = { groupID: 'crew', memberCustomField: [{ key: 'city', value: 'Oslo' }] }
   * const { member } = (await tim.setGroupMemberCustomField(fields)).data
   */
  setGroupMemberCustomField(options: Args<'setGroupMemberCustomField'>): TimMemberResponse
}
