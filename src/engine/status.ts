/** The status that an app shows. */

import { defaultPolicy } from '../kernel/limits.ts'
import type { Status } from './api.ts'
import type { State } from './state/state.ts'
import type { Time } from './state/time.ts'
import type { Leadership } from './leadership.ts'

export function readStatus(state: State, time: Time, leadership: Leadership): Status {
  const { isAppAdmin = false, policy = defaultPolicy } = state.base.meta() ?? {}
  const [oldest] = state.outbox.inOrder()
  return {
    ...leadership.status(),
    pending: state.outbox.rows.size,
    oldestPendingAtMs: oldest && time.askedAtMs(oldest),
    isAppAdmin,
    policy,
    clockOffsetMs: time.clockOffsetMs()
  }
}
