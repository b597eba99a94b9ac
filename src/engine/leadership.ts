/**
 * Which tab leads. The tab that holds the lock is the leader: it alone has a connection to the
 * server, and its status is that of all tabs.
 */

import type { SyncStatus } from './api.ts'
import type { Host } from './host.ts'
import type { LeaderQuestions } from './leader-questions.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Reload } from './state/reload.ts'
import type { State } from './state/state.ts'
import type { Time } from './state/time.ts'
import { nothingTouched } from './state/touched.ts'
import { answerWithinMs } from './sync/schedule.ts'
import type { Sync } from './sync/sync.ts'

type LeadershipOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly time: Time
  readonly reload: Reload
  readonly sync: Sync
  readonly questions: LeaderQuestions
  /** The groups whose members are shown in this tab. */
  shownMembers(): string[]
  readonly paused: boolean
}

export type Leadership = ReturnType<typeof createLeadership>

export function createLeadership(options: LeadershipOptions) {
  const { host, lifecycle, state, time, sync, questions, shownMembers } = options
  const { reload } = options.reload
  const { peers } = host
  let isPaused = options.paused
  let isLeading = false
  /**
   * Whether this tab knows all that the last leader has written. Until then it does not connect.
   */
  let isCurrent = false
  let leaderStatus = unknownStatus

  function status(): SyncStatus {
    const lastError = lifecycle.error()
    if (lastError) return { ...unknownStatus, connection: 'offline', lastError }
    const status = isLeading ? sync.status() : leaderStatus
    return isPaused ? { ...status, connection: 'offline' } : status
  }

  function publishStatus(): void {
    state.publish({ ...nothingTouched(), status: true })
    if (isLeading) peers.post({ type: 'status', status: sync.status() })
  }

  /** A leader that does not answer, perhaps in a frozen tab, counts as no connection. */
  function expectLeader(): void {
    peers.post({ type: 'hello', wanted: [] })
    host.setTimer(() => {
      if (isLeading || leaderStatus !== unknownStatus) return
      leaderStatus = { ...unknownStatus, connection: 'offline' }
      publishStatus()
    }, answerWithinMs)
  }

  async function lead(): Promise<void> {
    if (lifecycle.isClosing()) return
    isLeading = true
    questions.abandon()
    // The last leader may have died between a commit and its message.
    if (!isCurrent) await reload()
    isCurrent = true
    peers.post({ type: 'leading' })
    for (const groupID of shownMembers()) sync.want(groupID)
    if (!isPaused && !lifecycle.isClosing() && !lifecycle.error()) sync.start()
  }

  return {
    isLeading: () => isLeading,
    status,
    isOffline: () => status().connection === 'offline',
    publishStatus,
    /** The leader has posted its status. */
    receiveStatus(status: SyncStatus): void {
      leaderStatus = status
      publishStatus()
    },

    /** Reads storage, and waits for the lock at the same time. */
    async open(): Promise<void> {
      const progress = { hasLock: false, isRead: false }
      peers.lead(() => {
        progress.hasLock = true
        if (progress.isRead) lifecycle.guard(lead())
      })
      // A tab that holds the lock before its first read does not need to read again to lead.
      isCurrent = progress.hasLock
      await reload({ isFirst: true }).catch(lifecycle.fail)
      time.begin()
      progress.isRead = true
      // Without storage this tab must not keep others from leading.
      if (lifecycle.error()) return peers.stepDown()
      if (progress.hasLock) lifecycle.guard(lead())
      else expectLeader()
    },
    pause(): void {
      isPaused = true
      if (isLeading) sync.stop()
      publishStatus()
    },
    resume(): void {
      isPaused = false
      if (isLeading && isCurrent && !lifecycle.error()) sync.start()
      publishStatus()
    }
  }
}

/** The status of a leader that has posted none. */
const unknownStatus: SyncStatus = {
  connection: 'connecting',
  caughtUp: false,
  lastError: null,
  nextRetryAtMs: null
}
