/**
 * Keeps one connection to the server, for as long as it takes: comes back after failures, notices when nobody answers,
 * and waits for the app where only the app can help.
 *
 *   connecting ──welcome──▶ online ──closed, silent──▶ offline ──retry: welcome──▶ online
 */

import { groupError, isLoginError, type GroupError, storageFailed } from '../../kernel/errors.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { parseServerMessage, type ServerMessage } from '../../protocol/messages.ts'
import type { Link } from '../../protocol/port.ts'
import type { Status } from '../api.ts'
import type { Host } from '../host.ts'
import {
  answerAfterWakeWithinMs,
  answerWithinMs,
  backoffMs,
  hasSlept,
  hurriedRetryMs,
  pingEveryMs,
  pingMsAfterCut,
  probeAfterMs,
  retryMs,
  steadyAfterMs
} from './schedule.ts'

/** `undefined`: it is no message. */
type Arrived = {
  readonly length: number
  readonly message: ServerMessage | undefined
  readonly unread: string
}

export type ConnectionOptions = {
  readonly host: Host
  /** Why there is no use in connecting yet. */
  readonly refusal: GroupError | undefined
  /** The first message over a new connection. */
  hello(): ClientMessage
  /** The message that has to be answered. */
  ping(): Promise<ClientMessage>
  /** Messages come in order, as many at once as have arrived. After waiting, `isCurrent`: whether the connection is still the same. */
  receive(messages: readonly ServerMessage[], isCurrent: () => boolean): Promise<void>
  onLost(): void
  onStatus(): void
}

export function createConnection({
  host,
  refusal,
  hello,
  ping,
  receive,
  onLost,
  onStatus
}: ConnectionOptions) {
  let isStarted = false
  // About to connect.
  let state: Status['connection'] = 'connecting'
  let lastError: GroupError | null = refusal ?? null
  let nextRetryAtMs: number | null = null
  let failures = 0
  let link: Link | undefined
  /** Frames that the connection has brought, read while those before them are being stored. */
  const inbox: Arrived[] = []
  let isTaking = false
  const timers = {
    retry: noTimer,
    ping: noTimer,
    probe: noTimer,
    silence: noTimer,
    steady: noTimer
  }
  /** How long the server may still be silent. */
  let patienceMs = Infinity
  let isProbePlanned = false
  /** When the last attempt began, and when the next one is due, by a clock that nobody sets. */
  let triedAtMs = -Infinity
  let retryDueMs = Infinity
  let pingMs = pingEveryMs
  /** When the connection was used last, and for how long the one before was idle when it was cut. */
  let usedAtMs = 0
  let idleBeforeMs = 0

  function setTimer(name: keyof typeof timers, callback: () => void, delayMs: number): void {
    timers[name]()
    timers[name] = host.setTimer(callback, delayMs)
  }

  /** Something has to come in this time. An earlier and stricter limit stays. */
  function expectFrame(withinMs: number): void {
    if (withinMs >= patienceMs) return
    patienceMs = withinMs
    setTimer('silence', lost, withinMs)
  }

  function answered(): void {
    timers.silence()
    timers.probe()
    isProbePlanned = false
    patienceMs = Infinity
  }

  function connect(): void {
    if (!isStarted || link) return
    timers.retry()
    nextRetryAtMs = null
    triedAtMs = host.elapsedMs()
    // Trying again is no news: nobody knows yet whether the network is back.
    if (failures === 0) state = 'connecting'
    onStatus()
    let isOver = false
    const opened: Link = host.connect({
      onOpen: () => isOver || opened.send(JSON.stringify(hello())),
      onFrame(frame) {
        // A socket may deliver frames while it is being closed.
        if (isOver || link !== opened) return
        usedAtMs = host.now()
        const message = parseServerMessage(frame)
        // A word that only another build knows answers nothing.
        if (message?.type !== 'unknown') answered()
        inbox.push({ length: frame.length, message, unread: message ? '' : frame.slice(0, 80) })
        if (!isTaking) void takeAll()
      },
      onClose(error) {
        isOver = true
        if (link === opened) closed(error)
      }
    })
    link = opened
    answered()
    expectFrame(answerWithinMs)
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

  /** Compares positions. Chatter about one group says nothing about the others, so time alone decides. */
  function beat(): void {
    const asked = link
    if (!asked || state !== 'online') return
    planBeat()
    expectFrame(answerWithinMs)
    void ping().then(
      message => (link === asked ? send(message) : undefined),
      (error: unknown) => (link === asked ? fail(storageFailed(error)) : undefined)
    )
  }

  function planBeat(): void {
    const plannedMs = host.now() + pingMs
    setTimer(
      'ping',
      () => {
        if (!hasSlept(plannedMs, host.now())) return beat()
        probe(answerAfterWakeWithinMs)
        planBeat()
      },
      pingMs
    )
  }

  /** Only asks whether the line is alive. It reads nothing: storage may be slow. */
  function probe(withinMs: number): void {
    if (!link || state !== 'online') return
    expectFrame(withinMs)
    send({ type: 'ping' })
  }

  function send(message: ClientMessage): void {
    usedAtMs = host.now()
    link?.send(JSON.stringify(message))
  }

  /** Sends what the server has to answer. */
  function ask(message: ClientMessage): void {
    send(message)
    expectAnswer()
  }
  /** The first question without an answer decides: later ones must not postpone the probe. */
  function expectAnswer(): void {
    if (patienceMs !== Infinity || isProbePlanned) return
    isProbePlanned = true
    setTimer('probe', () => probe(answerWithinMs), probeAfterMs)
  }

  function fail(error: GroupError): void {
    lastError = error
    if (link) lost()
  }

  /** The other end, or something between, has ended the connection. */
  function closed(error: GroupError | undefined): void {
    if (state === 'online') {
      const idleMs = host.now() - usedAtMs
      pingMs = pingMsAfterCut(pingMs, idleMs, idleBeforeMs)
      idleBeforeMs = idleMs
    }
    if (error) lastError = error
    lost()
  }

  /** The connection is over. It is tried again after a while, unless only the app can help. */
  function lost(): void {
    disconnect()
    if (!isStarted) return
    const delayMs = retryMs(lastError) ?? backoffMs(failures, host.random())
    failures++
    if (delayMs !== 'never') retryIn(delayMs)
    onStatus()
  }

  function retryIn(delayMs: number): void {
    nextRetryAtMs = host.now() + delayMs
    retryDueMs = host.elapsedMs() + delayMs
    setTimer('retry', connect, delayMs)
  }

  function disconnect(): void {
    const closing = link
    link = undefined
    inbox.length = 0
    state = 'offline'
    nextRetryAtMs = null
    for (const stop of Object.values(timers)) stop()
    answered()
    onLost()
    closing?.close()
  }

  function tryNow(): void {
    if (!isLoginError(lastError)) connect()
  }

  /** Retries before the back-off ends, but not at once after the last attempt: users may queue operations by the hundred. */
  function trySoon(): void {
    if (!isStarted || link || retryMs(lastError) !== undefined) return
    const soonestMs = triedAtMs + hurriedRetryMs
    if (soonestMs < retryDueMs) retryIn(Math.max(0, soonestMs - host.elapsedMs()))
  }

  return {
    status: () => ({ connection: state, lastError, nextRetryAtMs }),
    isOnline: () => state === 'online',
    send,
    ask,
    fail,
    lost,

    start(): void {
      isStarted = true
      // The app may still be getting a token. Nobody waits for that longer than for a server.
      if (isLoginError(lastError) && state === 'connecting') expectFrame(answerWithinMs)
      tryNow()
    },
    /** There is no token that could be sent. */
    refuse(error: GroupError): void {
      lastError = error
      state = 'offline'
      if (isStarted) lost()
    },
    stop(): void {
      isStarted = false
      failures = 0
      disconnect()
      onStatus()
    },
    /** The network may be back, or have gone without a word. */
    wake(): void {
      if (link) return probe(answerAfterWakeWithinMs)
      // It may be another network, without the proxy of the last one.
      pingMs = pingEveryMs
      tryNow()
    },
    trySoon,
    /** There is another token. */
    renewed(): void {
      if (isLoginError(lastError)) lastError = null
      // It may have said hello with the old one.
      if (link) disconnect()
      connect()
      onStatus()
    },
    welcomed(): void {
      state = 'online'
      planBeat()
      // The welcome is followed by what has changed.
      expectAnswer()
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

const noTimer = (): void => undefined

/** As many frames as go into one commit without keeping operations waiting for long. */
const lengthAtOnceMax = 1_000_000
function cut(inbox: Arrived[]): Arrived[] {
  let length = 0
  const end = inbox.findIndex(frame => (length += frame.length) > lengthAtOnceMax)
  return inbox.splice(0, end < 0 ? inbox.length : Math.max(1, end))
}
