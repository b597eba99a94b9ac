/**
 * Messages about a group. A tip is a line in the group for all members. A notice is a system
 * message for the users concerned. The numbers of their types are Tencent's.
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
/** The number of a tip's type: the values of `TIM.TYPES.GRP_TIP_…`. */
export type TipType = (typeof tipTypes)[keyof typeof tipTypes]

export type Tip = {
  readonly operationType: TipType
  /** The users that the tip is about. Empty if it is about the group itself. */
  readonly userIDList: readonly string[]
  /** The new number of members, if it has changed. */
  readonly memberNum?: number
  /** The changed fields of the profile. */
  readonly newGroupProfile?: Partial<GroupRow>
  /** Muted members, `muteTime` in seconds. `0`: unmuted. */
  readonly memberList?: readonly { readonly userID: string; readonly muteTime: number }[]
}

/** A tip that was sent. `seq` is its position in the group's log, `time` is in seconds. */
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
/**
 * The number of a notice's type. 1 to 3 are about applications: made, agreed to, refused. 4: the
 * user was removed. 5: the group was dismissed. 6: created. 7: the user was added. 8: has left. 9
 * and 10: became an admin, or no longer is one. 255: a notice of the app.
 */
export type NoticeType = (typeof noticeTypes)[keyof typeof noticeTypes]

export type Notice = {
  readonly operationType: NoticeType
  /** These users, the owner and admins, or all members. */
  readonly to: readonly string[] | 'admins' | 'members'
  /** The reason of a removal, or the text of an application or its answer. */
  readonly handleMessage?: string
}

/** A notice that was sent. `fseq` is its position in the user's feed, `time` is in seconds. */
export type NoticeRow = {
  readonly fseq: number
  readonly time: number
  readonly operationType: NoticeType | (number & {})
  readonly groupID: string
  /** The group's name at that time. */
  readonly groupName: string
  /** The actor. For an application: the applicant. */
  readonly operatorID: string
  readonly handleMessage: string
  /** Identifies an application among those of its user. */
  readonly applicationSeq?: number
  /** The content of a custom notice. */
  readonly userDefinedField?: string
}

/** Tips that Tencent's service leaves out, although its documentation promises all of them. */
const suppressedByTencent: Record<GroupType, readonly TipType[]> = {
  Private: [],
  Public: [],
  ChatRoom: [tipTypes.joined, tipTypes.quit, tipTypes.kicked, tipTypes.memberMuted],
  AVChatRoom: [tipTypes.memberMuted]
}

export function isTipSent(tip: Tip, type: OrOther<GroupType>, { suppressTips }: Policy): boolean {
  if (suppressTips !== 'tencent') return true
  const told = Object.keys(tip.newGroupProfile ?? {}).filter(
    key => key !== 'muteAllMembers' && key !== 'joinOption'
  )
  return (
    !lookUp(suppressedByTencent, type)?.includes(tip.operationType) &&
    (!tip.newGroupProfile || told.length > 0)
  )
}
