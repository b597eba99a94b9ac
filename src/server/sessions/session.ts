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
import { frameLimits } from '../../protocol/messages.ts'
import { serverFrame } from '../../protocol/server-messages.ts'
import type { Account } from './accounts.ts'
import { createAnswers } from './answers.ts'
import { createBudget } from './budget.ts'
import { createExpiry } from './expiry.ts'
import { deltaFrames } from './frames.ts'
import { createFlush } from './flush.ts'
import { createIntake } from './intake.ts'
import { positionsIn, welcome } from './login.ts'
import { createPush } from './push.ts'
import { readableWhile } from './readable.ts'
import { noPositions } from './replica/positions.ts'
import { createReplica, type Replica } from './replica/replica.ts'
import { createSender } from './sender.ts'
import type { Connection, Session, SessionContext } from './session-port.ts'
import { createTasks } from './tasks.ts'

/** Catching up reads about this many groups at a time. */
const groupsPerFrame = 100
/** Waiting frames and unjudged operations: above the first limit no more frames are read. */
const sessionBytes = { slowAbove: 1_048_576, max: 4_194_304 }
const helloWithinMs = 10_000
const renewalLengthMax = frameLimits.tokenLengthMax + 1000
const isRenewal = (frame: string) =>
  frame.length <= renewalLengthMax &&
  frame.includes('"auth"') &&
  parseClientMessage(frame)?.type === 'auth'

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
      if (outcome.kind === 'verdict') user.replica.addOutcome(outcome.verdict)
      else user.replica.addRetry(opID)
      flush.soon()
    }
  })
  const readable = readableWhile(() => isOpen, database)
  const createQueue = () =>
    createTasks(
      () => isOpen,
      error => {
        context.onError(error)
        end('ServerBusy')
      }
    )
  const tasks = createQueue()
  /** A new token must count before the old one expires, even while catching up takes long. */
  const renewals = createQueue()
  const flush = createFlush(context.setTimer, tasks, async () => {
    if (!user) return
    const { replica } = user
    if (replica.hasUnread()) await replica.refresh(readable)
    await sender.send(nextFrames(replica))
  })
  const answers = createAnswers(readable, now, nextFrames)

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
    if (message.type === 'members') return sender.send(await answers.members(user, message))
    if (message.type === 'readMembers') return sender.send(await answers.memberPage(user, message))
    if (message.type === 'readEntries') return sender.send(await answers.entries(user, message))
    if (message.type === 'read') return sender.send(await answers.profile(user, message))
    const frames = await answers.pong(user, message)
    // The epoch has changed: the client must log in again, and then receives a full snapshot. After
    // 10002 clients of every build reconnect by themselves, so this needs no code of its own.
    return frames ? sender.send(frames) : end('ServerBusy')
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
          if (replica.receive(announcement)) flush.soon()
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
    const { pending } = hello
    const from = message.known ? positionsIn(hello) : { ...noPositions, pending }
    await replica.catchUp(readable, from, {
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

  function nextFrames(replica: Replica): string[] {
    const delta = replica.nextDelta()
    if (replica.hasUnread()) flush.soon()
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
    flush.stop()
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
      const queue = user && isRenewal(frame) ? renewals : tasks
      queue.add(async () => {
        const message = parseClientMessage(frame)
        await (message ? handle(message) : end('BadFrame'))
      })
      return admission.room()
    },
    closed: close
  }
}
