/**
 * Talks to the server: connects and comes back after failures, sends what waits in the outbox, commits what arrives,
 * and fetches the members of groups.
 *
 *   connecting ──welcome──▶ online ──closed, silent──▶ offline ──retry: welcome──▶ online
 */

import { groupError, type GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Pending, Write } from '../storage/port.ts'
import {
  frameLimits,
  parseServerMessage,
  protocolVersion,
  type ClientMessage,
  type PushedOperation,
  type ServerMessage
} from '../sync/messages.ts'
import type { Link } from '../sync/port.ts'
import type { Status } from './api.ts'
import type { Host } from './host.ts'
import { forgetBase, mergeDelta, mergeMembers, type Held, type Merged } from './merge.ts'
import { answerWithinMs, backoffMs, pingAfterMs } from './schedule.ts'
import type { State } from './state.ts'

/** Groups of at most so many members are replicated in the background; of larger ones, those that are looked at. */
const replicatedMembersMax = 2000
const unansweredMax = 500

/** The part of a store's status that the connection decides. */
export type SyncStatus = Pick<Status, 'connection' | 'caughtUp' | 'lastError' | 'nextRetryAt'>

export type SyncOptions = {
  readonly host: Host
  readonly state: State
  readonly userID: string
  /** Whether tips and notices are kept until they are handed on. */
  readonly handsOn: boolean
  token(): string
  /** Commits writes and takes them in. */
  commit(writes: readonly Write[]): Promise<void>
  onStatus(): void
}

export function createSync({ host, state, userID, handsOn, token, commit, onStatus }: SyncOptions) {
  let isStarted = false
  // About to connect.
  let connection: Status['connection'] = 'connecting'
  let caughtUp = false
  let lastError: GroupError | null = null
  let nextRetryAt: number | null = null
  let failures = 0
  let link: Link | undefined
  /** Sent over this connection and not answered. */
  const sent = new Set<string>()
  const wanted = new Set<string>()
  /** Questions to the server, by number, that wait for their answer, or at first for the connection. */
  const reading = new Map<number, { question: ClientMessage; answer(answer: GroupRow | GroupError): void }>()
  let questions = 0
  let fetching: string | undefined
  const timers: Record<'retry' | 'silence' | 'resend', () => void> = { retry: noTimer, silence: noTimer, resend: noTimer }

  function setTimer(name: keyof typeof timers, callback: () => void, delayMs: number): void {
    timers[name]()
    timers[name] = host.setTimer(callback, delayMs)
  }

  function held(): Held | undefined {
    const meta = state.base.meta()
    if (!meta) return undefined
    return {
      userID,
      meta,
      groups: state.base.groups,
      outbox: state.outbox,
      notices: state.base.notices,
      handsOn
    }
  }

  // ── connecting ────────────────────────────────────────────────────────────

  function connect(): void {
    if (!isStarted || link) return
    timers.retry()
    nextRetryAt = null
    // Trying again is no news: nobody knows yet whether the network is back.
    if (failures === 0) connection = 'connecting'
    onStatus()
    let inbox = Promise.resolve()
    let isOver = false
    const opened: Link = host.connect({
      onOpen: () => isOver || hello(opened),
      onFrame(frame) {
        if (isOver) return
        expectAnswer()
        // One after another: what a message means depends on what the one before it has done.
        inbox = inbox.then(() => (link === opened ? receive(frame) : undefined))
      },
      onClose() {
        isOver = true
        if (link === opened) lost()
      }
    })
    link = opened
    setTimer('silence', lost, answerWithinMs)
  }

  function hello(opened: Link): void {
    const meta = state.base.meta()
    const groups = [...state.base.groups.values()].map(
      ({ groupID, mep, seq }) => [groupID, [mep, seq]] as [string, [number, number]]
    )
    send(opened, {
      type: 'hello',
      protocol: protocolVersion,
      token: token(),
      epoch: meta?.epoch ?? '',
      feed: meta?.feed ?? 0,
      groups: Object.fromEntries(groups)
    })
  }

  const send = (to: Link, message: ClientMessage) => to.send(JSON.stringify(message))

  function expectAnswer(): void {
    setTimer(
      'silence',
      () => {
        if (link) send(link, { type: 'ping' })
        setTimer('silence', lost, answerWithinMs)
      },
      pingAfterMs
    )
  }

  /** The connection is over. It is tried again after a while, for as long as it takes. */
  function lost(): void {
    disconnect()
    if (!isStarted) return
    const delayMs = backoffMs(failures++, host.random())
    nextRetryAt = host.now() + delayMs
    setTimer('retry', connect, delayMs)
    onStatus()
  }

  function disconnect(): void {
    const closing = link
    link = undefined
    connection = 'offline'
    caughtUp = false
    fetching = undefined
    nextRetryAt = null
    sent.clear()
    for (const { answer } of reading.values()) answer(groupError('NoNetwork'))
    reading.clear()
    for (const stop of Object.values(timers)) stop()
    closing?.close()
  }

  // ── receiving ─────────────────────────────────────────────────────────────

  async function receive(frame: string): Promise<void> {
    const message = parseServerMessage(frame)
    try {
      if (message) await handle(message)
      else fail(groupError('BadFrame', frame.slice(0, 80)))
    } catch (error) {
      // Expected: storage refuses. What was not committed comes again after the next connection.
      fail(groupError('StorageFailed', String(error)))
    }
  }

  function fail(error: GroupError): void {
    lastError = error
    if (link) lost()
  }

  async function handle(message: ServerMessage): Promise<void> {
    if (message.type === 'welcome') return welcome(message)
    if (message.type === 'error') return fail(message.error)
    if (message.type === 'pong') return
    if (message.type === 'profile') {
      reading.get(message.request)?.answer(message.answer)
      reading.delete(message.request)
      return
    }
    const current = held()
    if (!current) return
    if (message.type === 'members') {
      if (fetching === message.groupID) fetching = undefined
      await apply(mergeMembers(current, message))
    } else {
      await apply(mergeDelta(current, message))
      for (const { opID } of message.verdicts) sent.delete(opID)
      if (message.retry.length > 0) resend(message.retry)
      if (message.caughtUp && link) {
        caughtUp = true
        failures = 0
        lastError = null
        onStatus()
      }
      if (fetching !== undefined && !state.base.groups.has(fetching)) fetching = undefined
    }
    pump()
    fetchMembers()
  }

  async function welcome({
    epoch,
    serverTime,
    userID: loggedIn,
    isAppAdmin,
    policy
  }: Extract<ServerMessage, { type: 'welcome' }>): Promise<void> {
    if (loggedIn !== userID) return fail(groupError('TokenOfOtherUser'))
    const before = held()
    const clockOffsetMs = serverTime - host.now()
    const meta = {
      userID,
      epoch,
      feed: before?.meta.feed ?? 0,
      noticeCount: before?.meta.noticeCount ?? 0,
      noticeSeq: before?.meta.noticeSeq ?? 0,
      arrivalCount: before?.meta.arrivalCount ?? 0,
      isAppAdmin,
      policy,
      clockOffsetMs
    }
    const isAnotherHistory = before && before.meta.epoch !== epoch
    await commit(isAnotherHistory ? forgetBase({ ...before, meta }, epoch) : [{ table: 'meta', scope: '', id: '', row: meta }])
    if (!link) return
    connection = 'online'
    onStatus()
    for (const { question } of reading.values()) send(link, question)
    pump()
  }

  async function apply(merged: Merged): Promise<void> {
    if (merged.kind === 'gap') lost()
    else if (merged.writes.length > 0) await commit(merged.writes)
  }

  // ── sending ───────────────────────────────────────────────────────────────

  /** Sends what waits, in order; of a lane, each says which one it follows. */
  function pump(): void {
    if (!link || connection !== 'online') return
    const last = new Map<string, string>()
    const batch: PushedOperation[] = []
    for (const pending of state.operations()) {
      if (state.uncommitted.has(pending.opID)) continue
      const after = last.get(pending.groupID)
      last.set(pending.groupID, pending.opID)
      if (pending.applied || sent.has(pending.opID) || sent.size >= unansweredMax) continue
      sent.add(pending.opID)
      batch.push(pushed(pending, after))
    }
    for (let start = 0; start < batch.length; start += frameLimits.operationsPerPushMax) {
      send(link, { type: 'push', operations: batch.slice(start, start + frameLimits.operationsPerPushMax) })
    }
  }

  const pushed = ({ opID, name, args, groupID, seen }: Pending, after: string | undefined): PushedOperation => ({
    opID,
    name,
    args,
    groupID,
    seen,
    ...(after !== undefined && { after })
  })

  function resend(opIDs: readonly string[]): void {
    for (const opID of opIDs) sent.delete(opID)
    setTimer('resend', pump, backoffMs(1, host.random()))
  }

  function fetchMembers(): void {
    if (!link || !caughtUp || fetching !== undefined) return
    const group = [...[...wanted].flatMap(groupID => state.base.groups.get(groupID) ?? []), ...state.base.groups.values()].find(
      ({ groupID, row, membersUpTo }) =>
        row && membersUpTo !== null && row.type !== 'AVChatRoom' && (row.memberNum <= replicatedMembersMax || wanted.has(groupID))
    )
    if (!group) return
    fetching = group.groupID
    send(link, { type: 'members', groupID: group.groupID, after: group.membersUpTo ?? '', limit: frameLimits.membersPerPageMax })
  }

  return {
    status: (): SyncStatus => ({ connection, caughtUp, lastError, nextRetryAt }),

    start(): void {
      isStarted = true
      connect()
    },
    stop(): void {
      isStarted = false
      failures = 0
      disconnect()
      onStatus()
    },
    /** There is something to send, or a reason to think that the network is back. */
    wake(): void {
      if (link) pump()
      else connect()
    },
    /** The profile of a group that the user need not be in, as the server knows it now. */
    read(groupID: string, { search }: { search: boolean }): Promise<GroupRow | GroupError> {
      return new Promise(answer => {
        const question = { type: 'read', request: questions++, groupID, search } as const
        reading.set(question.request, { question, answer })
        if (link && connection === 'online') send(link, question)
      })
    },
    /** Members of this group are looked at. */
    want(groupID: string): void {
      wanted.add(groupID)
      fetchMembers()
    }
  }
}

const noTimer = () => undefined
