/** The status that this tab shows: its own while it leads, otherwise that of the leader. */

import { groupError } from '../kernel/errors.ts'
import type { SyncStatus } from './api.ts'
import { isSilent, tickMs, type Election } from './election.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { State } from './state/state.ts'
import { nothingTouched } from './state/touched.ts'
import { answerWithinMs } from './sync/schedule.ts'
import type { Sync } from './sync/sync.ts'

type LeaderStatusOptions = {
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly sync: Sync
  election(): Election
  isPaused(): boolean
}

export function createLeaderStatus({
  lifecycle,
  state,
  sync,
  election,
  isPaused
}: LeaderStatusOptions) {
  let received = unknownStatus
  let shown = unknownStatus

  function status(): SyncStatus {
    const lastError = lifecycle.isClosed() ? groupError('NotReady') : lifecycle.error()
    if (lastError) return { ...unknownStatus, connection: 'offline', lastError }
    const status = election().role === 'leading' ? sync.status() : followerStatus()
    return isPaused() ? { ...status, connection: 'offline', caughtUp: false } : status
  }

  /** The status of a silent leader is unknown. After a while it counts as offline. */
  function followerStatus(): SyncStatus {
    if (!isSilent(election())) return received
    const isOffline = election().silentTicks * tickMs >= answerWithinMs
    return isOffline ? { ...unknownStatus, connection: 'offline' } : unknownStatus
  }

  function show(): void {
    shown = status()
    state.publish({ ...nothingTouched(), status: true })
  }

  return {
    status,
    show,
    receive: (leaderStatus: SyncStatus): void => void (received = leaderStatus),
    /** No leader is known. */
    forget: (): void => void (received = unknownStatus),
    showChange(): void {
      // The claim may be refused, or storage come back. The last leader's status must not return.
      const { role } = election()
      if (role === 'claiming' || role === 'retired') received = unknownStatus
      if (JSON.stringify(status()) !== JSON.stringify(shown)) show()
    }
  }
}

/** The status until the leader posts its own. */
const unknownStatus: SyncStatus = {
  connection: 'connecting',
  caughtUp: false,
  lastError: null,
  nextRetryAtMs: null
}
