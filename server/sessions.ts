/**
 * One client's connection, whatever carries it: logs the user in, takes messages in one after another, and sends what
 * concerns the client.
 */

import { kernelVersion } from '../src/kernel/decide.ts'
import { groupError, type GroupError, type Reason } from '../src/kernel/errors.ts'
import type { Policy } from '../src/kernel/limits.ts'
import type { GroupRow } from '../src/kernel/model.ts'
import { parseClientMessage, type ClientMessage, type ReceivedMessage } from '../src/sync/client-messages.ts'
import { digestVersion } from '../src/sync/digest.ts'
import { frameLimits, protocolVersion, serverFrame, type ServerMessage } from '../src/sync/messages.ts'
import type { Outcome } from './authority.ts'
import type { Bus } from './bus.ts'
import type { Lanes } from './lanes.ts'
import { readLogin } from './login.ts'
import type { Database, Reader } from './port.ts'
import { receiptOf } from './receipts.ts'
import { createReplica, type Replica } from './replica.ts'
import { nowhere } from './replica-deltas.ts'

/** Catching up is cut into frames of about this many groups. */
const groupsPerFrame = 100
/** Changes that come together are sent together. */
const coalesceMs = 5
const framesWaitingMax = 200
/** Twice what a client may have without a verdict. */
const operationsWaitingMax = 1000
const helloWithinMs = 10_000

export type Connection = { send(frame: string): void; close(error: GroupError | undefined): void }

export type SessionContext = {
  readonly database: Database
  readonly lanes: Lanes
  readonly bus: Bus
  readonly policy: Policy
  now(): number
  /** Calls back after a while; the returned function prevents it. */
  setTimer(callback: () => void, delayMs: number): () => void
  /** `expiresAt`: milliseconds. */
  authenticate(
    token: string
  ): { ok: true; userID: string; isAppAdmin: boolean; expiresAt: number } | { ok: false; error: GroupError }
  onError(error: unknown): void
}

export type Session = { receive(frame: string): void; closed(): void }

type User = {
  readonly userID: string
  readonly isAppAdmin: boolean
  readonly replica: Replica
  readonly epoch: string
  expiresAt: number
}

export function openSession(context: SessionContext, connection: Connection): Session {
  const { database, lanes, bus, policy, now } = context
  let user: User | undefined
  let isOpen = true
  let framesWaiting = 0
  let operationsWaiting = 0
  let stopFlush: (() => void) | undefined
  let work: Promise<void> = Promise.resolve()
  const stopHelloTimer = context.setTimer(() => user ?? end('NotReady'), helloWithinMs)

  function send(message: ServerMessage): void {
    if (isOpen) connection.send(serverFrame(message))
  }

  function sendOutgoing({ replica }: User): void {
    const delta = replica.takeOutgoing()
    if (delta) send({ type: 'delta', serverTime: now(), ...delta })
    if (replica.isBehind()) flushSoon()
  }

  function end(reason: Reason | GroupError): void {
    const error = typeof reason === 'string' ? groupError(reason) : reason
    send({ type: 'error', error })
    close()
    connection.close(error)
  }

  function close(): void {
    isOpen = false
    stopHelloTimer()
    stopFlush?.()
    user?.replica.end()
  }

  /** One thing at a time: what is sent depends on what was sent before. */
  function inTurn(task: () => Promise<void>): void {
    work = work.then(async () => {
      if (!isOpen) return
      try {
        await task()
      } catch (error) {
        // Expected: the database is away. The client comes back and continues where it stands.
        context.onError(error)
        end('ServerBusy')
      }
    })
  }

  async function handle(message: ReceivedMessage): Promise<void> {
    if (message.type === 'otherProtocol') return end(user ? 'BadFrame' : 'ProtocolTooOld')
    if (message.type === 'hello') return user ? end('BadFrame') : hello(message)
    if (!user) return end('NotReady')
    // What only a newer client says: it learns so, and can go on.
    if (message.type === 'unknown') return send(message)
    if (message.type === 'auth') return renew(user, message.token)
    if (now() >= user.expiresAt) return end('TokenExpired')
    if (message.type === 'push') return push(user, message.operations)
    if (message.type === 'members') return members(user, message)
    if (message.type === 'read') return read(user, message)
    return ping(user, message)
  }

  async function hello({
    token,
    epoch: knownEpoch,
    receipt: seen = '',
    feed,
    groups
  }: Extract<ClientMessage, { type: 'hello' }>): Promise<void> {
    const login = context.authenticate(token)
    if (!login.ok) return end(login.error)
    stopHelloTimer()
    const { userID, isAppAdmin, expiresAt } = login
    const replica = createReplica(userID, {
      now,
      subscribe: topic =>
        bus.subscribe(topic, announcement => {
          if (replica.hear(announcement)) flushSoon()
        })
    })
    const stand = { feed, groups: new Map(groups.map(([groupID, mep, seq]) => [groupID, { mep, seq }])) }
    const { epoch, known, receipt } = await readLogin(database, { userID, epoch: knownEpoch, receipt: seen, stand }, () =>
      context.onError(new Error('the database is older than what clients have seen, as after a restore: all begin anew'))
    )
    if (!isOpen) return
    const loggedIn = { userID, isAppAdmin, replica, epoch, expiresAt }
    user = loggedIn
    send({
      type: 'welcome',
      protocol: protocolVersion,
      kernel: kernelVersion,
      epoch,
      serverTime: now(),
      userID,
      isAppAdmin,
      policy,
      known,
      receipt,
      digest: digestVersion
    })
    await replica.catchUp(database, known ? stand : nowhere, {
      groupsPerFrame,
      send: () => sendOutgoing(loggedIn)
    })
  }

  /** Another token of the same user; whoever else it belongs to has to begin anew. */
  function renew(of: User, token: string): void {
    const login = context.authenticate(token)
    if (!login.ok) return end(login.error)
    if (login.userID !== of.userID) return end('TokenOfOtherUser')
    of.expiresAt = login.expiresAt
  }

  async function ping(from: User, { check }: Extract<ClientMessage, { type: 'ping' }>): Promise<void> {
    const { replica, userID } = from
    const identity = await replica.read(database, async reader => {
      await replica.checkHeads(reader)
      if (check) await replica.checkGroup(reader, check)
      return reader.identity()
    })
    // The data is another: the client comes back and is told everything anew.
    if (identity.epoch !== from.epoch) return end('ServerBusy')
    sendOutgoing(from)
    send({ type: 'pong', serverTime: now(), receipt: receiptOf(identity, userID, replica.seen()), ...replica.stand() })
  }

  function push({ userID, isAppAdmin, replica }: User, operations: Extract<ClientMessage, { type: 'push' }>['operations']): void {
    operationsWaiting += operations.length
    if (operationsWaiting > operationsWaitingMax) return end('TooFrequent')
    for (const operation of operations) {
      const settle = (outcome: Outcome) => {
        operationsWaiting--
        if (outcome.kind === 'verdict') replica.addVerdict(outcome.verdict)
        else replica.addRetry(operation.opID)
        flushSoon()
      }
      lanes.submit({ userID, isAppAdmin, operation, settle })
    }
  }

  async function members(from: User, { groupID, after, limit }: Extract<ClientMessage, { type: 'members' }>): Promise<void> {
    const { replica } = from
    // The page speaks of the group as it is now, so the client gets there first.
    const sendPage = async (reader: Reader) => {
      sendOutgoing(from)
      const position = replica.position(groupID)
      const { row } = await reader.group(groupID)
      // Somebody who is not in the group learns nothing, not even that it exists; of an AVChatRoom, nobody does.
      if (!position || !row || row.type === 'AVChatRoom') return
      const rows = await reader.membersAfter(groupID, after, limit)
      const next = rows.length === limit ? (rows.at(-1)?.userID ?? null) : null
      send({ type: 'members', groupID, mep: position.mep, asOf: position.seq, after, members: rows, next })
    }
    await replica.read(database, sendPage, [groupID])
  }

  async function read(from: User, { request, groupID, search }: Extract<ClientMessage, { type: 'read' }>): Promise<void> {
    const { isAppAdmin, replica } = from
    const { row } = await replica.read(database, reader => reader.group(groupID))
    sendOutgoing(from)
    const isIn = Boolean(replica.position(groupID)) || isAppAdmin
    send({ type: 'profile', request, answer: row ? profileFor(row, { isIn, search }) : groupError('GroupNotFound') })
  }

  function flushSoon(): void {
    stopFlush ??= context.setTimer(() => {
      stopFlush = undefined
      inTurn(flush)
    }, coalesceMs)
  }

  async function flush(): Promise<void> {
    if (!user) return
    const { replica } = user
    if (replica.isBehind()) await replica.read(database, async () => undefined)
    sendOutgoing(user)
  }

  return {
    receive(frame) {
      const message = frame.length > frameLimits.toServerBytesMax ? undefined : parseClientMessage(frame)
      if (!message) return end('BadFrame')
      if (++framesWaiting > framesWaitingMax) return end('TooFrequent')
      inTurn(async () => {
        framesWaiting--
        await handle(message)
      })
    },
    closed: close
  }
}

/** Who is not in a group may know what a search shows. A Private group is not found, and shows nothing to outsiders. */
function profileFor(row: GroupRow, { isIn, search }: { isIn: boolean; search: boolean }): GroupRow | GroupError {
  if (row.type === 'Private' && (search || !isIn)) return groupError('NotPermitted')
  return isIn && !search ? row : { ...row, muteAllMembers: false, groupCustomField: [] }
}
