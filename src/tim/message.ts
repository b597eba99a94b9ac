/** Tips and notices as Tencent's messages. Source: `tim-groups.md` §2.4 to §2.6. */

import type { Notice, Tip } from '../engine/api.ts'
import type { GroupRow } from '../kernel/model.ts'
import { TYPES } from './constants.ts'

export type TimGroupProfile = {
  from: string
  to: string
  groupID: string
  name: string
  groupName: string
}

/**
 * What a group tip says. Seed: "Group Notification".
 *
 * @example
 * tim.on(TIM.EVENT.MESSAGE_RECEIVED, ({ data: [message] }) => {
 *   if (message.type === TIM.TYPES.MSG_GRP_TIP) console.log(message.payload.operationType, message.payload.userIDList)
 * })
 */
export type GroupTipPayload = {
  operatorID: string
  operationType: number
  userIDList: string[]
  groupProfile: TimGroupProfile
  memberNum?: number
  memberCount?: number
  /** What has changed of the profile; a new name is there under both its names. */
  newGroupProfile?: Partial<GroupRow> & { groupName?: string }
  memberList?: { userID: string; muteTime: number }[]
}

/**
 * What a group system notice says. Seed: "Group System Notification".
 *
 * @example
 * tim.on(TIM.EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, event => console.log(event.data.type, event.data.message.payload.handleMessage))
 */
export type GroupSystemNoticePayload = {
  operatorID: string
  operationType: number
  groupProfile: TimGroupProfile
  handleMessage: string
  /** Of an application: what `handleGroupApplication` knows it by. */
  messageKey?: number
  authentication?: string
  userDefinedField?: string
}

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

/** The name that `memberList` had before. */
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
    to: userID,
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
  // A position is never given twice in its log or feed, so it serves as the random number too: IDs stay the same when told again.
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
