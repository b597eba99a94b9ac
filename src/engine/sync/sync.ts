/** Talks to the server: sends what waits in the outbox, commits what arrives, and fetches the members of groups. */

import { kernelVersion } from '../../kernel/decide.ts'
import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { GroupRow } from '../../kernel/model.ts'
import type { Write } from '../../storage/port.ts'
import type { Pending } from '../../storage/tables.ts'
import { digestVersion, groupDigest, positionDigest } from '../../protocol/digest.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import {
  frameLimits,
  protocolVersion,
  type DeltaMessage,
  type PushedOperation,
  type ServerMessage
} from '../../protocol/messages.ts'
import type { Status } from '../api.ts'
import { createConnection } from './connection.ts'
import type { Host } from '../host.ts'
import { forgetBase, isWhole, merge, type Held, type RowsMessage } from './merge.ts'
import { createPages } from './pages.ts'
import { answerWithinMs, backoffMs } from './schedule.ts'
import type { State } from '../state/state.ts'
import type { Time } from '../state/time.ts'

/** Groups of at most so many members are replicated in the background; of larger ones, those that are looked at. */
const replicatedMembersMax = 2000
const unansweredMax = 500
/** A clock that is off by less is right. */
const clockToleranceMs = 2000

/** The part of a store's status that the connection decides. */
export type SyncStatus = Pick<Status, 'connection' | 'caughtUp' | 'lastError' | 'nextRetryAtMs'>

export type SyncOptions = {
  readonly host: Host
  readonly state: State
  readonly userID: string
  /** Whether tips and notices are kept until they are handed on. */
  readonly keepUndelivered: boolean
  readonly token: string
  readonly time: Time
  /** Commits writes and takes them in. */
  commit(writes: readonly Write[]): Promise<void>
  onStatus(): void
}

export function createSync({
  host,
  state,
  userID,
  keepUndelivered,
  token: firstToken,
  time,
  commit,
  onStatus
}: SyncOptions) {
  let token = firstToken
  let caughtUp = false
  /** Whether the server's digests are of the version that this build makes. */
  let comparesDigests = false
  /** Sent over this connection and not answered. */
  const sent = new Set<string>()
  const wanted = new Set<string>()
  /** Questions to the server, by number, that wait for their answer, or at first for the connection. */
  const reading = new Map<
    number,
    { question: ClientMessage; answer(answer: GroupRow | GroupError): void }
  >()
  let questions = 0
  const pages = createPages(host.elapsedMs)
  let checked = ''
  let isPumping = false
  const connection = createConnection({
    host,
    refusal: tokenError(token),
    hello,
    ping,
    receive,
    onLost,
    onStatus
  })

  function onLost(): void {
    caughtUp = false
    pages.lost()
    sent.clear()
    for (const { answer } of [...reading.values()]) answer(groupError('NoNetwork'))
  }

  const held = (): Held | undefined => {
    const meta = state.base.meta()
    const { groups, notices } = state.base
    return meta && { userID, meta, groups, outbox: state.outbox, notices, keepUndelivered }
  }

  function hello(): ClientMessage {
    const meta = state.base.meta()
    return {
      type: 'hello',
      protocol: protocolVersion,
      kernel: kernelVersion,
      token,
      epoch: meta?.epoch ?? '',
      ...(meta?.receipt !== undefined && { receipt: meta.receipt }),
      feed: meta?.feed ?? 0,
      groups: [...state.base.groups.values()].map(({ groupID, membershipEpoch, seq }) => [
        groupID,
        membershipEpoch,
        seq
      ])
    }
  }

  /** Has one group compared each time, so that whatever made it drift, it is mended. */
  async function ping(): Promise<ClientMessage> {
    if (!comparesDigests) return { type: 'ping' }
    const all = [...state.base.groups.values()]
      .filter(isWhole)
      .sort((a, b) => (a.groupID < b.groupID ? -1 : 1))
    const next = all.find(({ groupID }) => groupID > checked) ?? all[0]
    checked = next?.groupID ?? ''
    if (!next) return { type: 'ping' }
    const { answers } = await host.storage.read([
      { table: 'groups', scope: '', ids: [checked] },
      { table: 'members', scope: checked }
    ])
    const [[group], members] = answers
    if (!group || !isWhole(group)) return { type: 'ping' }
    const { groupID, membershipEpoch, seq } = group
    return {
      type: 'ping',
      check: {
        groupID,
        membershipEpoch,
        seq,
        digest: groupDigest(group.row, members),
        version: digestVersion
      }
    }
  }

  // ── receiving ─────────────────────────────────────────────────────────────

  async function receive(
    messages: readonly ServerMessage[],
    isCurrent: () => boolean
  ): Promise<void> {
    let rest = messages
    while (rest.length > 0 && isCurrent()) {
      const other = rest.findIndex(
        message => message.type !== 'delta' && message.type !== 'members'
      )
      const end = other < 0 ? rest.length : other
      // One commit for all that bring rows and have come together.
      if (end > 0) await take(rest.slice(0, end) as RowsMessage[], isCurrent)
      const next = rest[end]
      if (next && isCurrent()) await hear(next, isCurrent)
      rest = rest.slice(end + 1)
    }
  }

  async function hear(message: ServerMessage, isCurrent: () => boolean): Promise<void> {
    switch (message.type) {
      case 'welcome':
        return welcome(message, isCurrent)
      case 'error':
        return connection.fail(message.error)
      case 'profile':
        return reading.get(message.request)?.answer(message.answer)
      case 'pong':
        return compare(message)
      case 'unknown':
        return
      case 'members':
      case 'delta':
        return take([message], isCurrent)
    }
  }

  async function welcome(
    message: Extract<ServerMessage, { type: 'welcome' }>,
    isCurrent: () => boolean
  ): Promise<void> {
    const { epoch, kernel, serverTime, isAppAdmin, policy, known, digest, receipt } = message
    if (message.userID !== userID) return connection.fail(groupError('TokenOfOtherUser'))
    comparesDigests = digest === digestVersion
    const before = held()
    const { feed = 0, noticeCount = 0, noticeSeq = 0, undeliveredCount = 0 } = before?.meta ?? {}
    const clockOffsetMs = serverTime - host.now()
    const counts = { feed, noticeCount, noticeSeq, undeliveredCount }
    const meta = {
      userID,
      epoch,
      ...(receipt !== undefined && { receipt }),
      ...counts,
      kernel,
      isAppAdmin,
      policy,
      clockOffsetMs,
      serverTimeMs: serverTime
    }
    const isAnotherHistory = before && (before.meta.epoch !== epoch || !known)
    await commit(
      isAnotherHistory
        ? forgetBase({ ...before, meta }, epoch)
        : [{ table: 'meta', scope: '', id: '', row: meta }]
    )
    if (!isCurrent()) return
    connection.welcomed()
    for (const { question } of reading.values()) connection.ask(question)
    pump()
  }

  async function take(messages: readonly RowsMessage[], isCurrent: () => boolean): Promise<void> {
    await readLeavers(messages)
    if (!isCurrent()) return
    const current = held()
    if (!current || !connection.isOnline()) return connection.fail(groupError('BadFrame'))
    const { writes, isGap } = merge(current, messages)
    // While pages are being stored, others are asked for.
    const arrived = messages.filter(message => message.type === 'members')
    if (arrived.length > 0) pages.arrived(arrived)
    fetchMembers()
    if (writes.length > 0) await commit(writes)
    if (!isCurrent()) return
    if (isGap) return connection.lost()
    for (const message of messages) {
      if (message.type === 'members') pages.stored(message.groupID)
      else noteDelta(message)
    }
    // A user who was out of the group meanwhile may get no answer.
    pages.keep(
      (groupID, membershipEpoch) =>
        state.base.groups.get(groupID)?.membershipEpoch === membershipEpoch
    )
    pump()
    fetchMembers()
  }

  /** Members who are about to go: a window may begin after one of them. */
  async function readLeavers(messages: readonly RowsMessage[]): Promise<void> {
    const groups = messages.flatMap(message => (message.type === 'delta' ? message.groups : []))
    const leaving = groups.filter(
      ({ groupID, gone }) => gone.length > 0 && !state.base.isLoaded(groupID, gone)
    )
    await Promise.all(leaving.map(({ groupID, gone }) => state.base.load(groupID, gone)))
  }

  function noteDelta(message: DeltaMessage): void {
    for (const { opID } of message.verdicts) sent.delete(opID)
    if (message.retry.length > 0) resend(message.retry)
    if (!message.caughtUp || caughtUp) return
    caughtUp = true
    connection.caughtUp()
  }

  /** What the server believes is here, and the time: where it is wrong, the connection begins anew. */
  async function compare({
    feed,
    groups,
    serverTime,
    receipt = ''
  }: Extract<ServerMessage, { type: 'pong' }>): Promise<void> {
    const meta = state.base.meta()
    if (!meta || !caughtUp) return
    const isElsewhere = comparesDigests && positionDigest(state.base.groups.values()) !== groups
    if (meta.feed !== feed || isElsewhere) return connection.lost()
    const clockOffsetMs = serverTime - host.now()
    const isClockRight = Math.abs(clockOffsetMs - meta.clockOffsetMs) < clockToleranceMs
    if (isClockRight && receipt === (meta.receipt ?? '')) return
    const row = {
      ...meta,
      receipt,
      serverTimeMs: serverTime,
      ...(!isClockRight && { clockOffsetMs })
    }
    await commit([{ table: 'meta', scope: '', id: '', row }])
    onStatus()
  }

  // ── sending ───────────────────────────────────────────────────────────────

  /** Sends what waits, in order; of a lane, each says which one it follows. */
  function pump(): void {
    if (!connection.isOnline()) return
    const last = new Map<string, string>()
    const batch: PushedOperation[] = []
    // Lanes in which something is not stored yet: what stands behind it has to follow it.
    const blocked = new Set<string>()
    for (const pending of state.operations()) {
      if (state.uncommitted.has(pending.opID)) blocked.add(pending.groupID)
      if (pending.applied || blocked.has(pending.groupID)) continue
      const after = last.get(pending.groupID)
      last.set(pending.groupID, pending.opID)
      if (sent.has(pending.opID) || sent.size >= unansweredMax) continue
      sent.add(pending.opID)
      batch.push(pushed(pending, after))
    }
    for (const operations of frames(batch)) connection.ask({ type: 'push', operations })
  }

  const pushed = (pending: Pending, after: string | undefined): PushedOperation => ({
    opID: pending.opID,
    name: pending.name,
    args: pending.args,
    groupID: pending.groupID,
    seen: pending.seen,
    waited: time.waitedSeconds(pending),
    ...(after !== undefined && { after })
  })

  /** After a while: until then they count as sent. Whoever sends something twice gets one verdict. */
  function resend(opIDs: readonly string[]): void {
    host.setTimer(
      () => {
        for (const opID of opIDs) sent.delete(opID)
        pump()
      },
      backoffMs(1, host.random())
    )
  }

  function fetchMembers(): void {
    if (!caughtUp) return
    // Those that somebody looks at come first.
    const looked = [...wanted].flatMap(groupID => state.base.groups.get(groupID) ?? [])
    for (const { groupID, row, membershipEpoch, membersUpTo } of [
      ...looked,
      ...state.base.groups.values()
    ]) {
      if (membersUpTo === null || !row || row.type === 'AVChatRoom' || pages.has(groupID)) continue
      if (row.memberNum > replicatedMembersMax && !wanted.has(groupID)) continue
      const limit = pages.limit()
      if (limit === 0) return
      pages.asked(groupID, { membershipEpoch, rows: Math.min(limit, Math.max(1, row.memberNum)) })
      connection.ask({ type: 'members', groupID, after: membersUpTo, limit })
    }
  }

  return {
    status: (): SyncStatus => ({ ...connection.status(), caughtUp }),
    token: () => token,
    start: connection.start,
    stop: connection.stop,
    wake: connection.wake,
    /** There is something to send, and a reason to try. What comes in the same turn goes together. */
    push(): void {
      if (!connection.isOnline()) return connection.trySoon()
      if (isPumping) return
      isPumping = true
      void Promise.resolve().then(() => {
        isPumping = false
        pump()
      })
    },
    renew(fresh: string): void {
      const problem = tokenError(fresh)
      // A good one stays.
      if (problem && token !== '') return
      if (problem) return connection.refuse(problem)
      token = fresh
      if (connection.isOnline()) connection.send({ type: 'auth', token })
      else connection.renewed()
    },
    /** The profile of a group that the user need not be in, as the server knows it now. */
    read(groupID: string, search: boolean): Promise<GroupRow | GroupError> {
      return new Promise(resolve => {
        const question = { type: 'read', request: questions++, groupID, search } as const
        const answer = (value: GroupRow | GroupError) => {
          stopTimer()
          reading.delete(question.request)
          resolve(value)
        }
        const stopTimer = host.setTimer(
          () => answer(groupError('NoNetwork', 'no answer')),
          answerWithinMs
        )
        reading.set(question.request, { question, answer })
        if (connection.isOnline()) connection.ask(question)
      })
    },
    /** Members of this group are looked at. */
    want(groupID: string): void {
      wanted.add(groupID)
      fetchMembers()
    }
  }
}

/** Why no server could take this token. The app may have passed anything. */
function tokenError(token: unknown): GroupError | undefined {
  if (typeof token !== 'string' || token === '') return groupError('TokenEmpty')
  return token.length > frameLimits.tokenLengthMax ? groupError('TokenMalformed') : undefined
}

/** Cuts what is to be pushed into frames that a server takes. */
function frames(operations: readonly PushedOperation[]): PushedOperation[][] {
  const cut: PushedOperation[][] = []
  let room = 0
  for (const operation of operations) {
    const { length } = JSON.stringify(operation)
    const last = cut.at(-1)
    if (last && length <= room && last.length < frameLimits.operationsPerPushMax) {
      last.push(operation)
      room -= length
    } else {
      cut.push([operation])
      room = frameLimits.pushLength - length
    }
  }
  return cut
}
