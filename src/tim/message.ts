/** Tips and notices as the messages of Tencent's SDK 2.6.3. */

import type { Notice, Tip } from '../engine/api.ts'
import type { GroupRow } from '../kernel/model.ts'
import { TYPES } from './constants.ts'

/** The group of a tip or a notice. `name` and `groupName` are equal. */
export type TimGroupProfile = {
  from: string
  to: string
  groupID: string
  name: string
  groupName: string
}

/**
 * The payload of a group tip: "Group Notification" in Tencent's documentation. `operationType` is
 * one of the `TIM.TYPES.GRP_TIP_…` numbers.
 *
 * @example
 * tim.on(TIM.EVENT.MESSAGE_RECEIVED, ({ data: messages }) => {
 *   for (const { payload } of messages)
 *     if ('userIDList' in payload) console.log(payload.operationType, payload.userIDList)
 * })
 */
export type GroupTipPayload = {
  operatorID: string
  operationType: number
  userIDList: string[]
  groupProfile: TimGroupProfile
  memberNum?: number
  memberCount?: number
  /** The changed fields of the profile. A new name is in both `name` and `groupName`. */
  newGroupProfile?: Partial<GroupRow> & { groupName?: string }
  memberList?: { userID: string; muteTime: number }[]
}

/**
 * The payload of a system notice: "Group System Notification" in Tencent's documentation.
 * `operationType` is the number of that table, and also the `type` of the event.
 *
 * @example
 * tim.on(TIM.EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, ({ data: { type, message } }) => {
 *   console.log(type, message.payload.handleMessage)
 * })
 */
export type GroupSystemNoticePayload = {
  operatorID: string
  operationType: number
  groupProfile: TimGroupProfile
  handleMessage: string
  /** Identifies an application for `handleGroupApplication`. */
  messageKey?: number
  authentication?: string
  userDefinedField?: string
}

/** A tip or a notice with all keys of Tencent's `Message`. `time` is in seconds. */
export type TimMessage<P = GroupTipPayload | GroupSystemNoticePayload> = {
  ID: string
  conversationID: string
  conversationType: string
  time: number
  sequence: number
  clientSequence: number
  random: number
  priority: string
  nick: string
  avatar: string
  from: string
  to: string
  flow: 'in' | 'out'
  isSystemMessage: boolean
  isRevoked: boolean
  isRead: boolean
  isResend: boolean
  isPlaceMessage: number
  status: 'success'
  protocol: string
  geo: Record<string, never>
  type: string
  payload: P
  _elements: { type: string; content: P }[]
}

export function tipMessage(
  tip: Tip,
  { userID, groupName }: { userID: string; groupName: string }
): TimMessage<GroupTipPayload> {
  const { groupID, operatorID, operationType, userIDList, memberNum, newGroupProfile, memberList } =
    tip
  const payload: GroupTipPayload = {
    operatorID,
    operationType,
    userIDList: userIDList.length > 0 ? [...userIDList] : [operatorID],
    groupProfile: { from: operatorID, to: groupID, groupID, name: groupName, groupName },
    ...(memberNum !== undefined && { memberNum, memberCount: memberNum }),
    ...(newGroupProfile && {
      newGroupProfile: {
        ...newGroupProfile,
        ...(newGroupProfile.name !== undefined && { groupName: newGroupProfile.name })
      }
    }),
    ...(memberList && { memberList: memberList.map(member => ({ ...member })) })
  }
  if (memberList)
    Object.defineProperty(payload, 'msgMemberInfo', { get: () => memberList.map(oldMemberInfo) })
  const conversation = {
    conversationID: `${TYPES.CONV_GROUP}${groupID}`,
    conversationType: TYPES.CONV_GROUP,
    isSystemMessage: false
  }
  return message({
    ...conversation,
    type: TYPES.MSG_GRP_TIP,
    payload,
    from: operatorID,
    to: groupID,
    time: tip.time,
    sequence: tip.seq,
    userID
  })
}

/** A muted member with its field names in older versions of the SDK. */
const oldMemberInfo = ({ userID, muteTime }: { userID: string; muteTime: number }) => ({
  userID,
  shutupTime: muteTime
})

export function noticeMessage(
  notice: Omit<Notice, 'application'>,
  userID: string
): TimMessage<GroupSystemNoticePayload> {
  const {
    fseq,
    groupID,
    groupName,
    operatorID,
    operationType,
    handleMessage,
    userDefinedField,
    time
  } = notice
  const { applicationSeq: messageKey } = notice
  const payload: GroupSystemNoticePayload = {
    operatorID,
    operationType,
    groupProfile: { from: operatorID, to: userID, groupID, name: groupName, groupName },
    handleMessage,
    ...(messageKey !== undefined && { messageKey, authentication: `${groupID} ${operatorID}` }),
    ...(userDefinedField !== undefined && { userDefinedField })
  }
  const conversation = {
    conversationID: TYPES.CONV_SYSTEM,
    conversationType: TYPES.CONV_SYSTEM,
    isSystemMessage: true
  }
  return message({
    ...conversation,
    type: TYPES.MSG_GRP_SYS_NOTICE,
    payload,
    from: TYPES.CONV_SYSTEM,
    to: groupID,
    time,
    sequence: fseq,
    userID
  })
}

type Parts<P> = Pick<
  TimMessage<P>,
  | 'conversationID'
  | 'conversationType'
  | 'isSystemMessage'
  | 'type'
  | 'payload'
  | 'from'
  | 'to'
  | 'time'
  | 'sequence'
>

function message<P>({ userID, ...parts }: Parts<P> & { userID: string }): TimMessage<P> {
  const { conversationID, sequence, from, type, payload } = parts
  // A position is unique in its log or feed. As the random number, it makes the ID of a message
  // equal on every delivery.
  const random = sequence
  const flow = from === userID ? 'out' : 'in'
  return {
    ID: `${conversationID}-${sequence}-${random}-${flow === 'out' ? 1 : 0}`,
    clientSequence: sequence,
    random,
    priority: TYPES.MSG_PRIORITY_NORMAL,
    nick: '',
    avatar: '',
    flow,
    isRevoked: false,
    isRead: false,
    isResend: false,
    isPlaceMessage: 0,
    status: 'success',
    protocol: 'JSON',
    geo: {},
    ...parts,
    _elements: [{ type, content: payload }]
  }
}
