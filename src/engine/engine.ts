/**
 * The engine: takes operations, shows them at once, keeps them durably, and brings them to the server; shows what the
 * server says. It needs no worker and no browser, only a host.
 */

import { generatedIDPrefix } from '../kernel/args.ts'
import { prepare, type Operation, type Prepared } from '../kernel/decide.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import { rejected } from '../kernel/verdict.ts'
import type { Pending, Settled, Write } from '../storage/port.ts'
import type { Applied, Engine, Status } from './api.ts'
import type { Host, PeerMessage } from './host.ts'
import { readStored } from './stored.ts'
import { createState } from './state.ts'
import { createHub } from './streams.ts'
import { createSync } from './sync.ts'
import { nothingTouched } from './touched.ts'
import { createViews } from './views.ts'

export const outboxLimits = { operationsMax: 1000, bytesMax: 1_048_576 } as const
/** Verdicts of what simply succeeded are kept for `settled`, the newest of them. */
const appliedVerdictsMax = 1000

export type EngineOptions = {
  readonly userID: string
  readonly token: string
  /** Begins without talking to the network, until `resume`. */
  readonly paused?: boolean
}

export function openEngine(host: Host, { userID, token, paused = false }: EngineOptions): Engine {
  const { storage, peers } = host
  const state = createState(storage, userID, groupID => void refetch(groupID))
  let isLeading = false
  let isPaused = paused
  let closing: Promise<void> | undefined
  const isClosing = () => closing !== undefined
  /** What the leader says, where this is not the leader. */
  let leaderStatus: Omit<Status, 'pending'> = {
    connection: 'connecting',
    caughtUp: false,
    lastError: null,
    nextRetryAt: null
  }
  let order = 0
  let startError: GroupError | undefined

  const sync = createSync({ host, state, userID, token: () => token, commit, onStatus })
  const status = (): Status => {
    const { connection, lastError, ...rest } = isLeading ? sync.status() : leaderStatus
    return {
      ...rest,
      connection: isPaused ? 'offline' : connection,
      lastError: startError ?? lastError,
      pending: state.outbox.size
    }
  }
  const views = createViews(state, userID, status)
  const ready = start()
  const hub = createHub(views, ready, groupID => {
    if (isLeading) sync.want(groupID)
    else peers.post({ type: 'hello', wanted: [groupID] })
  })
  state.listen(hub.announce)
  const stopWaking = host.onWake(() => {
    if (isLeading && !isPaused) sync.wake()
  })

  async function start(): Promise<void> {
    peers.listen(hear)
    try {
      await reload()
    } catch (error) {
      // Expected: storage cannot be read. Nothing works then, and everything says so.
      startError = groupError('StorageFailed', String(error))
      onStatus()
      return
    }
    peers.lead(() => void lead())
    if (!isLeading) peers.post({ type: 'hello', wanted: [] })
  }

  async function reload(): Promise<void> {
    const touched = nothingTouched()
    await state.reload(async () => {
      const stored = await readStored(storage)
      await state.base.refresh(touched)
      return stored
    })
    // Replaying an operation takes the rows that it was judged by.
    await Promise.all([...new Set(state.operations().map(({ groupID }) => groupID))].map(loadNeeds))
    state.overlay.rebase(touched)
    state.tell(touched)
  }

  /** Stored members could not be read: they are forgotten, and fetched again. */
  async function refetch(groupID: string): Promise<void> {
    const held = state.base.groups.get(groupID)
    if (!held) return
    await commit([
      { table: 'members', scope: groupID, empty: true },
      { table: 'groups', scope: '', id: groupID, row: { ...held, membersUpTo: '' } }
    ])
    if (isLeading) sync.want(groupID)
  }

  async function loadNeeds(groupID: string): Promise<void> {
    const users = state.operations().flatMap(pending => {
      const checked = pending.groupID === groupID ? prepare(pending, userID) : undefined
      return checked?.ok ? memberNeeds(checked.prepared) : []
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
    // What the last leader committed and could not tell any more is in storage.
    await reload()
    peers.post({ type: 'leading' })
    if (!isPaused && !isClosing()) sync.start()
  }

  function hear(message: PeerMessage): void {
    if (message.type === 'committed') {
      state.absorb(message.writes)
      for (const write of message.writes)
        if (write.table === 'outbox' && !('empty' in write) && write.row) void loadNeeds(write.row.groupID)
      if (isLeading) sync.wake()
    } else if (message.type === 'leading') void ready.then(reload)
    else if (message.type === 'logout') void close()
    else if (message.type === 'status') {
      leaderStatus = message.status
      onStatus()
    } else if (isLeading) {
      for (const groupID of message.wanted) sync.want(groupID)
      onStatus()
    }
  }

  function onStatus(): void {
    state.tell({ ...nothingTouched(), status: true })
    if (isLeading) peers.post({ type: 'status', status: status() })
  }

  async function commit(writes: readonly Write[]): Promise<void> {
    const all = [...writes, ...outdatedVerdicts(writes)]
    await storage.transact([], () => all)
    state.absorb(all)
    peers.post({ type: 'committed', writes: all })
  }

  function outdatedVerdicts(writes: readonly Write[]): Write[] {
    if (!writes.some(write => write.table === 'verdicts')) return []
    const applied = [...state.verdicts.values()].filter(({ verdict }) => verdict.kind === 'applied').sort((a, b) => b.at - a.at)
    return applied.slice(appliedVerdictsMax).map(({ verdict }) => ({ table: 'verdicts', scope: '', id: verdict.opID, row: null }))
  }

  // ── operations ────────────────────────────────────────────────────────────

  /** Operations of one group are decided in the order of their calls. */
  const deciding = new Map<string, Promise<unknown>>()

  async function apply(name: string, args: unknown): Promise<Applied | GroupError> {
    await ready
    if (isClosing()) return groupError('NotReady')
    if (startError) return startError
    const groupID = groupIDOf(args) ?? `${generatedIDPrefix}${host.newID()}`
    const checked = prepare({ name, args, groupID }, userID)
    if (!checked.ok) return checked.error
    const { prepared } = checked

    const users = memberNeeds(prepared)
    const before = deciding.get(groupID)
    if (before || !state.base.isLoaded(groupID, users)) {
      const loaded = Promise.all([before, state.base.load(groupID, users)])
      deciding.set(groupID, loaded)
      await loaded
      if (deciding.get(groupID) === loaded) deciding.delete(groupID)
    }
    return enqueue(prepared)
  }

  async function enqueue(prepared: Prepared): Promise<Applied | GroupError> {
    const { operation } = prepared
    const { groupID } = operation
    const clockOffsetMs = state.base.meta()?.clockOffsetMs ?? 0
    const now = Math.floor((host.now() + clockOffsetMs) / 1000)
    const decision = state.overlay.decide(prepared, now)
    if (decision.kind === 'reject') return decision.error
    if (decision.kind === 'unknown' && prepared.undecidedOffline === 'refuse' && status().connection === 'offline')
      return groupError('NoNetwork')
    const bytes = JSON.stringify(operation.args).length
    if (state.outbox.size >= outboxLimits.operationsMax || state.outboxBytes() + bytes > outboxLimits.bytesMax)
      return groupError('QueueFull')

    const pending = pendingOf(operation, now)
    state.show(pending, prepared, decision)
    const version = hub.version()
    const write: Write = { table: 'outbox', scope: '', id: pending.opID, row: pending }
    try {
      await storage.transact([], () => [write])
    } catch (error) {
      // Expected: storage refuses. The operation never was, and its caller is told.
      state.retract(pending)
      return groupError('StorageFailed', String(error))
    }
    state.confirm(pending)
    peers.post({ type: 'committed', writes: [write] })
    if (isLeading) sync.wake()
    return { opID: pending.opID, groupID, result: decision.kind === 'accept' ? decision.result : undefined, version }
  }

  function pendingOf(operation: Operation, now: number): Pending {
    for (const { order: other } of state.operations().slice(-1)) order = Math.max(order, other)
    const seen = state.base.groups.get(operation.groupID)?.seq ?? 0
    return { opID: host.newID(), order: ++order, ...operation, at: host.now(), now, seen }
  }

  async function settled(opID: string) {
    await ready
    const verdict = await state.verdictOf(opID)
    return verdict ? { verdict, version: hub.version() } : groupError('UnknownOperationID', opID)
  }

  async function readProfile(groupID: string) {
    await ready
    // Only the leader has a connection.
    return isLeading ? sync.read(groupID) : groupError('NoNetwork')
  }

  async function dismissVerdict(opID: string): Promise<GroupError | null> {
    await ready
    if (!state.verdicts.has(opID)) return groupError('UnknownOperationID', opID)
    await commit([{ table: 'verdicts', scope: '', id: opID, row: null }])
    return null
  }

  // ── the end ───────────────────────────────────────────────────────────────

  async function logout(choice?: 'keep' | 'flush' | 'discard'): Promise<GroupError | null> {
    await ready
    const waiting = state.operations()
    if (waiting.length > 0) {
      if (choice === undefined) return groupError('PendingOperations', `${waiting.length}`)
      if (choice === 'flush' && status().connection === 'offline') return groupError('NoNetwork')
      if (choice === 'flush') await Promise.all(waiting.flatMap(({ opID }) => state.verdictOf(opID) ?? []))
      if (choice === 'discard') await commit(waiting.flatMap(discarded))
    }
    if (choice !== 'keep') peers.post({ type: 'logout' })
    await close(choice === 'keep' ? storage.close : storage.destroy)
    return null
  }

  function close(end = storage.close): Promise<void> {
    closing ??= ready.then(() => {
      stopWaking()
      sync.stop()
      peers.close()
      return end()
    })
    return closing
  }

  return {
    apply: apply as Engine['apply'],
    settled,
    readProfile,
    dismissVerdict,
    async pause() {
      isPaused = true
      if (isLeading) sync.stop()
    },
    async resume() {
      isPaused = false
      if (isLeading) sync.start()
      onStatus()
    },
    logout,
    close: () => close(),
    openStreams: hub.open
  }
}

const groupIDOf = (args: unknown): string | undefined => {
  const groupID = typeof args === 'object' && args !== null && 'groupID' in args ? args.groupID : undefined
  return typeof groupID === 'string' && groupID !== '' ? groupID : undefined
}

const memberNeeds = ({ needs }: Prepared): string[] => needs.flatMap(({ table, id }) => (table === 'members' ? id : []))

function discarded({ opID, groupID, name, args, at }: Pending): Write[] {
  const row: Settled = { verdict: rejected({ opID, groupID }, groupError('Discarded')), name, args, at }
  return [
    { table: 'outbox', scope: '', id: opID, row: null },
    { table: 'verdicts', scope: '', id: opID, row }
  ]
}
