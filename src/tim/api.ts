/** The calls of Tencent's group API, as this library has them. */

import type { Args, OperationName, Result } from '../kernel/decide.ts'
import type { TimEventName } from './constants.ts'
import type { TimHandler } from './events.ts'
import type { IMResponse } from './im-error.ts'
import type { GroupSystemNoticePayload, TimMessage } from './message.ts'
import type { TimGroup, TimGroupMember } from './shapes.ts'

export type TimGroupResponse = Promise<IMResponse<{ group: TimGroup }>>
export type TimMemberResponse = Promise<IMResponse<{ group: TimGroup; member: TimGroupMember }>>

/** Every call rejects with an `IMError`; the codes are those of `tim-groups.md` §5. Before `SDK_READY`: 2999. */
export type Tim = {
  /**
   * Opens the store of a user. Resolves when the local database is open; a user whom this device does not know yet also
   * waits for the server. `SDK_READY` follows. Rejects with 2002 or 2003 when something is missing, 2025 while another
   * login runs, 2026 while another user is logged in, 70001 to 70402 for a userSig that the server refuses.
   *
   * @example
   * await tim.login({ userID: 'ann', userSig })
   */
  login(options: { userID: string; userSig: string }): Promise<IMResponse<Record<string, unknown>>>
  /**
   * Ends the store. What waits for the network is kept and sent after the next login.
   *
   * @example
   * await tim.logout()
   */
  logout(): Promise<IMResponse<Record<string, never>>>
  /**
   * Logs out and forgets the instance.
   *
   * @example
   * await tim.destroy()
   */
  destroy(): Promise<void>
  /**
   * Calls `handler` at each event of that name, with `context` as `this`.
   *
   * @example
   * tim.on(TIM.EVENT.GROUP_LIST_UPDATED, event => console.log(event.data))
   */
  on<N extends TimEventName>(name: N, handler: TimHandler<N>, context?: unknown): void
  /**
   * Calls `handler` at the next event of that name, and then no more.
   *
   * @example
   * tim.once(TIM.EVENT.SDK_READY, () => console.log('ready'))
   */
  once<N extends TimEventName>(name: N, handler: TimHandler<N>, context?: unknown): void
  /**
   * Does not call `handler` any more.
   *
   * @example
   * const handler = event => console.log(event.data)
   * tim.on(TIM.EVENT.ERROR, handler)
   * tim.off(TIM.EVENT.ERROR, handler)
   */
  off<N extends TimEventName>(name: N, handler: TimHandler<N>, context?: unknown): void
  /**
   * Accepted for compatibility; this library does not log.
   *
   * @example
   * tim.setLogLevel(1)
   */
  setLogLevel(level: number): void

  /**
   * Seed: "Obtaining your group list". Every profile field is there, whether asked for or not. Answers from this device.
   *
   * @example
   * const { groupList } = (await tim.getGroupList()).data
   */
  getGroupList(options?: {
    groupProfileFilter?: readonly string[]
  }): Promise<IMResponse<{ groupList: TimGroup[] }>>
  /**
   * Seed: "Obtaining the detailed group profile". Of a group that the user is not in, the server is asked: 10010 where
   * there is none, 10007 for a Private group, 2805 without a network.
   *
   * @example
   * const { group } = (await tim.getGroupProfile({ groupID: 'crew', groupCustomFieldFilter: ['level'] })).data
   */
  getGroupProfile(options: {
    groupID: string
    groupCustomFieldFilter?: readonly string[]
    memberCustomFieldFilter?: readonly string[]
  }): TimGroupResponse
  /**
   * Seed: "Creating a group". Who creates an AVChatRoom still has to join it. 2600 for a type that does not exist, 10004
   * for an argument, 10005 for over 500 members, 10014, 10037; 10021 when the ID turns out to be taken.
   *
   * @example
   * const { group } = (await tim.createGroup({ name: 'Crew', memberList: [{ userID: 'bob' }] })).data
   */
  createGroup(options: Args<'createGroup'>): TimGroupResponse
  /**
   * Seed: "Deleting a group". 2622 for a Private group, 10007 for who is not the owner.
   *
   * @example
   * const { groupID } = (await tim.dismissGroup('crew')).data
   */
  dismissGroup(groupID: string): Promise<IMResponse<{ groupID: string }>>
  /**
   * Seed: "Updating a group profile". Only what is passed changes. 10007, 10004.
   *
   * @example
   * const { group } = (await tim.updateGroupProfile({ groupID: 'crew', name: 'Boat' })).data
   */
  updateGroupProfile(options: Args<'updateGroupProfile'>): TimGroupResponse
  /**
   * Seed: "Applying to join a group". A group that the device has never seen needs the network: 2805. Otherwise 2601 and
   * 10007 for a Private group, 10004 where nobody can apply, 10014, 10037, 10010.
   *
   * @example
   * const { status, group } = (await tim.joinGroup({ groupID: 'crew', type: TIM.TYPES.GRP_PUBLIC })).data
   */
  joinGroup(
    options: Args<'joinGroup'>
  ): Promise<IMResponse<{ status: Result<'joinGroup'>['status']; group?: TimGroup }>>
  /**
   * Seed: "Quitting a group". 10009 for the owner of a group that is not Private, 2623 for who is not in it.
   *
   * @example
   * await tim.quitGroup('crew').catch(imError => console.warn(imError.code)) // the owner: 10009
   */
  quitGroup(groupID: string): Promise<IMResponse<{ groupID: string }>>
  /**
   * Seed: "Searching for a group by group ID". Asks the server: 10007 for a Private group, 10010, 2805.
   *
   * @example
   * const { group } = (await tim.searchGroupByID('crew')).data
   */
  searchGroupByID(groupID: string): TimGroupResponse
  /**
   * Seed: "Transferring a group". The former owner becomes a common member. 10007, 2620 for an AVChatRoom, 2621, 10004.
   *
   * @example
   * const { group } = (await tim.changeGroupOwner({ groupID: 'crew', newOwnerID: 'bob' })).data
   */
  changeGroupOwner(options: Args<'changeGroupOwner'>): TimGroupResponse
  /**
   * Seed: "Processing an application to join a group", with the message of the notice. 10024 when it was handled already,
   * 10007, 10004 for a message that is none, 10014.
   *
   * @example
   * tim.on(TIM.EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, ({ data }) => {
   *   if (data.type === 1) tim.handleGroupApplication({ handleAction: 'Agree', handleMessage: 'Welcome', message: data.message })
   * })
   */
  handleGroupApplication(options: {
    handleAction: 'Agree' | 'Reject'
    handleMessage?: string
    message: Pick<TimMessage<TimApplicationPayload>, 'payload'>
  }): TimGroupResponse
  /**
   * Seed: "Setting the notification type for group messages". For oneself.
   *
   * @example
   * await tim.setMessageRemindType({ groupID: 'crew', messageRemindType: TIM.TYPES.MSG_REMIND_DISCARD })
   */
  setMessageRemindType(options: Args<'setMessageRemindType'>): TimGroupResponse
  /**
   * Seed: "Obtaining group members": 15 from the first on unless said otherwise, at most 100, in the order in which they
   * joined. Offline, those that this device holds.
   *
   * @example
   * const { memberList } = (await tim.getGroupMemberList({ groupID: 'crew', count: 30, offset: 0 })).data
   */
  getGroupMemberList(options: {
    groupID: string
    count?: number
    offset?: number
  }): Promise<IMResponse<{ memberList: TimGroupMember[] }>>
  /**
   * Seed: "Obtaining the profiles of group members": of the first 50 users named, those who are in the group, in the
   * order in which they are named.
   *
   * @example
   * const { memberList } = (await tim.getGroupMemberProfile({ groupID: 'crew', userIDList: ['bob'] })).data
   */
  getGroupMemberProfile(options: {
    groupID: string
    userIDList: readonly string[]
    memberCustomFieldFilter?: readonly string[]
  }): Promise<IMResponse<{ memberList: TimGroupMember[] }>>
  /**
   * Seed: "Adding a group member". Who is in already is no error. 10007, 2661 for an AVChatRoom, 10005, 10014.
   *
   * @example
   * const { group: own } = (await tim.createGroup({ name: 'Private crew' })).data
   * const { successUserIDList } = (await tim.addGroupMember({ groupID: own.groupID, userIDList: ['bob', 'carl'] })).data
   */
  addGroupMember(options: Args<'addGroupMember'>): Promise<
    IMResponse<{
      successUserIDList: string[]
      failureUserIDList: string[]
      existedUserIDList: string[]
      group?: TimGroup
    }>
  >
  /**
   * Seed: "Deleting a group member". 10007, 2680 for an AVChatRoom, 10004 for oneself.
   *
   * @example
   * const { group, userIDList } = (await tim.deleteGroupMember({ groupID: 'crew', userIDList: ['bob'], reason: 'rules' })).data
   */
  deleteGroupMember(
    options: Args<'deleteGroupMember'>
  ): Promise<IMResponse<{ group: TimGroup; userIDList: string[] }>>
  /**
   * Seed: "Muting or unmuting a group member", for so many seconds; 0 unmutes. 10007, 2685 for oneself, 10004.
   *
   * @example
   * const { member } = (await tim.setGroupMemberMuteTime({ groupID: 'crew', userID: 'bob', muteTime: 600 })).data
   */
  setGroupMemberMuteTime(options: Args<'setGroupMemberMuteTime'>): TimMemberResponse
  /**
   * Seed: "Setting or canceling the admin". 2681, 2682, 2683, 2684, 10004.
   *
   * @example
   * const { member } = (await tim.setGroupMemberRole({ groupID: 'crew', userID: 'bob', role: TIM.TYPES.GRP_MBR_ROLE_ADMIN })).data
   */
  setGroupMemberRole(options: Args<'setGroupMemberRole'>): TimMemberResponse
  /**
   * Seed: "Modifying a group member's name card", one's own unless said otherwise; an empty one clears it. 10007, 10004.
   *
   * @example
   * const { member } = (await tim.setGroupMemberNameCard({ groupID: 'crew', nameCard: 'Skipper' })).data
   */
  setGroupMemberNameCard(options: Args<'setGroupMemberNameCard'>): TimMemberResponse
  /**
   * Seed: "Modifying a group member custom field", one's own unless said otherwise; merged by key. 10007, 10004.
   *
   * @example
   * const { member } = (await tim.setGroupMemberCustomField({ groupID: 'crew', memberCustomField: [{ key: 'city', value: 'Oslo' }] })).data
   */
  setGroupMemberCustomField(options: Args<'setGroupMemberCustomField'>): TimMemberResponse
}

/** The calls of a group. An operation of the rules without a call of its name does not compile. */
export type GroupCalls = Pick<
  Tim,
  | OperationName
  | 'getGroupList'
  | 'getGroupProfile'
  | 'searchGroupByID'
  | 'getGroupMemberList'
  | 'getGroupMemberProfile'
>

/** The part of a notice's payload that names an application; without `messageKey` the last one of its author. */
export type TimApplicationPayload = Pick<
  GroupSystemNoticePayload,
  'groupProfile' | 'operatorID' | 'operationType' | 'messageKey'
>
