/** Properties of stored rows that both state and sync use. */

import type { GroupRow } from '../../kernel/model.ts'
import { noticeTypes, type NoticeRow } from '../../kernel/notices.ts'
import type { HeldGroup } from '../../storage/tables.ts'

/** Whether all members of a group are held. Servers send no members of an AVChatRoom. */
export const isWhole = (group: HeldGroup): group is HeldGroup & { readonly row: GroupRow } =>
  group.row !== null && group.row.type !== 'AVChatRoom' && group.membersUpTo === null

/** Whether a notice is about this user's application to join this group. */
export const isApplication = (
  { operationType, ...notice }: NoticeRow,
  groupID: string,
  applicant: string
): boolean =>
  operationType === noticeTypes.applied &&
  notice.groupID === groupID &&
  notice.operatorID === applicant
