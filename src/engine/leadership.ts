/**
 * The leader of the tabs. It alone has a connection to the server, and all tabs show its status:
 * it posts its status as a beat. election.ts decides which tab leads.
 */

import { createCandidacy } from './candidacy.ts'
import type { Host, PeerMessage } from './host.ts'
import type { LeaderQuestions } from './leader-questions.ts'
import { createLeaderStatus } from './leader-status.ts'
import type { Lifecycle } from './lifecycle.ts'
import { createPauseSetting } from './pause.ts'
import type { Commits } from './state/commits.ts'
import type { Claim } from './state/lease.ts'
import type { Reload } from './state/reload.ts'
import type { State } from './state/state.ts'
import type { Time } from './state/time.ts'
import type { Sync } from './sync/sync.ts'

export type LeadershipOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly time: Time
  readonly commits: Commits
  readonly reload: Reload
  readonly sync: Sync
  readonly questions: LeaderQuestions
  /** The groups whose members are on the screen of this tab. */
  groupsWithShownMembers(): string[]
  readonly paused: boolean
  /** Whether this tab keeps tips and notices until they are delivered. */
  readonly keepUndelivered: boolean
}

type Hello = Extract<PeerMessage, { type: 'hello' }>
type Beat = Extract<PeerMessage, { type: 'status' }>

export type Leadership = ReturnType<typeof createLeadership>

export function createLeadership(options: LeadershipOptions) {
  const { host, lifecycle, state, time, commits, sync, questions } = options
  const { groupsWithShownMembers } = options
  const { reload } = options.reload
  const { peers } = host
  const parts = { host, lifecycle, commits }
  const onChange = () => shared.showChange()
  const candidacy = createCandidacy({ ...parts, lead, stop, beat, onChange })
  const { election } = candidacy
  const pause = createPauseSetting({ ...parts, paused: options.paused, onChange: onPause })
  const shared = createLeaderStatus({ lifecycle, state, sync, election, isPaused: pause.isPaused })
  /** Stays set after the other tab has closed: its next visit delivers the kept events. */
  let keepUndelivered = options.keepUndelivered
  /** The claim of the current term, by this tab or by the leader that it follows. */
  let lastClaim: Claim = { term: 0, commitNumber: 0 }
  /** Whether this tab, as the leader, has read all commits of the last leader. */
  let isCurrent = false
  /** Resolves after the first read. */
  let reading: Promise<void> = Promise.resolve()

  const isLeading = () => election().role === 'leading'

  // ── leading ───────────────────────────────────────────────────────────────

  function lead(claim: Claim): void {
    lastClaim = claim
    shared.forget()
    questions.abandon()
    lifecycle.guard(startLeading(claim))
  }

  async function startLeading(claim: Claim): Promise<void> {
    await reading
    await reloadSinceClaim()
    if (!isLeading() || claim !== lastClaim) return
    isCurrent = true
    for (const groupID of groupsWithShownMembers()) sync.want(groupID)
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
    if (!pause.isPaused() && !lifecycle.isClosing() && !lifecycle.error()) sync.start()
  }

  function stop(): void {
    isCurrent = false
    shared.forget()
    sync.stop()
  }

  function beat(): void {
    peers.post({ type: 'status', ...lastClaim, pause: pause.get(), status: sync.status() })
  }

  // ── following ─────────────────────────────────────────────────────────────

  function join(): void {
    candidacy.on({ type: 'join' })
    hello(groupsWithShownMembers())
  }

  function hello(wanted: readonly string[]): void {
    peers.post({ type: 'hello', wanted, keepUndelivered: options.keepUndelivered })
  }

  function receiveBeat({ term, commitNumber, pause: leaderPause, status }: Beat): void {
    const isOutdated = term < election().term
    candidacy.on({ type: 'beat', term })
    if (isOutdated || election().role !== 'following') return
    const isNewLeader = term !== lastClaim.term
    lastClaim = { term, commitNumber }
    pause.receiveFromLeader(leaderPause)
    shared.receive(status)
    // A status that was received is never posted again: with two leaders it would never end.
    shared.showChange()
    if (!isNewLeader) return
    questions.abandon()
    lifecycle.guard(lifecycle.ready.then(reloadSinceClaim))
    hello(groupsWithShownMembers())
  }

  function publishStatus(): void {
    shared.show()
    if (isLeading()) beat()
  }

  function onPause(): void {
    if (isLeading() && pause.isPaused()) sync.stop()
    else if (isCurrent) startSync()
    publishStatus()
  }

  return {
    isLeading,
    /** Leads, or is about to. A dead tab may have stored an operation after the claim. */
    hasClaimed: (): boolean => isLeading() || election().role === 'claiming',
    /** The term by which this tab commits server data. `undefined`: it does not lead. */
    term: (): number | undefined => (isLeading() ? election().term : undefined),
    /** A commit found another term: 0 if none is stored. */
    fenced: (term: number): void => candidacy.on({ type: 'fenced', term }),
    status: shared.status,
    isOffline: () => shared.status().connection === 'offline',
    publishStatus,
    receiveBeat,
    /** If the leader is still there, it answers with a beat. */
    receivePageClosed(): void {
      if (peers.hasLocks) return
      candidacy.on({ type: 'pageClosed' })
      hello([])
    },
    receiveVacancy: (term: number): void => candidacy.on({ type: 'vacant', term }),
    hello,
    receiveHello(message: Hello): void {
      keepUndelivered ||= message.keepUndelivered
      candidacy.on({ type: 'peer' })
    },
    /** Whether any tab keeps tips and notices. */
    keepsUndelivered: (): boolean => keepUndelivered,

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
    /** A tab that closes, or has no storage, must not keep others from leading. */
    stepDown: (): void => candidacy.on({ type: 'retire' }),
    /** Storage is back: this tab takes part in the election again. */
    rejoin: join,

    /** Pauses all tabs of the user. */
    pause: (): void => void pause.set(true),
    resume: (): void => void pause.set(false),
    receivePause: pause.receive
  }
}
