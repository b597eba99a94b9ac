/**
 * One client's connection over any transport: logs the user in, handles one message after another,
 * and sends the changes that concern the client. A client that sends much is read more slowly and
 * then refused. A client that receives slowly gets fewer deltas, read from the database.
 */

import { groupError, type GroupError, type Reason } from '../../kernel/errors.ts'
import {
  parseClientMessage,
  type ClientMessage,
  type ReceivedMessage
} from '../../protocol/client-messages.ts'
import { serverFrame } from '../../protocol/messages.ts'
import type { Database } from '../database/port.ts'
import type { Account } from './accounts.ts'
import { membersPage, pong, profileAnswer, whileOpen } from './answers.ts'
import { createBudget } from './budget.ts'
import { createExpiry } from './expiry.ts'
import { deltaFrames } from './frames.ts'
import { createIntake } from './intake.ts'
import { positionsIn, welcome } from './login.ts'
import { createPush } from './push.ts'
import { noPositions } from './replica/positions.ts'
import { createReplica, type Replica } from './replica/replica.ts'
import { createSender } from './sender.ts'
import type { Connection, Session, SessionContext } from './session-port.ts'
import { createTasks } from './tasks.ts'

/** Catching up reads about this many groups at a time. */
const groupsPerFrame = 100
/** Changes within this time are sent together. */
const coalesceMs = 5
/** Waiting frames and unjudged operations: above the first limit no more frames are read. */
const sessionBytes = { slowAbove: 1_048_576, max: 4_194_304 }
const helloWithinMs = 10_000

type Received<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>
type User = {
  readonly userID: string
  readonly isAppAdmin: boolean
  readonly replica: Replica
  readonly account: Account
  /** The epoch in the client's welcome. */
  epoch: string
}

export function openSession(context: SessionContext, connection: Connection): Session {
  const { database, lanes, bus, accounts, now } = context
  const budget = createBudget(sessionBytes)
  let user: User | undefined
  let isOpen = true
  let isFlushing = false
  let stopFlush: (() => void) | undefined
  const stopHelloTimer = context.setTimer(() => user ?? end('NotReady'), helloWithinMs)
  const expiry = createExpiry(context, () => end('TokenExpired'))
  const budgets = () => [budget, ...(user?.account.budgets ?? [])]
  const admit = createIntake(budgets)
  const sender = createSender(connection, () => isOpen)
  const push = createPush(lanes, {
    budgets,
    onOutcome(opID, outcome) {
      // Verdicts of a session that has ended are not held in memory.
      if (!user) return
      if (outcome.kind === 'verdict') user.replica.addVerdict(outcome.verdict)
      else user.replica.addRetry(opID)
      flushSoon()
    }
  })
  /** Rejects reads once the session has ended. */
  const readable: Pick<Database, 'snapshot' | 'renewEpoch'> = {
    renewEpoch: expected => database.renewEpoch(expected),
    snapshot: work => database.snapshot(reader => work(whileOpen(reader, () => isOpen)))
  }

  const tasks = createTasks(
    () => isOpen,
    error => {
      context.onError(error)
      end('ServerBusy')
    }
  )

  async function handle(message: ReceivedMessage): Promise<void> {
    if (message.type === 'otherProtocol') return end(user ? 'BadFrame' : 'ProtocolTooOld')
    if (message.type === 'hello') return user ? end('BadFrame') : logIn(message)
    if (!user) return end('NotReady')
    // Only a newer client sends this message. The reply tells it to continue without an answer.
    if (message.type === 'unknown') return sender.send([serverFrame(message)])
    if (message.type === 'auth') return renewToken(user, message.token)
    if (expiry.isExpired()) return end('TokenExpired')
    if (message.type === 'push')
      return push(user, message.operations) ? undefined : end('TooFrequent')
    if (message.type === 'members') return sendMembers(user, message)
    if (message.type === 'read') return sendProfile(user, message)
    return sendPong(user, message)
  }

  async function logIn(hello: Received<'hello'>): Promise<void> {
    const login = context.authenticate(hello.token)
    if (!login.ok) return end(login.error)
    stopHelloTimer()
    const { userID, isAppAdmin, expiresAt } = login
    const replica = createReplica(userID, {
      now,
      hasRoom: sender.hasRoom,
      subscribe: topic =>
        bus.subscribe(topic, announcement => {
          if (replica.receive(announcement)) flushSoon()
        })
    })
    const account = accounts.enter(userID, () => end('TooFrequent'))
    const loggedIn: User = { userID, isAppAdmin, replica, account, epoch: '' }
    user = loggedIn
    connection.loggedIn?.()
    expiry.set(expiresAt)
    const message = await welcome(context, readable, loggedIn, hello)
    loggedIn.epoch = message.epoch
    await sender.send([serverFrame(message)])
    await replica.catchUp(readable, message.known ? positionsIn(hello) : noPositions, {
      groupsPerFrame,
      send: () => sender.send(nextFrames(replica))
    })
  }

  /** A token of another user is refused: that user needs another session. */
  function renewToken({ userID }: User, token: string): void {
    const login = context.authenticate(token)
    if (!login.ok) return end(login.error)
    if (login.userID !== userID) return end('TokenOfOtherUser')
    expiry.set(login.expiresAt)
  }

  async function sendPong({ replica, userID, epoch }: User, ping: Received<'ping'>): Promise<void> {
    const identity = await replica.read(readable, async reader => {
      await replica.checkHeads(reader)
      if (ping.check) await replica.checkGroup(reader, ping.check)
      return reader.identity()
    })
    // The epoch has changed: the client returns and receives a full snapshot.
    if (identity.epoch !== epoch) return end('ServerBusy')
    // One call: the positions in the pong include the delta before it.
    await sender.send([...nextFrames(replica), pong(identity, userID, replica, now())])
  }

  async function sendMembers({ replica }: User, question: Received<'members'>): Promise<void> {
    // The page is newer than the client's rows, so the delta up to it comes first.
    const frames = await replica.read(
      readable,
      async reader => [...nextFrames(replica), ...(await membersPage(reader, replica, question))],
      [question.groupID]
    )
    await sender.send(frames)
  }

  async function sendProfile(
    { isAppAdmin, replica }: User,
    question: Received<'read'>
  ): Promise<void> {
    const { row } = await replica.read(readable, reader => reader.group(question.groupID))
    const isIn = Boolean(replica.position(question.groupID)) || isAppAdmin
    const answer = profileAnswer(row, question, isIn)
    await sender.send([...nextFrames(replica), serverFrame(answer)])
  }

  function nextFrames(replica: Replica): string[] {
    const delta = replica.nextDelta()
    if (replica.hasUnread()) flushSoon()
    return delta ? deltaFrames({ type: 'delta', serverTime: now(), ...delta }) : []
  }

  function flushSoon(): void {
    if (isFlushing) return
    stopFlush ??= context.setTimer(() => {
      stopFlush = undefined
      isFlushing = true
      tasks.add(flush)
    }, coalesceMs)
  }

  async function flush(): Promise<void> {
    isFlushing = false
    if (!user) return
    const { replica } = user
    if (replica.hasUnread()) await replica.read(readable, async () => undefined)
    await sender.send(nextFrames(replica))
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
    expiry.stop()
    user?.replica.end()
    user?.account.leave()
    user = undefined
  }

  return {
    receive(frame) {
      if (!isOpen) return undefined
      const admission = admit(frame)
      if (admission.kind === 'refused') {
        end(admission.reason)
        return undefined
      }
      tasks.releaseAfterAll(admission.release)
      // Waits as text: a parsed frame may need a hundred times as many bytes.
      tasks.add(async () => {
        const message = parseClientMessage(frame)
        await (message ? handle(message) : end('BadFrame'))
      })
      return admission.room()
    },
    closed: close
  }
}
