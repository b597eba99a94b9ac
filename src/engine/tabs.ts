/**
 * The tabs of one user. Each is a complete engine on the same storage. The tab that holds the lock leads:
 * it alone has a connection to the server. Its followers learn of commits and of its status by messages.
 */

import { flag, groupID as groupIDCheck, parseArgs } from '../kernel/args.ts'
import { groupError, isLoginError, type GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Commit } from '../storage/port.ts'
import type { SyncStatus } from './api.ts'
import type { Host, PeerMessage } from './host.ts'
import { createLeaderQuestions } from './leader-questions.ts'
import type { Lifecycle } from './lifecycle.ts'
import { parsePeerMessage } from './peer-messages.ts'
import type { Reload } from './state/reload.ts'
import type { State } from './state/state.ts'
import type { Time } from './state/time.ts'
import { nothingTouched } from './state/touched.ts'
import { answerWithinMs } from './sync/schedule.ts'
import type { Sync } from './sync/sync.ts'

export type TabsOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly time: Time
  readonly reload: Reload
  readonly sync: Sync
  /** The groups whose members are shown in this tab. */
  shownMembers(): string[]
  readonly paused: boolean
}

export type Tabs = ReturnType<typeof createTabs>

export function createTabs({
  host,
  lifecycle,
  state,
  time,
  reload: { reload, loadLane },
  sync,
  shownMembers,
  paused
}: TabsOptions) {
  const { peers } = host
  const { guard } = lifecycle
  const questions = createLeaderQuestions(host, lifecycle)
  let isLeading = false
  /** Whether this tab knows all that the last leader has written. Until then it does not connect. */
  let isCurrent = false
  let isPaused = paused
  let leaderStatus = unknownStatus
  /** The last token that this or another tab has posted. */
  let postedToken = ''
  let reloading: Promise<void> | undefined

  function status(): SyncStatus {
    const lastError = lifecycle.error()
    if (lastError) return { ...unknownStatus, connection: 'offline', lastError }
    const status = isLeading ? sync.status() : leaderStatus
    return isPaused ? { ...status, connection: 'offline' } : status
  }
  const isOffline = () => status().connection === 'offline'

  function publishStatus(): void {
    state.publish({ ...nothingTouched(), status: true })
    if (isLeading) peers.post({ type: 'status', status: sync.status() })
  }

  async function open(): Promise<void> {
    peers.listen(receivePeerMessage)
    const progress = { hasLock: false, isRead: false }
    peers.lead(() => {
      progress.hasLock = true
      if (progress.isRead) guard(lead())
    })
    // A tab that holds the lock before its first read does not need to read again to lead.
    isCurrent = progress.hasLock
    await reload({ isFirst: true }).catch(lifecycle.fail)
    time.begin()
    progress.isRead = true
    // Without storage this tab must not keep others from leading.
    if (lifecycle.error()) return peers.stepDown()
    if (progress.hasLock) guard(lead())
    else expectLeader()
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

  // ── messages ──────────────────────────────────────────────────────────────

  function receivePeerMessage(posted: unknown): void {
    const message = parsePeerMessage(posted)
    // Another build of the app may have written rows that only a full read can check.
    if (!message) return reloadSoon()
    switch (message.type) {
      case 'committed':
        return receiveCommits(message.commits)
      case 'leading':
        questions.abandon()
        guard(lifecycle.ready.then(() => reload()))
        return peers.post({ type: 'hello', wanted: shownMembers() })
      case 'logout':
        return void lifecycle.close()
      case 'status':
        return receiveStatus(message.status)
      case 'hello':
        if (isLeading) receiveHello(message.wanted)
        return
      case 'token':
        postedToken = message.token
        return sync.renew(message.token)
      case 'ask':
        if (isLeading) void answerFollower(message)
        return
      case 'answer':
        questions.resolve(message.id, message.answer)
    }
  }

  /** However many messages ask for it, storage is read once. */
  function reloadSoon(): void {
    reloading ??= lifecycle.ready.then(() => {
      reloading = undefined
      return reload()
    })
    guard(reloading)
  }

  function receiveCommits(commits: readonly Commit[]): void {
    commits.forEach(state.applyCommit)
    for (const write of commits.flatMap(({ writes }) => writes))
      if (write.table === 'outbox' && 'row' in write && write.row)
        guard(loadLane(write.row.groupID))
    sync.push()
  }

  function receiveStatus(status: SyncStatus): void {
    // The leader answers a token with another status.
    if (offerToken(status)) return
    leaderStatus = status
    publishStatus()
  }

  /** If the server refuses the leader's token, this tab may have a better one. It is offered once. */
  function offerToken({ lastError }: SyncStatus): boolean {
    const token = sync.token()
    if (isLeading || !isLoginError(lastError) || token === '' || token === postedToken) return false
    postedToken = token
    peers.post({ type: 'token', token })
    return true
  }

  function receiveHello(wanted: readonly string[]): void {
    for (const groupID of wanted) sync.want(groupID)
    // A tab that starts may take the place of one that died between a commit and its message.
    if (wanted.length === 0) guard(reload().then(sync.push))
    publishStatus()
  }

  async function answerFollower({
    id,
    groupID,
    search
  }: Extract<PeerMessage, { type: 'ask' }>): Promise<void> {
    peers.post({ type: 'answer', id, answer: await readProfile(groupID, search) })
  }

  async function readProfile(groupID: string, search: boolean): Promise<GroupRow | GroupError> {
    const checked = parseArgs({ groupID: groupIDCheck, search: flag }, { groupID, search })
    if (!checked.ok) return checked.error
    return lifecycle.answer(lifecycle.ready.then(() => askServer(groupID, search)))
  }

  async function askServer(groupID: string, search: boolean): Promise<GroupRow | GroupError> {
    if (isOffline()) return groupError('NoNetwork')
    return isLeading ? sync.readProfile(groupID, search) : questions.ask(groupID, search)
  }

  return {
    open,
    status,
    isOffline,
    publishStatus,
    readProfile,

    /** Members of this group are shown: the leader fetches them. */
    want(groupID: string): void {
      if (isLeading) sync.want(groupID)
      else peers.post({ type: 'hello', wanted: [groupID] })
    },
    /** Stored members of this group were forgotten: the leader fetches them again. */
    refetch(groupID: string): void {
      if (isLeading) sync.want(groupID)
    },
    /** Operations that a dead tab has stored, or this one, are sent. */
    flush(): void {
      if (isLeading) sync.push()
      else peers.post({ type: 'hello', wanted: [] })
    },
    renewToken(token: string): void {
      sync.renew(token)
      // The app passes an empty token if it has none.
      if (typeof token !== 'string' || token === '') return
      postedToken = token
      // Any tab may come to lead.
      peers.post({ type: 'token', token })
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
