/**
 * Carries out the election of the leader (election.ts): claims terms, posts beats, and starts and
 * stops sync. The leader alone has a connection to the server, and all tabs show its status.
 */

import type { SyncStatus } from './api.ts'
import {
  elect,
  isSilent,
  newElection,
  tickMs,
  type ElectionEffect,
  type ElectionEvent
} from './election.ts'
import type { Host, PeerMessage } from './host.ts'
import type { LeaderQuestions } from './leader-questions.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Claim, Commits } from './state/commits.ts'
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
  readonly commits: Commits
  readonly reload: Reload
  readonly sync: Sync
  readonly questions: LeaderQuestions
  /** The groups with members on the screen of this tab. */
  shownMembers(): string[]
  readonly paused: boolean
}

type Beat = Extract<PeerMessage, { type: 'status' }>

export type Leadership = ReturnType<typeof createLeadership>

export function createLeadership(options: LeadershipOptions) {
  const { host, lifecycle, state, time, commits, sync, questions, shownMembers } = options
  const { reload } = options.reload
  const { peers } = host
  let election = newElection(peers.hasLocks)
  let isPaused = options.paused
  /** The claim of the current term, by this tab or by the leader that it follows. */
  let lastClaim: Claim = { term: 0, commitNumber: 0 }
  let claims = 0
  let leaderStatus = unknownStatus
  let isTicking = false
  /** Whether this tab, as the leader, has read all commits of the last leader. */
  let isCurrent = false
  /** Resolves after the first read. */
  let reading: Promise<void> = Promise.resolve()

  const isLeading = () => election.role === 'leading'

  // ── the election ──────────────────────────────────────────────────────────

  function on(event: ElectionEvent): void {
    if (lifecycle.isClosing() && event.type !== 'retire') return
    const before = status()
    const step = elect(election, event)
    election = step.election
    step.effects.forEach(carryOut)
    tick()
    if (!isSameStatus(status(), before)) showStatus()
  }

  function carryOut(effect: ElectionEffect): void {
    if (typeof effect === 'object') {
      const delayMs = effect.afterMs + host.random() * effect.withinMs
      return void host.setTimer(() => on({ type: 'attempt' }), delayMs)
    }
    switch (effect) {
      case 'wait for lock':
        return peers.lead(
          () => on({ type: 'granted' }),
          () => on({ type: 'lost' })
        )
      case 'steal lock':
        return peers.steal()
      case 'release lock':
        return peers.stepDown()
      case 'claim':
        return void claim()
      case 'lead':
        return lifecycle.guard(lead())
      case 'stop':
        isCurrent = false
        return sync.stop()
      case 'beat':
        return beat()
      case 'announce vacancy':
        return peers.post({ type: 'vacant', term: election.term })
    }
  }

  /** A tab that leads alone posts no beats, so it needs no ticks. */
  function tick(): void {
    const { role, hasPeers } = election
    const isNeeded = role !== 'retired' && (role !== 'leading' || hasPeers)
    if (isTicking || !isNeeded) return
    isTicking = true
    host.setTimer(() => {
      isTicking = false
      on({ type: 'tick' })
    }, tickMs)
  }

  function join(): void {
    on({ type: 'join' })
    peers.post({ type: 'hello', wanted: shownMembers() })
  }

  async function claim(): Promise<void> {
    const count = ++claims
    const isWanted = () => count === claims && election.role === 'claiming'
    leaderStatus = unknownStatus
    try {
      const claimed = await commits.claimTerm(election.term, isWanted)
      if (!claimed || !isWanted()) return
      lastClaim = claimed
      on({ type: 'claimed', term: claimed.term })
    } catch {
      // Expected: storage refuses.
      lifecycle.probe()
      if (isWanted()) on({ type: 'refused' })
    }
  }

  async function lead(): Promise<void> {
    const { term } = lastClaim
    questions.abandon()
    await reading
    await reloadSinceClaim()
    if (!isLeading() || term !== lastClaim.term) return
    isCurrent = true
    for (const groupID of shownMembers()) sync.want(groupID)
    startSync()
  }

  /**
   * The last leader may have died between a commit and its message. Its commits were fenced from
   * the claim on, so a read that contains the commit before the claim contains all of them.
   */
  async function reloadSinceClaim(): Promise<void> {
    if (!state.hasRead(lastClaim.commitNumber - 1)) await reload()
  }

  function startSync(): void {
    if (!isPaused && !lifecycle.isClosing() && !lifecycle.error()) sync.start()
  }

  // ── the status ────────────────────────────────────────────────────────────

  function status(): SyncStatus {
    const lastError = lifecycle.error()
    if (lastError) return { ...unknownStatus, connection: 'offline', lastError }
    const status = isLeading() ? sync.status() : followerStatus()
    return isPaused ? { ...status, connection: 'offline', caughtUp: false } : status
  }

  /** The status of a silent leader is unknown. After a while it counts as offline. */
  function followerStatus(): SyncStatus {
    if (election.role === 'claiming') return unknownStatus
    if (!isSilent(election)) return leaderStatus
    const isOffline = election.silentTicks * tickMs >= answerWithinMs
    return isOffline ? { ...unknownStatus, connection: 'offline' } : unknownStatus
  }

  const showStatus = () => void state.publish({ ...nothingTouched(), status: true })

  function publishStatus(): void {
    showStatus()
    if (isLeading()) beat()
  }

  function beat(): void {
    peers.post({ type: 'status', ...lastClaim, isPaused, status: sync.status() })
  }

  function setPaused(paused: boolean): void {
    isPaused = paused
    if (isLeading() && isPaused) sync.stop()
    else if (isCurrent) startSync()
    publishStatus()
  }

  // ── beats of another leader ───────────────────────────────────────────────

  function receiveBeat({ term, commitNumber, isPaused: paused, status }: Beat): void {
    const isOutdated = term < election.term
    on({ type: 'beat', term })
    if (isOutdated || isLeading() || election.role === 'retired') return
    const isNewLeader = term !== lastClaim.term
    lastClaim = { term, commitNumber }
    const isChanged = paused !== isPaused || !isSameStatus(status, leaderStatus)
    isPaused = paused
    leaderStatus = status
    // A received status is not posted: two leaders would post each other's status without end.
    if (isChanged) showStatus()
    if (isNewLeader) follow()
  }

  function follow(): void {
    questions.abandon()
    lifecycle.guard(lifecycle.ready.then(reloadSinceClaim))
    peers.post({ type: 'hello', wanted: shownMembers() })
  }

  return {
    isLeading,
    /** The term by which this tab commits what the server sends; `undefined`: it does not lead. */
    term: (): number | undefined => (isLeading() ? election.term : undefined),
    /** A commit found another term: 0 if none is stored. */
    fenced: (term: number): void => on({ type: 'fenced', term }),
    status,
    isOffline: () => status().connection === 'offline',
    publishStatus,
    receiveBeat,
    receiveVacancy: (term: number): void => on({ type: 'vacant', term }),
    /** Call it for a message that proves that another tab is open. */
    receivePeer: (): void => on({ type: 'peer' }),

    /** Reads storage, and takes part in the election meanwhile. */
    async open(): Promise<void> {
      reading = reload({ isFirst: true }).catch(lifecycle.fail)
      // The read is requested first. A claim before it would delay the first results.
      await Promise.resolve()
      join()
      await reading
      time.begin()
      if (!isLeading()) peers.post({ type: 'unposted' })
    },
    /** Leaves the election: a tab that closes, or has no storage, must not block the others. */
    stepDown: (): void => on({ type: 'retire' }),
    /** Joins the election once more, because storage is back. */
    rejoin: join,

    /** Pauses all tabs of the user. */
    pause(): void {
      setPaused(true)
      peers.post({ type: 'pause', isPaused })
    },
    resume(): void {
      setPaused(false)
      peers.post({ type: 'pause', isPaused })
    },
    receivePause: setPaused
  }
}

/** The status until the leader posts its own. */
const unknownStatus: SyncStatus = {
  connection: 'connecting',
  caughtUp: false,
  lastError: null,
  nextRetryAtMs: null
}

const isSameStatus = (a: SyncStatus, b: SyncStatus): boolean =>
  JSON.stringify(a) === JSON.stringify(b)
