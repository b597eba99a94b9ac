/**
 * One client's connection, whatever carries it: logs the user in, takes messages in one after another, and sends what
 * concerns the client. Nothing that a client does makes it hold more than its limits: a client that sends much is read
 * more slowly, then refused; one that reads slowly is told less often, from the database.
 */

import { kernelVersion } from '../../kernel/decide.ts'
import { groupError, type GroupError, type Reason } from '../../kernel/errors.ts'
import {
  parseClientMessage,
  type ClientMessage,
  type ReceivedMessage
} from '../../protocol/client-messages.ts'
import { digestVersion } from '../../protocol/digest.ts'
import {
  frameLimits,
  protocolVersion,
  serverFrame,
  type ServerMessage
} from '../../protocol/messages.ts'
import type { Account } from './accounts.ts'
import { createBudget, holdInAll, roomInAll } from './budget.ts'
import { deltaFrames } from './frames.ts'
import { readLogin } from './login.ts'
import type { Database, Reader } from '../database/port.ts'
import { createPush } from './push.ts'
import { membersPage, profileAnswer, whileOpen } from './questions.ts'
import { receiptOf } from './receipts.ts'
import { createReplica, type Replica } from './replica/replica.ts'
import { noPositions } from './replica/positions.ts'
import type { Connection, Session, SessionContext } from './session-port.ts'

/** Catching up reads about this many groups at a time. */
const groupsPerFrame = 100
/** Changes that come together are sent together. */
const coalesceMs = 5
/** One request over HTTP brings 100, and is answered when there is room for the next one. */
const framesWaiting = { slowAbove: 100, max: 200 }
/** Frames that wait, and operations that wait for their verdict: beyond the first limit nothing more is read. */
const sessionBytes = { slowAbove: 1_048_576, max: 4_194_304 }
const helloWithinMs = 10_000
/** Timers of more milliseconds fire at once. */
const timerMsMax = 2 ** 31 - 1

type User = {
  readonly userID: string
  readonly isAppAdmin: boolean
  readonly replica: Replica
  readonly account: Account
  expiresAt: number
  /** The epoch of the data that the client was told of. */
  epoch: string
}

export function openSession(context: SessionContext, connection: Connection): Session {
  const { database, lanes, bus, accounts, policy, now } = context
  const budget = createBudget(sessionBytes)
  let user: User | undefined
  let isOpen = true
  /** The client has to take something before more is sent. */
  let isBlocked = false
  const frameCount = createBudget(framesWaiting)
  let isFlushing = false
  let stopFlush: (() => void) | undefined
  let stopExpiry: (() => void) | undefined
  let work: Promise<void> = Promise.resolve()
  const stopHelloTimer = context.setTimer(() => user ?? end('NotReady'), helloWithinMs)
  const budgets = () => [budget, ...(user?.account.budgets ?? [])]

  const push = createPush(lanes, {
    budgets,
    onOutcome(opID, outcome) {
      // A session that has ended keeps nothing for the operations that it leaves behind.
      if (!user) return
      if (outcome.kind === 'verdict') user.replica.addVerdict(outcome.verdict)
      else user.replica.addRetry(opID)
      flushSoon()
    }
  })

  /** Reads as long as there is somebody to read for. */
  const readable: Pick<Database, 'snapshot' | 'renewEpoch'> = {
    renewEpoch: expected => database.renewEpoch(expected),
    snapshot: work => database.snapshot(reader => work(whileOpen(reader, () => isOpen)))
  }

  async function sendFrames(frames: Iterable<string>): Promise<void> {
    for (const frame of frames) {
      if (!isOpen) return
      const drained = connection.send(frame)
      if (!drained) continue
      isBlocked = true
      await drained
      isBlocked = false
    }
  }
  const send = (message: ServerMessage) => sendFrames([serverFrame(message)])
  const outgoing = ({ replica }: User): string[] => {
    const delta = replica.nextDelta()
    if (replica.hasUnread()) flushSoon()
    return delta ? deltaFrames({ type: 'delta', serverTime: now(), ...delta }) : []
  }

  function end(reason: Reason | GroupError): void {
    if (!isOpen) return
    const error = typeof reason === 'string' ? groupError(reason) : reason
    void connection.send(serverFrame({ type: 'error', error }))
    close()
    connection.close(error)
  }

  function close(): void {
    isOpen = false
    stopHelloTimer()
    stopFlush?.()
    stopExpiry?.()
    user?.replica.end()
    user?.account.leave()
    user = undefined
  }

  function fail(error: unknown): void {
    if (!isOpen) return
    context.onError(error)
    end('ServerBusy')
  }

  /** One thing at a time: what is sent depends on what was sent before. */
  function inTurn(task: () => Promise<void>): void {
    work = work.then(async () => {
      if (!isOpen) return
      try {
        await task()
      } catch (error) {
        // Expected: the database is away, and the client comes back; or the client has gone, and nobody reads on for it.
        fail(error)
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
    if (message.type === 'push')
      return push(user, message.operations) ? undefined : end('TooFrequent')
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
      hasRoom: () => !isBlocked,
      subscribe: topic =>
        bus.subscribe(topic, announcement => {
          if (replica.receive(announcement)) flushSoon()
        })
    })
    const positions = {
      feed,
      groups: new Map(
        groups.map(([groupID, membershipEpoch, seq]) => [groupID, { membershipEpoch, seq }])
      )
    }
    const account = accounts.enter(userID, () => end('TooFrequent'))
    const loggedIn: User = { userID, isAppAdmin, replica, account, expiresAt, epoch: '' }
    user = loggedIn
    connection.loggedIn?.()
    endAtExpiry(loggedIn)
    const { epoch, known, receipt } = await readLogin(
      readable,
      { userID, epoch: knownEpoch, receipt: seen, positions },
      () =>
        context.onError(
          new Error(
            'the database is older than what clients have seen, as after a restore: all begin anew'
          )
        )
    )
    loggedIn.epoch = epoch
    await send({
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
    await replica.catchUp(readable, known ? positions : noPositions, {
      groupsPerFrame,
      send: () => sendFrames(outgoing(loggedIn))
    })
  }

  /** Another token of the same user; whoever else it belongs to has to begin anew. */
  function renew(of: User, token: string): void {
    const login = context.authenticate(token)
    if (!login.ok) return end(login.error)
    if (login.userID !== of.userID) return end('TokenOfOtherUser')
    of.expiresAt = login.expiresAt
    endAtExpiry(of)
  }

  /** Nobody receives anything after the end of their token, also who says nothing. */
  function endAtExpiry(of: User): void {
    stopExpiry?.()
    const expire = () => (now() >= of.expiresAt ? end('TokenExpired') : endAtExpiry(of))
    stopExpiry = context.setTimer(expire, Math.min(of.expiresAt - now(), timerMsMax))
  }

  async function ping(
    from: User,
    { check }: Extract<ClientMessage, { type: 'ping' }>
  ): Promise<void> {
    const { replica, userID } = from
    const identity = await replica.read(readable, async reader => {
      await replica.checkHeads(reader)
      if (check) await replica.checkGroup(reader, check)
      return reader.identity()
    })
    // The data is another: the client comes back and is told everything anew.
    if (identity.epoch !== from.epoch) return end('ServerBusy')
    const receipt = receiptOf(identity, userID, replica.seen())
    // Taken together: the client stands there once it has everything before the answer.
    await sendFrames([
      ...outgoing(from),
      serverFrame({ type: 'pong', serverTime: now(), receipt, ...replica.positionDigest() })
    ])
  }

  /** The page speaks of the group as it is now, so the client gets there first. */
  async function members(
    from: User,
    question: Extract<ClientMessage, { type: 'members' }>
  ): Promise<void> {
    const { replica } = from
    const work = async (reader: Reader) => [
      ...outgoing(from),
      ...(await membersPage(reader, replica, question))
    ]
    await sendFrames(await replica.read(readable, work, [question.groupID]))
  }

  async function read(
    from: User,
    question: Extract<ClientMessage, { type: 'read' }>
  ): Promise<void> {
    const { isAppAdmin, replica } = from
    const { row } = await replica.read(readable, reader => reader.group(question.groupID))
    const answer = profileAnswer(
      row,
      question,
      Boolean(replica.position(question.groupID)) || isAppAdmin
    )
    await sendFrames([...outgoing(from), serverFrame(answer)])
  }

  function flushSoon(): void {
    if (isFlushing) return
    stopFlush ??= context.setTimer(() => {
      stopFlush = undefined
      isFlushing = true
      inTurn(flush)
    }, coalesceMs)
  }

  async function flush(): Promise<void> {
    isFlushing = false
    if (!user) return
    if (user.replica.hasUnread()) await user.replica.read(readable, async () => undefined)
    await sendFrames(outgoing(user))
  }

  return {
    receive(frame) {
      if (!isOpen) return undefined
      const bytes = Buffer.byteLength(frame)
      const isShort = bytes <= frameLimits.toServerBytesMax
      const countDown = isShort ? frameCount.hold(1) : undefined
      const release = countDown && holdInAll(budgets(), bytes)
      if (!release) {
        countDown?.()
        end(isShort ? 'TooFrequent' : 'BadFrame')
        return undefined
      }
      work = work.then(() => {
        countDown()
        release()
      })
      // It waits as a text: what a client can write in one byte may take a hundred once it is read.
      inTurn(async () => {
        const message = parseClientMessage(frame)
        await (message ? handle(message) : end('BadFrame'))
      })
      return roomInAll([...budgets(), frameCount])
    },
    closed: close
  }
}
