/**
 * The engine: takes operations, shows them at once, keeps them durably, and brings them to the server; shows what the
 * server says. It needs no worker and no browser, only a host.
 */

import { flag, groupID as groupIDCheck, parseArgs } from '../kernel/args.ts'
import { prepare } from '../kernel/decide.ts'
import { groupError, isLoginError, type GroupError, storageFailed } from '../kernel/errors.ts'
import { defaultPolicy } from '../kernel/limits.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Commit, Write } from '../storage/port.ts'
import type { Pending, Settled } from '../storage/tables.ts'
import { createBound, type Applied, type Engine, type Preview, type Status } from './api.ts'
import { createCommits } from './state/commits.ts'
import type { Host } from './host.ts'
import { createMutes } from './state/mutes.ts'
import { answerWithinMs, flushStuckAfterMs, storageWithinMs } from './sync/schedule.ts'
import { createState } from './state/state.ts'
import { parsePeerMessage, readStored } from './state/stored.ts'
import { createHub } from './views/streams.ts'
import { createSubmit, memberNeeds } from './submit.ts'
import { createSync, type SyncStatus } from './sync/sync.ts'
import { createTime } from './state/time.ts'
import { nothingTouched, touchMember } from './views/touched.ts'
import { createViews } from './views/views.ts'

export type EngineOptions = {
  readonly userID: string
  readonly token: string
  /** Begins without talking to the network, until `resume`. */
  readonly paused?: boolean
  /** Keeps tips and notices until they are handed on. */
  readonly keepUndelivered?: boolean
}

export function openEngine(
  host: Host,
  { userID, token, paused = false, keepUndelivered = false }: EngineOptions
): Engine {
  const { storage, peers } = host
  const state = createState({
    storage,
    userID,
    onDamaged: groupID => guard(refetch(groupID)),
    onLost: readAgain
  })
  const time = createTime(host, state.base.meta)
  let isLeading = false
  /** Whether the leader holds what the last one has written: before that, it does not connect. */
  let isCurrent = false
  let isPaused = paused
  let closing: Promise<void> | undefined
  /** While the user logs out, what is taken in could not get its verdict any more. */
  let leaving = 0
  const isClosing = () => closing !== undefined
  const bound = createBound(host.setTimer)
  /** What the leader says, where this is not the leader. */
  let leaderStatus = unheard
  /** The token that this tab or another has told the leader last. */
  let knownToLeader = ''
  let startError: GroupError | undefined
  let rereading: Promise<void> | undefined
  /** Verdicts whose operation is being asked for again here. */
  const retrying = new Set<string>()
  /** Calls whose operation may be on its way to the disk. */
  const queuing = new Set<Promise<unknown>>()
  /** Questions to the leader that wait for their answer. */
  const asked = new Map<string, (answer: GroupRow | GroupError) => void>()

  const tellPeers = (commit: Commit) => peers.post({ type: 'committed', commits: [commit] })
  const { commit, dismiss, forgetMembers, refuse, discardAll } = createCommits({
    storage,
    state,
    tellPeers,
    onMissed: readAgain
  })
  const sync = createSync({
    host,
    state,
    userID,
    keepUndelivered,
    token,
    time,
    commit: writes => commit(writes).catch(doubt),
    onStatus
  })
  const mutes = createMutes({
    now: time.serverNowMs,
    setTimer: host.setTimer,
    onEnd(groupID, user) {
      const touched = nothingTouched()
      touchMember(touched, groupID, user)
      state.tell(touched)
    }
  })
  const views = createViews({
    state,
    userID,
    mutes,
    status,
    caughtUp: () => (isLeading ? sync.status() : leaderStatus).caughtUp
  })
  const ready = start()
  const hub = createHub({
    views,
    ready,
    setTimer: host.setTimer,
    onWindow(groupID) {
      if (isLeading) sync.want(groupID)
      else peers.post({ type: 'hello', wanted: [groupID] })
    }
  })
  state.listen(hub.announce)
  const submit = createSubmit({
    host,
    state,
    userID,
    time,
    status,
    version: hub.version,
    onQueued,
    onRetracted() {
      push()
      probe()
    },
    onLost: refuseInTheEnd,
    isOpen: () => leaving === 0 && !isClosing()
  })
  const stopWaking = host.onWake(() => {
    if (isLeading && !isPaused) sync.wake()
  })

  function status(): Status {
    const { connection, ...rest } = startError
      ? failed(startError)
      : isLeading
        ? sync.status()
        : leaderStatus
    const { isAppAdmin = false, policy = defaultPolicy } = state.base.meta() ?? {}
    const oldest = state.operations()[0]
    return {
      ...rest,
      connection: isPaused ? 'offline' : connection,
      pending: state.outbox.size,
      oldestPendingAtMs: oldest && time.askedAtMs(oldest),
      isAppAdmin,
      policy,
      clockOffsetMs: time.clockOffsetMs()
    }
  }

  // ── beginning, and other tabs ─────────────────────────────────────────────

  async function start(): Promise<void> {
    peers.listen(hear)
    const lock = { isMine: false, isAwaited: false }
    peers.lead(() => {
      lock.isMine = true
      if (lock.isAwaited) guard(lead())
    })
    // Who leads before it reads finds all that there is.
    isCurrent = lock.isMine
    await reload({ isFirst: true }).catch(fail)
    time.begin()
    lock.isAwaited = true
    // It is of no use, and must not keep others from leading.
    if (startError) return peers.stepDown()
    if (lock.isMine) guard(lead())
    else listenForLeader()
  }

  /** A leader that says nothing, perhaps in a frozen tab, is no connection. */
  function listenForLeader(): void {
    peers.post({ type: 'hello', wanted: [] })
    host.setTimer(() => {
      if (isLeading || leaderStatus !== unheard) return
      leaderStatus = { ...unheard, connection: 'offline' }
      onStatus()
    }, answerWithinMs)
  }

  function guard(work: Promise<unknown>): void {
    void work.catch(fail)
  }
  function readAgain(): void {
    guard(reload())
  }
  /** However many ask meanwhile, storage is read once. */
  function rereadSoon(): void {
    rereading ??= ready.then(() => {
      rereading = undefined
      return reload()
    })
    guard(rereading)
  }

  /** Storage does not answer. Nothing works then, and everything says so. */
  function fail(cause: unknown): void {
    startError = storageFailed(cause)
    sync.stop()
    onStatus()
  }

  /** Storage has refused: perhaps there is no room, perhaps another tab has removed the database. */
  function probe(): void {
    guard(storage.read([{ table: 'meta', scope: '' }]))
  }
  /** Storage has refused an operation: as soon as it does not, the user is told so. */
  function refuseInTheEnd(pending: Pending, error: GroupError): void {
    void refuse(pending, error).catch(() => {
      // Expected: storage refuses this as well.
      if (!isClosing()) host.setTimer(() => refuseInTheEnd(pending, error), storageWithinMs)
    })
  }
  function doubt(error: unknown): never {
    probe()
    throw error
  }

  async function reload({ isFirst = false } = {}): Promise<void> {
    const touched = nothingTouched()
    await state.reload(async () => {
      const stored = await readStored(storage)
      // What is in memory already was read a moment ago.
      if (isFirst) return stored
      for (const groupID of await state.base.members.refresh()) touched.members.set(groupID, 'all')
      for (const groupID of await state.base.tips.refresh()) touched.tips.add(groupID)
      return stored
    })
    // Replaying an operation takes the rows that it was judged by.
    await Promise.all([...new Set(state.operations().map(({ groupID }) => groupID))].map(loadNeeds))
    state.overlay.rebase(touched)
    state.tell(touched)
  }

  async function loadNeeds(groupID: string): Promise<void> {
    const group = state.overlay.group(groupID)
    const users = state.operations().flatMap(pending => {
      const checked = pending.groupID === groupID ? prepare(pending, userID) : undefined
      return checked?.ok ? memberNeeds(checked.prepared, group) : []
    })
    await state.base.load(groupID, users)
    const touched = nothingTouched()
    touched.members.set(groupID, 'all')
    state.overlay.rebase(touched)
    state.tell(touched)
  }

  async function lead(): Promise<void> {
    if (isClosing()) return
    isLeading = true
    answerAsked()
    // What the last leader committed and could not tell any more is in storage.
    if (!isCurrent) await reload()
    isCurrent = true
    peers.post({ type: 'leading' })
    // What was looked at before there was somebody to ask.
    for (const groupID of hub.windows()) sync.want(groupID)
    if (!isPaused && !isClosing() && !startError) sync.start()
  }

  /** Where the server refuses the leader's token, this tab may have a better one. Each is offered once. */
  function offerToken({ lastError }: SyncStatus): boolean {
    const token = sync.token()
    if (isLeading || !isLoginError(lastError) || token === '' || token === knownToLeader)
      return false
    knownToLeader = token
    peers.post({ type: 'token', token })
    return true
  }

  /** The one who was asked leads no longer. */
  function answerAsked(): void {
    for (const answer of asked.values()) answer(groupError('NoNetwork'))
  }

  function hear(posted: unknown): void {
    const message = parsePeerMessage(posted)
    // Another build of the app may have written what it tells: storage is read, with care.
    if (!message) return rereadSoon()
    switch (message.type) {
      case 'committed':
        message.commits.forEach(state.absorb)
        for (const write of message.commits.flatMap(({ writes }) => writes))
          if (write.table === 'outbox' && 'row' in write && write.row)
            guard(loadNeeds(write.row.groupID))
        if (isLeading) sync.push()
        break
      case 'leading':
        answerAsked()
        guard(ready.then(() => reload()))
        peers.post({ type: 'hello', wanted: hub.windows() })
        break
      case 'logout':
        void close()
        break
      case 'status':
        // The leader answers with another status.
        if (offerToken(message.status)) break
        leaderStatus = message.status
        onStatus()
        break
      case 'hello':
        if (!isLeading) break
        for (const groupID of message.wanted) sync.want(groupID)
        // In place of a tab that died, perhaps, before it could tell what it had written.
        if (message.wanted.length === 0) guard(reload().then(sync.push))
        onStatus()
        break
      case 'token':
        knownToLeader = message.token
        sync.renew(message.token)
        break
      case 'ask':
        if (isLeading)
          void readProfile(message.groupID, message.search).then(answer =>
            peers.post({ type: 'answer', id: message.id, answer })
          )
        break
      case 'answer':
        asked.get(message.id)?.(message.answer)
    }
  }

  function onStatus(): void {
    state.tell({ ...nothingTouched(), status: true })
    if (isLeading) peers.post({ type: 'status', status: sync.status() })
  }

  function onQueued(commit: Commit): void {
    tellPeers(commit)
    push()
  }

  function push(): void {
    if (isLeading && !isPaused) sync.push()
  }

  /** Stored members could not be read: they are fetched again. */
  async function refetch(groupID: string): Promise<void> {
    await forgetMembers(groupID)
    if (isLeading) sync.want(groupID)
  }

  // ── calls ─────────────────────────────────────────────────────────────────

  async function readProfile(groupID: string, search: boolean): Promise<GroupRow | GroupError> {
    const checked = parseArgs({ groupID: groupIDCheck, search: flag }, { groupID, search })
    if (!checked.ok) return checked.error
    return bound(
      ready.then(() => ask(groupID, search)),
      storageWithinMs,
      noAnswer
    )
  }

  async function ask(groupID: string, search: boolean): Promise<GroupRow | GroupError> {
    if (status().connection === 'offline') return groupError('NoNetwork')
    if (isLeading) return sync.read(groupID, search)
    // Only the leader has a connection.
    const id = host.newID()
    const asking = new Promise<GroupRow | GroupError>(resolve => {
      asked.set(id, resolve)
      peers.post({ type: 'ask', id, groupID, search })
    })
    const answer = await bound(asking, answerWithinMs, () => groupError('NoNetwork', 'no answer'))
    asked.delete(id)
    return answer
  }

  /** The reason why nothing can be done, or not yet. */
  const begun = (): Promise<GroupError | undefined> =>
    bound(
      ready.then(() => startError),
      storageWithinMs,
      noAnswer
    )

  async function logout(choice?: 'keep' | 'flush' | 'discard'): Promise<GroupError | null> {
    const late = await bound(
      ready.then(() => null),
      storageWithinMs,
      noAnswer
    )
    if (late) return late
    leaving++
    try {
      return await leave(choice).catch(storageFailed)
    } finally {
      leaving--
    }
  }

  async function leave(choice?: 'keep' | 'flush' | 'discard'): Promise<GroupError | null> {
    if (choice === 'discard') {
      const late = await bound(discardAll(), storageWithinMs, noAnswer)
      if (late) return late
    } else if (choice !== 'keep') {
      // What waits is not known.
      if (startError) return startError
      // Of what a tab has left that died, only storage knows.
      if (await bound(reload(), storageWithinMs, noAnswer)) return noAnswer()
      if (isLeading) push()
      else peers.post({ type: 'hello', wanted: [] })
      const waiting = state.operations()
      if (waiting.length > 0 && choice !== 'flush')
        return groupError('PendingOperations', `${waiting.length}`)
      if (waiting.length > 0 && status().connection === 'offline') return groupError('NoNetwork')
      if (!(await flushed(waiting)))
        return groupError('NoNetwork', `${state.outbox.size} still wait`)
    }
    if (choice !== 'keep') peers.post({ type: 'logout' })
    await close(choice === 'keep' ? storage.close : storage.destroy)
    return null
  }

  /** Whether all of these have got their verdicts: `false` once none has come for a while. */
  function flushed(waiting: readonly Pending[]): Promise<boolean> {
    return new Promise(resolve => {
      let stopTimer: () => void
      let left = Infinity
      const look = () => {
        if (state.outbox.size >= left) return resolve(false)
        left = state.outbox.size
        stopTimer = host.setTimer(look, flushStuckAfterMs)
      }
      look()
      void Promise.all(waiting.flatMap(({ opID }) => state.verdictOf(opID) ?? [])).then(() => {
        stopTimer()
        resolve(true)
      })
    })
  }

  /** Expected: storage refuses. Then nothing has changed. */
  const tryCommit = (writes: readonly Write[]) =>
    bound(
      commit(writes).then(() => null, storageFailed),
      storageWithinMs,
      noAnswer
    )

  /** An entry that `verdicts$` shows: what simply succeeded is none. */
  function entryOf(opID: string): Settled | undefined {
    const settled = state.verdicts.get(opID)
    return settled?.verdict.kind === 'applied' ? undefined : settled
  }

  function close(end = storage.close): Promise<void> {
    closing ??= ready.then(async () => {
      stopWaking()
      mutes.end()
      sync.stop()
      // What is on its way to the disk waits there, and its caller learns so.
      await Promise.allSettled(queuing)
      await end()
      // Only now: what was under way has to be told, and the next to lead must not miss it.
      peers.close()
    })
    state.endWaiting()
    return bound(closing, storageWithinMs, () => undefined)
  }

  /** The operation is queued, or refused, in time. */
  function queue(
    checked: ReturnType<typeof submit.check>,
    retried?: string
  ): Promise<Applied | GroupError> {
    const call = { isShown: false, isLate: false, retried }
    const work = ready.then(() => startError ?? submit.apply(checked, call))
    queuing.add(work)
    void Promise.allSettled([work]).then(() => queuing.delete(work))
    return bound(work, storageWithinMs, () => {
      call.isLate = true
      // What is shown is already on its way to the disk.
      return call.isShown ? groupError('StillWaiting') : noAnswer()
    })
  }

  return {
    // What an operation of this name results in is what its definition says. It is checked before anything is waited for:
    // callers may go on with their object.
    apply: (async (name, args) => queue(submit.check(name, args))) as Engine['apply'],
    preview: (async (name, args) => {
      const checked = submit.check(name, args)
      const answer = async (): Promise<Preview> => {
        const error = startError ?? (isClosing() ? groupError('NotReady') : undefined)
        return error ? { kind: 'no', error } : submit.preview(checked)
      }
      return bound(ready.then(answer), storageWithinMs, () => ({ kind: 'no', error: noAnswer() }))
    }) as Engine['preview'],
    async retry(opID, args) {
      const late = await begun()
      if (late) return late
      const entry = entryOf(opID)
      if (!entry || retrying.has(opID)) return unknownID(opID)
      retrying.add(opID)
      const asked = submit.check(
        entry.name,
        args === undefined ? { groupID: entry.verdict.groupID, ...entry.args } : args
      )
      return queue(asked, opID).finally(() => retrying.delete(opID))
    },
    async settled(opID) {
      await ready
      const verdict = await state.verdictOf(opID)
      if (verdict) return { verdict, version: hub.version() }
      return isClosing() ? groupError('NotReady') : unknownID(opID)
    },
    async dismissVerdict(opID) {
      const late = await begun()
      if (late) return late
      if (!entryOf(opID)) return unknownID(opID)
      const dismissed = dismiss(opID).then(
        isMine => (isMine ? null : unknownID(opID)),
        storageFailed
      )
      return bound(dismissed, storageWithinMs, noAnswer)
    },
    readProfile,
    async delivered(upTo) {
      const done = [...state.base.undelivered.values()].filter(({ number }) => number <= upTo)
      if (done.length > 0)
        await tryCommit(
          done.map(({ number }): Write => ({
            table: 'undelivered',
            scope: '',
            id: String(number),
            row: null
          }))
        )
    },
    async renewToken(fresh) {
      sync.renew(fresh)
      // All tabs: whichever comes to lead needs it. An empty one only says that there is none.
      if (typeof fresh !== 'string' || fresh === '') return
      knownToLeader = fresh
      peers.post({ type: 'token', token: fresh })
    },
    async pause() {
      isPaused = true
      if (isLeading) sync.stop()
      onStatus()
    },
    async resume() {
      isPaused = false
      if (isLeading && isCurrent && !startError) sync.start()
      onStatus()
    },
    logout,
    close: () => close(),
    openStreams: hub.open
  }
}

/** JavaScript passes anything, also what has no text. */
const unknownID = (opID: unknown): GroupError =>
  groupError('UnknownOperationID', typeof opID === 'string' ? opID.slice(0, 64) : typeof opID)

/** Storage has not answered in time. */
const noAnswer = (): GroupError => groupError('StorageFailed', 'no answer')

const unheard: SyncStatus = {
  connection: 'connecting',
  caughtUp: false,
  lastError: null,
  nextRetryAtMs: null
}

const failed = (lastError: GroupError): SyncStatus => ({
  connection: 'offline',
  caughtUp: false,
  lastError,
  nextRetryAtMs: null
})
