/**
 * What people are told about a group: tips, lines in the group for all its members, and system notices, for the users
 * concerned. The numbers are Tencent's. Source: the seed page ("Group Notification", "Group System Notification"),
 * `tim-groups.md` §2.5, §2.6, §6.4.
 */

import { lookUp, type GroupRow, type GroupType, type OrOther } from './model.ts'
import type { Policy } from './limits.ts'

export const tipTypes = {
  joined: 1,
  quit: 2,
  kicked: 3,
  adminSet: 4,
  adminCanceled: 5,
  profileUpdated: 6,
  memberMuted: 7
} as const
export type TipType = (typeof tipTypes)[keyof typeof tipTypes]

export type Tip = {
  readonly operationType: TipType
  /** The users concerned; none where the group itself is. */
  readonly userIDList: readonly string[]
  /** How many members there are now; where that has changed. */
  readonly memberNum?: number
  /** What has changed of the profile. */
  readonly newGroupProfile?: Partial<GroupRow>
  /** For how many seconds who is muted now; `0`: not any more. */
  readonly memberList?: readonly { readonly userID: string; readonly muteTime: number }[]
}

/** A tip that was told: `seq` is its position in the group's log, `time` in seconds. */
export type TipRow = Omit<Tip, 'operationType'> & {
  readonly operationType: TipType | (number & {})
  readonly groupID: string
  readonly seq: number
  readonly time: number
  readonly operatorID: string
}

export const noticeTypes = {
  applied: 1,
  agreed: 2,
  refused: 3,
  kicked: 4,
  dismissed: 5,
  created: 6,
  invited: 7,
  quit: 8,
  adminSet: 9,
  adminCanceled: 10,
  custom: 255
} as const
export type NoticeType = (typeof noticeTypes)[keyof typeof noticeTypes]

export type Notice = {
  readonly operationType: NoticeType
  /** Who is told: these users, who may handle applications, or everybody in the group. */
  readonly to: readonly string[] | 'admins' | 'members'
  /** What somebody has said along with it. */
  readonly handleMessage?: string
}

/** A notice that a user was given: `fseq` is its position in the user's feed, `time` in seconds. */
export type NoticeRow = {
  readonly fseq: number
  readonly time: number
  readonly operationType: NoticeType | (number & {})
  readonly groupID: string
  /** The group's name then. */
  readonly groupName: string
  /** Who did it; of an application, the applicant. */
  readonly operatorID: string
  readonly handleMessage: string
  /** Of an application: which of this user's applications to the group it is. */
  readonly applicationSeq?: number
  /** Of a custom notice. */
  readonly userDefinedField?: string
}

/** What Tencent's service does not tell, where the seed says that everybody is told everything. */
const untoldByTencent: Record<GroupType, readonly TipType[]> = {
  Private: [],
  Public: [],
  ChatRoom: [tipTypes.joined, tipTypes.quit, tipTypes.kicked, tipTypes.memberMuted],
  AVChatRoom: [tipTypes.memberMuted]
}

export function isTold(tip: Tip, type: OrOther<GroupType>, { suppressTips }: Policy): boolean {
  if (suppressTips !== 'tencent') return true
  const told = Object.keys(tip.newGroupProfile ?? {}).filter(
    key => key !== 'muteAllMembers' && key !== 'joinOption'
  )
  return (
    !lookUp(untoldByTencent, type)?.includes(tip.operationType) &&
    (!tip.newGroupProfile || told.length > 0)
  )
}
