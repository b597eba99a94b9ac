/**
 * Tencent IM's group API on an offline-first store: the same calls, arguments, results, codes and
 * events. The README beside this file lists the differences.
 */

import { openGroupStore } from '../create-group-store.ts'
import { createEntryPoint } from './entry-point.ts'

export type { Tim } from './api.ts'
export type { TimDelegate } from './delegate.ts'
export type { TimOtherCalls, TimRemindTypes } from './other-calls.ts'
export type { TimGroupApplication } from './applications.ts'
export type { TimEntryCalls } from './entry-api.ts'
export type { TimEventName, TimOtherEventName } from './constants.ts'
export type { TimEventData, TimHandler } from './events.ts'
export type { TimApplicationPayload, TimGroupCalls, TimGroupResponse } from './group-api.ts'
export { IMError, type IMResponse } from './im-error.ts'
export type { TimOptions } from './options.ts'
export type { TimMemberCalls, TimMemberResponse } from './member-api.ts'
export type {
  GroupSystemNoticePayload,
  GroupTipPayload,
  TimGroupProfile,
  TimMessage
} from './message.ts'
export type { TimConversation, TimProfile, TimProfileCalls } from './profile-calls.ts'
export type { TimSession } from './session-api.ts'
export type { TimGroup, TimGroupMember } from './shapes.ts'

/** Tencent's entry point: `create` returns the instance of an app. */
const TIM = createEntryPoint(openGroupStore)
export default TIM
