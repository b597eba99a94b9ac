/** Applications to join a group: items of the list, and the two ways to name one. */

import type { Notice } from '../engine/api.ts'
import type { GroupSystemNoticePayload } from './message.ts'

/** An item of `getGroupApplicationList`. */
export type TimGroupApplication = {
  applicant: string
  applicantNick: string
  groupID: string
  groupName: string
  /** Identifies the application for `handleGroupApplication`. */
  messageKey: number
  authentication: string
  /** 0: a user applies to join. */
  applicationType: 0
  /** The logged-in user, who may decide. */
  userID: string
  /** The remarks of the applicant. */
  note: string
}

export const timApplication = (notice: Notice, userID: string): TimGroupApplication => ({
  applicant: notice.operatorID,
  applicantNick: '',
  groupID: notice.groupID,
  groupName: notice.groupName,
  messageKey: notice.applicationSeq ?? 0,
  authentication: `${notice.groupID} ${notice.operatorID}`,
  applicationType: 0,
  userID,
  note: notice.handleMessage
})

/** The message of a notice, or an item of the list. An app may pass any value. */
export function applicationOf(options: unknown): {
  groupID: string
  userID: string
  applicationSeq: number | undefined
} {
  const { message, application } = Object(options) as {
    message?: { payload?: Partial<GroupSystemNoticePayload> } | null
    application?: Partial<TimGroupApplication> | null
  }
  // The operation's own checks refuse missing values.
  if (message || !application) {
    const { operatorID = '', messageKey, groupProfile } = message?.payload ?? {}
    const { groupID = '' } = Object(groupProfile) as { groupID?: string }
    return { groupID, userID: operatorID, applicationSeq: messageKey }
  }
  const { groupID = '', applicant = '', messageKey } = application
  return { groupID, userID: applicant, applicationSeq: messageKey }
}
