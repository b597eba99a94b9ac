/**
 * The objects of Tencent's API. There is one object per group and one per member, and it changes in
 * place: apps keep these objects and expect them to stay current. All keys exist from the start.
 */

import type { Group, Member } from '../engine/api.ts'
import type {
  CustomField,
  GroupRow,
  GroupType,
  JoinOption,
  OrOther,
  Role
} from '../kernel/model.ts'

/**
 * A group, as Tencent's API shows it. Times are in seconds. The object changes in place while the
 * user is in the group.
 *
 * @example
 * const { group } = (await tim.getGroupProfile({ groupID: 'crew' })).data
 * console.log(group.name, group.memberNum, group.selfInfo.role)
 */
export type TimGroup = {
  groupID: string
  type: OrOther<GroupType>
  name: string
  avatar: string
  introduction: string
  notification: string
  /** `''` for a Private group after its owner has quit. */
  ownerID: string
  createTime: number
  /** Rises with each change of the profile. */
  infoSequence: number
  lastInfoTime: number
  /** All values are empty while the user is not in the group: apps test `selfInfo.userID`. */
  selfInfo: {
    userID: string
    /** The owner of an AVChatRoom has the role before joining it. */
    role: OrOther<Role | ''>
    messageRemindType: OrOther<'AcceptAndNotify' | 'AcceptNotNotify' | 'Discard' | ''>
    joinTime: number
    nameCard: string
    memberCustomField: CustomField[]
  }
  lastMessage: {
    lastTime: number
    lastSequence: number
    fromAccount: string
    messageForShow: string
  }
  nextMessageSeq: number
  memberNum: number
  maxMemberNum: number
  /** Later name of `memberNum`. */
  memberCount: number
  /** Later name of `maxMemberNum`. */
  maxMemberCount: number
  joinOption: OrOther<JoinOption>
  groupCustomField: CustomField[]
  muteAllMembers: boolean
  /** Of a Community, a later type of group. */
  isSupportTopic: boolean
}

/**
 * A member of a group, as Tencent's API shows it. Times are in seconds. `muteUntil` is 0 for a
 * member who is not muted. The object changes in place.
 *
 * @example
 * const { memberList } = (await tim.getGroupMemberList({ groupID: 'crew', count: 30 })).data
 * console.log(memberList.map(member => `${member.userID} ${member.role}`))
 */
export type TimGroupMember = {
  userID: string
  avatar: string
  nick: string
  role: OrOther<Role>
  joinTime: number
  lastSendMsgTime: number
  nameCard: string
  muteUntil: number
  memberCustomField: CustomField[]
}

export function timGroup(row: Group | GroupRow, userID: string): TimGroup {
  const self = 'selfInfo' in row ? row.selfInfo : null
  const isOwner = row.ownerID === userID
  return {
    groupID: row.groupID,
    type: row.type,
    name: row.name,
    avatar: row.avatar,
    introduction: row.introduction,
    notification: row.notification,
    ownerID: row.ownerID,
    createTime: row.createTime,
    infoSequence: row.infoSequence,
    lastInfoTime: row.lastInfoTime,
    selfInfo: {
      userID: self || isOwner ? userID : '',
      role: self?.role ?? (isOwner ? 'Owner' : ''),
      messageRemindType: self?.messageRemindType ?? '',
      joinTime: self?.joinTime ?? 0,
      nameCard: self?.nameCard ?? '',
      memberCustomField: copies(self?.memberCustomField ?? [])
    },
    lastMessage: { lastTime: 0, lastSequence: 0, fromAccount: '', messageForShow: '' },
    nextMessageSeq: 1,
    memberNum: row.memberNum,
    maxMemberNum: row.maxMemberNum,
    memberCount: row.memberNum,
    maxMemberCount: row.maxMemberNum,
    joinOption: row.joinOption,
    groupCustomField: copies(row.groupCustomField),
    muteAllMembers: row.muteAllMembers,
    isSupportTopic: false
  }
}

export const timMember = (row: Member): TimGroupMember => ({
  userID: row.userID,
  avatar: '',
  nick: '',
  role: row.role,
  joinTime: row.joinTime,
  lastSendMsgTime: 0,
  nameCard: row.nameCard,
  muteUntil: row.muteUntil,
  memberCustomField: copies(row.memberCustomField)
})

/** An app may change the objects that it gets. */
const copies = (fields: readonly CustomField[]): CustomField[] =>
  fields.map(field => ({ ...field }))

/** Changes the object that apps keep, so that it equals `next`. */
export function patch(live: TimGroup, next: TimGroup): void {
  const { selfInfo } = live
  Object.assign(live, next, { selfInfo: Object.assign(selfInfo, next.selfInfo) })
}

/** A member of a group that this device does not hold: only the values that a call has set. */
export const outsideMember = (values: Partial<TimGroupMember>): TimGroupMember => ({
  userID: '',
  avatar: '',
  nick: '',
  role: '',
  joinTime: 0,
  lastSendMsgTime: 0,
  nameCard: '',
  muteUntil: 0,
  memberCustomField: [],
  ...values
})
