/** The calls about groups, with Tencent's arguments and results. */

import type { Args, Result } from '../kernel/decide.ts'
import type { TimGroupApplication } from './applications.ts'
import type { IMResponse } from './im-error.ts'
import type { GroupSystemNoticePayload, TimMessage } from './message.ts'
import type { TimGroup } from './shapes.ts'

/** The answer of a call about one group: the live object of the group. */
export type TimGroupResponse = Promise<IMResponse<{ group: TimGroup }>>

/**
 * The calls about groups. Times are in seconds. The titles in quotation marks are those of
 * Tencent's documentation. Errors of several calls: 10004 for an invalid argument, 10007 for a
 * missing permission, 10010 for an unknown group, 10014 if the group is full, 10037 if the user is
 * in too many groups.
 */
export type TimGroupCalls = {
  /**
   * "Obtaining your group list". Answers from this device, with all profile fields.
   *
   * @example
   * const { groupList } = (await tim.getGroupList()).data
   */
  getGroupList(options?: {
    groupProfileFilter?: readonly string[]
  }): Promise<IMResponse<{ groupList: TimGroup[] }>>
  /**
   * "Obtaining the detailed group profile". Asks the server about a group that the user is not in:
   * 10010 if there is none, 10007 for a Private group, 2805 without a network.
   *
   * @example
   * const { group } = (await tim.getGroupProfile({ groupID: 'crew' })).data
   */
  getGroupProfile(options: {
    groupID: string
    groupCustomFieldFilter?: readonly string[]
    memberCustomFieldFilter?: readonly string[]
  }): TimGroupResponse
  /**
   * "Creating a group". The creator of an AVChatRoom still has to join it. Errors: 2600 for an
   * unknown type, 10004 for an argument, 10005 for more than 500 members, 10014, 10037. With a
   * network, 10021 for a taken ID, and users in as many groups as they may be in are in
   * `overLimitUserIDList`. Without one, an event reports both later.
   *
   * @example
   * const memberList = [{ userID: 'bob' }]
   * const { group } = (await tim.createGroup({ name: 'Crew', memberList })).data
   */
  createGroup(
    options: Args<'createGroup'>
  ): Promise<IMResponse<{ group: TimGroup; overLimitUserIDList: string[] }>>
  /**
   * "Deleting a group". Errors: 2622 for a Private group, 10007 if the user is not the owner.
   *
   * @example
   * const { groupID } = (await tim.dismissGroup('crew')).data
   */
  dismissGroup(groupID: string): Promise<IMResponse<{ groupID: string }>>
  /**
   * "Updating a group profile". Changes only the given fields. Errors: 10007, 10004.
   *
   * @example
   * const { group } = (await tim.updateGroupProfile({ groupID: 'crew', name: 'Boat' })).data
   */
  updateGroupProfile(options: Args<'updateGroupProfile'>): TimGroupResponse
  /**
   * "Applying to join a group". A group that this device does not know needs the network: 2805.
   * Other errors: 2601 and 10007 for a Private group, 10004 if the group accepts no applications,
   * 10010, 10014, 10037.
   *
   * @example
   * const joining = { groupID: 'crew', type: TIM.TYPES.GRP_PUBLIC }
   * const { status, group } = (await tim.joinGroup(joining)).data
   */
  joinGroup(
    options: Args<'joinGroup'>
  ): Promise<IMResponse<{ status: Result<'joinGroup'>['status']; group?: TimGroup }>>
  /**
   * "Quitting a group". Errors: 10009 for the owner of a group that is not Private, 2623 if the
   * user is not in the group.
   *
   * @example
   * await tim.quitGroup('crew').catch(imError => console.warn(imError.code)) // the owner: 10009
   */
  quitGroup(groupID: string): Promise<IMResponse<{ groupID: string }>>
  /**
   * "Searching for a group by group ID". Asks the server. Errors: 10007 for a Private group, 10010,
   * 2805 without a network.
   *
   * @example
   * const { group } = (await tim.searchGroupByID('crew')).data
   */
  searchGroupByID(groupID: string): TimGroupResponse
  /**
   * "Transferring a group". The former owner becomes a common member. Errors: 10007, 2620 for an
   * AVChatRoom, 2621 if the new owner is the present one, 10004.
   *
   * @example
   * const { group } = (await tim.changeGroupOwner({ groupID: 'crew', newOwnerID: 'bob' })).data
   */
  changeGroupOwner(options: Args<'changeGroupOwner'>): TimGroupResponse
  /**
   * "Processing an application to join a group", with the message of its notice or an item of
   * `getGroupApplicationList`. Errors: 10024 if
   * it was handled already, 10007, 10004 for an invalid message, 10014.
   *
   * @example
   * tim.on(TIM.EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, ({ data: { type, message } }) => {
   *   if (type === 1) tim.handleGroupApplication({ handleAction: 'Agree', message })
   * })
   */
  handleGroupApplication(options: {
    handleAction: 'Agree' | 'Reject'
    handleMessage?: string
    message?: Pick<TimMessage<TimApplicationPayload>, 'payload'>
    application?: TimGroupApplication
  }): TimGroupResponse
  /**
   * The applications that this user may decide and nobody has decided. Answers from this device.
   *
   * @example
   * const { applicationList } = (await tim.getGroupApplicationList()).data
   * for (const application of applicationList)
   *   await tim.handleGroupApplication({ handleAction: 'Reject', application })
   */
  getGroupApplicationList(): Promise<IMResponse<{ applicationList: TimGroupApplication[] }>>
  /**
   * "The messages for system sessions": the notices on this device, the oldest first. Other
   * conversations are not part of this package: 10004.
   *
   * @example
   * const system = { conversationID: TIM.TYPES.CONV_SYSTEM }
   * const { messageList } = (await tim.getMessageList(system)).data
   */
  getMessageList(options: { conversationID: string }): Promise<
    IMResponse<{
      messageList: TimMessage<GroupSystemNoticePayload>[]
      nextReqMessageID: string
      isCompleted: boolean
    }>
  >
  /**
   * "Setting the notification type for group messages", for this user only. Errors: 10004, 10007
   * for an AVChatRoom or if the user is not in the group.
   *
   * @example
   * const messageRemindType = TIM.TYPES.MSG_REMIND_DISCARD
   * await tim.setMessageRemindType({ groupID: 'crew', messageRemindType })
   */
  setMessageRemindType(options: Args<'setMessageRemindType'>): TimGroupResponse
}

/** Identifies an application. Without `messageKey`: the last application of its author. */
export type TimApplicationPayload = Pick<
  GroupSystemNoticePayload,
  'groupProfile' | 'operatorID' | 'operationType' | 'messageKey'
>
