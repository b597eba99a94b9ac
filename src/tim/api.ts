/** The calls of a TIM instance. */

import type { OperationName } from '../kernel/decide.ts'
import type { TimEntryCalls } from './entry-api.ts'
import type { TimGroupCalls } from './group-api.ts'
import type { TimMemberCalls } from './member-api.ts'
import type { TimOtherCalls } from './other-calls.ts'
import type { TimProfileCalls } from './profile-calls.ts'
import type { TimSession } from './session-api.ts'

/** Every call rejects with an `IMError`, with Tencent's codes. Before `SDK_READY`: 2999. */
export type Tim = TimSession &
  TimGroupCalls &
  TimMemberCalls &
  TimEntryCalls &
  TimProfileCalls &
  TimOtherCalls

/** The group calls. An operation of the kernel without a call of its name does not compile. */
export type GroupCalls = Pick<
  TimGroupCalls & TimMemberCalls & TimEntryCalls,
  OperationName | keyof TimGroupCalls | keyof TimMemberCalls | keyof TimEntryCalls
>
