/**
 * Sync with the server: logs in, merges and commits received messages, and sends pending
 * operations.
 */

import { lastOf } from '../../kernel/model.ts'
import { groupError } from '../../kernel/errors.ts'
import type { DeltaMessage, ServerMessage } from '../../protocol/server-messages.ts'
import type { SyncStatus } from '../api.ts'
import type { Host } from '../host.ts'
import type { Commits } from '../state/commits.ts'
import type { State } from '../state/state.ts'
import type { Time } from '../state/time.ts'
import { createConnection } from './connection.ts'
import { createDrift } from './drift.ts'
import { helloOf, tokenError } from './hello.ts'
import { createMembers } from './members.ts'
import { forgetBase, merge, type RowsMessage } from './merge.ts'
import { loadLeavingMembers, mergeBaseOf } from './merge-base.ts'
import { createPush } from './push.ts'
import { createQuestions } from './questions.ts'
import { metaAfterPong, metaAfterWelcome } from './server-meta.ts'

type SyncOptions = {
  readonly host: Host
  readonly state: State
  readonly commits: Commits
  readonly time: Time
  readonly userID: string
  /** Whether tips and notices are kept until they are delivered. */
  keepsUndelivered(): boolean
  readonly token: string
  /** Whether members of the group are fetched only when they are shown. */
  isEvicted(groupID: string): boolean
  onStatus(): void
  /** Rows in storage are damaged that stay in memory. */
  onDamaged(): void
}

export type Sync = ReturnType<typeof createSync>

export function createSync(options: SyncOptions) {
  const { host, state, commits, time, userID, keepsUndelivered, onStatus } = options
  const { base } = state
  let { token } = options
  let caughtUp = false
  const drift = createDrift(host.storage, base, options.onDamaged)
  const connection = createConnection({
    host,
    tokenError: tokenError(token),
    hello: () => helloOf(state, token),
    ping: drift.ping,
    receive,
    onLost,
    onStatus
  })
  const push = createPush({ host, state, time, connection })
  const members = createMembers({ host, state, connection, isEvicted: options.isEvicted })
  const questions = createQuestions(host, connection)

  function onLost(): void {
    caughtUp = false
    members.lost()
    push.lost()
    questions.lost()
  }

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
      case 'memberPage':
      case 'entries':
        return questions.receive(message)
      case 'pong':
        return receivePong(message)
      case 'unknown':
        return questions.unknown(message.what)
    }
  }

  async function receiveWelcome(
    message: Extract<ServerMessage, { type: 'welcome' }>,
    isCurrent: () => boolean
  ): Promise<void> {
    if (message.userID !== userID) return connection.fail(groupError('TokenOfOtherUser'))
    drift.welcome(message.digest)
    const before = mergeBase()
    const meta = metaAfterWelcome(message, before?.meta, host.now())
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
    await loadLeavingMembers(base, deltas)
    if (!isCurrent()) return
    const current = mergeBase()
    if (!current || !connection.isOnline()) return connection.fail(groupError('BadFrame'))
    const { writes, isGap } = merge(current, messages)
    // The next pages are requested before these are stored, so that both happen at once.
    members.arrived(pages)
    fetchMembers()
    const mergeAgain = () => merge(mergeBase() ?? current, messages).writes
    if (writes.length > 0) await commits.commit(writes, mergeAgain)
    if (!isCurrent()) return
    if (isGap) return connection.lost()
    members.stored(pages)
    deltas.forEach(receiveVerdicts)
    push.push()
    fetchMembers()
  }

  const mergeBase = () => mergeBaseOf(state, userID, keepsUndelivered())

  function receiveVerdicts({ verdicts, retry, caughtUp: isCaughtUp }: DeltaMessage): void {
    for (const { opID } of verdicts) push.settled(opID)
    push.resend(retry)
    if (!isCaughtUp || caughtUp) return
    caughtUp = true
    connection.caughtUp()
  }

  /** If the server assumes other positions than the client's, the client reconnects. */
  async function receivePong(pong: Extract<ServerMessage, { type: 'pong' }>): Promise<void> {
    const meta = base.meta()
    if (!meta || !caughtUp) return
    if (drift.isElsewhere(pong)) return connection.lost()
    const row = metaAfterPong(meta, pong, host.now())
    if (!row) return
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
    /** Sends pending operations. Without a connection, it makes the next attempt earlier. */
    push: push.pushSoon,
    renew(newToken: string): void {
      const problem = tokenError(newToken)
      // An invalid token does not replace a usable one.
      if (problem && token !== '') return
      if (problem) return connection.refuse(problem)
      token = newToken
      if (connection.isOnline()) connection.send({ type: 'auth', token })
      else connection.renewed()
    },
    ask: questions.ask,
    isWanted: members.isWanted,
    /** Fetches the members of this group first: they are shown. */
    want(groupID: string): void {
      members.want(groupID)
      fetchMembers()
    }
  }
}

type OtherMessage = Exclude<ServerMessage, RowsMessage>

/** Messages in order. Consecutive messages with rows are one list. */
function withRowsTogether(messages: readonly ServerMessage[]): (RowsMessage[] | OtherMessage)[] {
  const result: (RowsMessage[] | OtherMessage)[] = []
  for (const message of messages) {
    const last = lastOf(result)
    if (message.type !== 'delta' && message.type !== 'members') result.push(message)
    else if (Array.isArray(last)) last.push(message)
    else result.push([message])
  }
  return result
}
