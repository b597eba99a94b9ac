/**
 * Keeps one connection to the server, for as long as it takes: comes back after failures, notices when nobody answers,
 * and waits for the app where only the app can help.
 *
 *   connecting ──welcome──▶ online ──closed, silent──▶ offline ──retry: welcome──▶ online
 */

import { errors, groupError, type GroupError, storageFailed } from '../kernel/errors.ts'
import type { ClientMessage } from '../sync/client-messages.ts'
import { parseServerMessage, type ServerMessage } from '../sync/messages.ts'
import type { Link } from '../sync/port.ts'
import type { Status } from './api.ts'
import type { Host } from './host.ts'
import { answerWithinMs, backoffMs, pingEveryMs, retryMs, steadyAfterMs } from './schedule.ts'

/** `undefined`: it is no message. */
type Arrived = { readonly length: number; readonly message: ServerMessage | undefined; readonly unread: string }

export type ConnectionOptions = {
  readonly host: Host
  /** The first message over a new connection. */
  hello(): ClientMessage
  /** The message that has to be answered. */
  ping(): Promise<ClientMessage>
  /** Messages come in order, as many at once as have arrived. After waiting, `isCurrent`: whether the connection is still the same. */
  receive(messages: readonly ServerMessage[], isCurrent: () => boolean): Promise<void>
  onLost(): void
  onStatus(): void
}

export function createConnection({ host, hello, ping, receive, onLost, onStatus }: ConnectionOptions) {
  let isStarted = false
  // About to connect.
  let state: Status['connection'] = 'connecting'
  let lastError: GroupError | null = null
  let nextRetryAt: number | null = null
  let failures = 0
  let link: Link | undefined
  /** Frames that the connection has brought, read while those before them are being stored. */
  const inbox: Arrived[] = []
  let isTaking = false
  const timers: Record<'retry' | 'ping' | 'silence' | 'steady', () => void> = {
    retry: noTimer,
    ping: noTimer,
    silence: noTimer,
    steady: noTimer
  }

  function setTimer(name: keyof typeof timers, callback: () => void, delayMs: number): void {
    timers[name]()
    timers[name] = host.setTimer(callback, delayMs)
  }

  function connect(): void {
    if (!isStarted || link) return
    timers.retry()
    nextRetryAt = null
    // Trying again is no news: nobody knows yet whether the network is back.
    if (failures === 0) state = 'connecting'
    onStatus()
    let isOver = false
    const opened: Link = host.connect({
      onOpen: () => isOver || opened.send(JSON.stringify(hello())),
      onFrame(frame) {
        if (isOver) return
        const message = parseServerMessage(frame)
        // What only another build knows answers nothing.
        if (message?.type !== 'unknown') timers.silence()
        inbox.push({ length: frame.length, message, unread: message ? '' : frame.slice(0, 80) })
        if (!isTaking) void takeAll()
      },
      onClose() {
        isOver = true
        if (link === opened) lost()
      }
    })
    link = opened
    setTimer('silence', lost, answerWithinMs)
  }

  async function takeAll(): Promise<void> {
    isTaking = true
    // What a message means depends on what the one before it has done, also if an earlier connection has brought that.
    while (inbox.length > 0) {
      const current = link
      await take(cut(inbox), () => link === current)
    }
    isTaking = false
  }

  async function take(arrived: readonly Arrived[], isCurrent: () => boolean): Promise<void> {
    const bad = arrived.findIndex(({ message }) => !message)
    try {
      await receive(
        arrived.slice(0, bad < 0 ? undefined : bad).flatMap(({ message }) => message ?? []),
        isCurrent
      )
      if (bad >= 0 && isCurrent()) fail(groupError('BadFrame', arrived[bad]?.unread))
    } catch (error) {
      // Expected: storage refuses. What was not committed comes again after the next connection.
      if (isCurrent()) fail(storageFailed(error))
    }
  }

  /** Asks whether somebody is there. Chatter about one group says nothing about the others, so time alone decides. */
  function beat(): void {
    const asked = link
    if (!asked || state !== 'online') return
    setTimer('ping', beat, pingEveryMs)
    setTimer('silence', lost, answerWithinMs)
    void ping().then(
      message => (link === asked ? send(message) : undefined),
      (error: unknown) => (link === asked ? fail(storageFailed(error)) : undefined)
    )
  }

  const send = (message: ClientMessage) => link?.send(JSON.stringify(message))

  function fail(error: GroupError): void {
    lastError = error
    if (link) lost()
  }

  /** The connection is over. It is tried again after a while, unless only the app can help. */
  function lost(): void {
    disconnect()
    if (!isStarted) return
    const delayMs = retryMs(lastError) ?? backoffMs(failures, host.random())
    failures++
    if (delayMs !== 'never') {
      nextRetryAt = host.now() + delayMs
      setTimer('retry', connect, delayMs)
    }
    onStatus()
  }

  function disconnect(): void {
    const closing = link
    link = undefined
    inbox.length = 0
    state = 'offline'
    nextRetryAt = null
    for (const stop of Object.values(timers)) stop()
    onLost()
    closing?.close()
  }

  function tryNow(): void {
    if (!isLoginError(lastError)) connect()
  }

  return {
    status: () => ({ connection: state, lastError, nextRetryAt }),
    isOnline: () => state === 'online',
    send,
    fail,
    lost,

    start(): void {
      isStarted = true
      tryNow()
    },
    stop(): void {
      isStarted = false
      failures = 0
      disconnect()
      onStatus()
    },
    /** The network may be back, or have gone without a word. */
    wake(): void {
      if (link) beat()
      else tryNow()
    },
    tryNow,
    /** There is another token. */
    renewed(): void {
      if (isLoginError(lastError)) lastError = null
      // It may have said hello with the old one.
      if (link) disconnect()
      connect()
    },
    welcomed(): void {
      state = 'online'
      setTimer('ping', beat, pingEveryMs)
      onStatus()
    },
    caughtUp(): void {
      // A server may let clients in and then fail. Until the session has lasted, attempts keep their distance.
      setTimer('steady', () => (failures = 0), steadyAfterMs)
      lastError = null
      onStatus()
    }
  }
}

/** Whether the server does not take the token: nothing but another one helps. */
const isLoginError = (error: GroupError | null): boolean => error !== null && error.code >= errors.TokenExpired.code

const noTimer = () => undefined

/** As many frames as go into one commit without keeping operations waiting for long. */
const lengthAtOnceMax = 1_000_000
function cut(inbox: Arrived[]): Arrived[] {
  let length = 0
  const end = inbox.findIndex(frame => (length += frame.length) > lengthAtOnceMax)
  return inbox.splice(0, end < 0 ? inbox.length : Math.max(1, end))
}
