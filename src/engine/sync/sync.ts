/** Talks to the server: says hello, merges and commits what arrives, and sends pending operations. */

import { kernelVersion } from '../../kernel/decide.ts'
import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { Meta } from '../../storage/tables.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import {
  frameLimits,
  protocolVersion,
  type DeltaMessage,
  type ServerMessage
} from '../../protocol/messages.ts'
import type { SyncStatus } from '../api.ts'
import type { Host } from '../host.ts'
import type { Commits } from '../state/commits.ts'
import type { State } from '../state/state.ts'
import type { Time } from '../state/time.ts'
import { createConnection } from './connection.ts'
import { createDrift } from './drift.ts'
import { createMembers } from './members.ts'
import { forgetBase, merge, type MergeBase, type RowsMessage } from './merge.ts'
import { createPush } from './push.ts'
import { createQuestions } from './questions.ts'

/** A smaller difference of clocks is ignored: frames take that long. */
const clockToleranceMs = 2000

export type SyncOptions = {
  readonly host: Host
  readonly state: State
  readonly commits: Commits
  readonly time: Time
  readonly userID: string
  /** Whether tips and notices are kept until they are delivered. */
  readonly keepUndelivered: boolean
  readonly token: string
  onStatus(): void
}

export type Sync = ReturnType<typeof createSync>

export function createSync(options: SyncOptions) {
  const { host, state, commits, time, userID, keepUndelivered, onStatus } = options
  const { base } = state
  let { token } = options
  let caughtUp = false
  const drift = createDrift(host.storage, base)
  const connection = createConnection({
    host,
    tokenError: tokenError(token),
    hello: () => hello(state, token),
    ping: drift.ping,
    receive,
    onLost,
    onStatus
  })
  const push = createPush({ host, state, time, connection })
  const members = createMembers({ host, state, connection })
  const questions = createQuestions(host, connection)

  function onLost(): void {
    caughtUp = false
    members.lost()
    push.lost()
    questions.lost()
  }

  // ── receiving ─────────────────────────────────────────────────────────────

  async function receive(
    messages: readonly ServerMessage[],
    isCurrent: () => boolean
  ): Promise<void> {
    for (const next of withRowsTogether(messages)) {
      if (!isCurrent()) return
      if (Array.isArray(next)) await mergeMessages(next, isCurrent)
      else await receiveMessage(next, isCurrent)
    }
  }

  async function receiveMessage(message: OtherMessage, isCurrent: () => boolean): Promise<void> {
    switch (message.type) {
      case 'welcome':
        return receiveWelcome(message, isCurrent)
      case 'error':
        return connection.fail(message.error)
      case 'profile':
        return questions.answer(message.request, message.answer)
      case 'pong':
        return receivePong(message)
      case 'unknown':
    }
  }

  async function receiveWelcome(
    message: Extract<ServerMessage, { type: 'welcome' }>,
    isCurrent: () => boolean
  ): Promise<void> {
    if (message.userID !== userID) return connection.fail(groupError('TokenOfOtherUser'))
    drift.welcome(message.digest)
    const before = mergeBase()
    const meta = welcomedMeta(message, before?.meta, host.now())
    const isAnotherHistory = before && (before.meta.epoch !== message.epoch || !message.known)
    await commits.commit(
      isAnotherHistory
        ? forgetBase({ ...before, meta }, message.epoch)
        : [{ table: 'meta', scope: '', id: '', row: meta }]
    )
    if (!isCurrent()) return
    connection.welcomed()
    questions.askAll()
    push.push()
  }

  /** Merges rows and verdicts that have arrived together into one commit. */
  async function mergeMessages(
    messages: readonly RowsMessage[],
    isCurrent: () => boolean
  ): Promise<void> {
    const deltas = messages.filter(message => message.type === 'delta')
    const pages = messages.filter(message => message.type === 'members')
    await loadLeavingMembers(deltas)
    if (!isCurrent()) return
    const current = mergeBase()
    if (!current || !connection.isOnline()) return connection.fail(groupError('BadFrame'))
    const { writes, isGap } = merge(current, messages)
    members.arrived(pages)
    fetchMembers()
    if (writes.length > 0) await commits.commit(writes)
    if (!isCurrent()) return
    if (isGap) return connection.lost()
    members.stored(pages)
    deltas.forEach(receiveVerdicts)
    push.push()
    fetchMembers()
  }

  const mergeBase = (): MergeBase | undefined => {
    const meta = base.meta()
    const { groups, notices } = base
    return meta && { userID, meta, groups, outbox: state.outbox.rows, notices, keepUndelivered }
  }

  /** A window may begin after a member who leaves now: its row has to be in memory. */
  async function loadLeavingMembers(deltas: readonly DeltaMessage[]): Promise<void> {
    const leaving = deltas
      .flatMap(({ groups }) => groups)
      .filter(({ groupID, gone }) => gone.length > 0 && !base.isLoaded(groupID, gone))
    await Promise.all(leaving.map(({ groupID, gone }) => base.load(groupID, gone)))
  }

  function receiveVerdicts({ verdicts, retry, caughtUp: isCaughtUp }: DeltaMessage): void {
    for (const { opID } of verdicts) push.settled(opID)
    push.resend(retry)
    if (!isCaughtUp || caughtUp) return
    caughtUp = true
    connection.caughtUp()
  }

  /** If the server believes this client elsewhere, the connection begins anew. */
  async function receivePong(pong: Extract<ServerMessage, { type: 'pong' }>): Promise<void> {
    const meta = base.meta()
    if (!meta || !caughtUp) return
    if (drift.isElsewhere(pong)) return connection.lost()
    const { serverTime, receipt = '' } = pong
    const clockOffsetMs = serverTime - host.now()
    const isClockRight = Math.abs(clockOffsetMs - meta.clockOffsetMs) < clockToleranceMs
    if (isClockRight && receipt === (meta.receipt ?? '')) return
    const clock = { serverTimeMs: serverTime, ...(!isClockRight && { clockOffsetMs }) }
    const row = { ...meta, receipt, ...clock }
    await commits.commit([{ table: 'meta', scope: '', id: '', row }])
    onStatus()
  }

  function fetchMembers(): void {
    if (caughtUp) members.fetch()
  }

  return {
    status: (): SyncStatus => ({ ...connection.status(), caughtUp }),
    token: () => token,
    start: connection.start,
    stop: connection.stop,
    wake: connection.wake,
    /** Sends what is pending. Without a connection, it is a reason to retry soon. */
    push: push.pushSoon,
    renew(newToken: string): void {
      const problem = tokenError(newToken)
      // A usable token stays.
      if (problem && token !== '') return
      if (problem) return connection.refuse(problem)
      token = newToken
      if (connection.isOnline()) connection.send({ type: 'auth', token })
      else connection.renewed()
    },
    readProfile: questions.ask,
    /** Members of this group are shown. */
    want(groupID: string): void {
      members.want(groupID)
      fetchMembers()
    }
  }
}

type OtherMessage = Exclude<ServerMessage, RowsMessage>

/** Messages in order; those with rows that follow each other are one list. */
function withRowsTogether(messages: readonly ServerMessage[]): (RowsMessage[] | OtherMessage)[] {
  const result: (RowsMessage[] | OtherMessage)[] = []
  for (const message of messages) {
    const last = result.at(-1)
    if (message.type !== 'delta' && message.type !== 'members') result.push(message)
    else if (Array.isArray(last)) last.push(message)
    else result.push([message])
  }
  return result
}

function hello({ base }: State, token: string): ClientMessage {
  const { epoch = '', receipt, feed = 0 } = base.meta() ?? {}
  return {
    type: 'hello',
    protocol: protocolVersion,
    kernel: kernelVersion,
    token,
    epoch,
    ...(receipt !== undefined && { receipt }),
    feed,
    groups: [...base.groups.values()].map(({ groupID, membershipEpoch, seq }) => [
      groupID,
      membershipEpoch,
      seq
    ])
  }
}

/** What is stored about the server after a welcome. The positions stay. */
function welcomedMeta(
  { userID, epoch, receipt, kernel, isAppAdmin, policy, serverTime }: Welcome,
  before: Meta | undefined,
  nowMs: number
): Meta {
  const { feed = 0, noticeCount = 0, noticeSeq = 0, undeliveredCount = 0 } = before ?? {}
  return {
    userID,
    epoch,
    ...(receipt !== undefined && { receipt }),
    feed,
    noticeCount,
    noticeSeq,
    undeliveredCount,
    kernel,
    isAppAdmin,
    policy,
    clockOffsetMs: serverTime - nowMs,
    serverTimeMs: serverTime
  }
}
type Welcome = Extract<ServerMessage, { type: 'welcome' }>

/** Why no server accepts this token. The app may have passed anything. */
function tokenError(token: unknown): GroupError | undefined {
  if (typeof token !== 'string' || token === '') return groupError('TokenEmpty')
  return token.length > frameLimits.tokenLengthMax ? groupError('TokenMalformed') : undefined
}
