/** The calls of a TIM instance. */

import type { OperationName } from '../kernel/decide.ts'
import type { TimEntryCalls } from './entry-api.ts'
import type { TimGroupCalls } from './group-api.ts'
import type { TimMemberCalls } from './member-api.ts'
import type { TimOtherCalls, TimRemindTypes } from './other-calls.ts'
import type { TimProfileCalls } from './profile-calls.ts'
import type { TimSession } from './session-api.ts'

/**
 * The calls about groups reject with an `IMError`: Tencent's codes, and 45xx. Before `login`: 2999.
 * Between `login` and `SDK_READY` they wait. Errors of a delegate come as they are.
 */
export type Tim = TimSession &
  TimGroupCalls &
  TimMemberCalls &
  TimEntryCalls &
  TimProfileCalls &
  TimOtherCalls &
  TimRemindTypes

/** The group calls. An operation of the kernel without a call of its name does not compile. */
export type GroupCalls = Pick<
  TimGroupCalls & TimMemberCalls & TimEntryCalls,
  OperationName | keyof TimGroupCalls | keyof TimMemberCalls | keyof TimEntryCalls
>
