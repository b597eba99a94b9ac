/**
 * Keeps one connection to the server. It retries after failures, or waits for a token if the app
 * has to provide another one. Only the first attempt is `connecting`. During a retry the status
 * stays `offline`: a status that alternates would not help users.
 *
 *   connecting ──welcome──▶ online ──closed, silent──▶ offline ──welcome──▶ online
 */

import { isLoginError, type GroupError, storageFailed } from '../../kernel/errors.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { parseServerMessage, type ServerMessage } from '../../protocol/server-messages.ts'
import type { Link } from '../../protocol/port.ts'
import type { Status } from '../api.ts'
import type { Host } from '../host.ts'
import { createHeartbeat } from './heartbeat.ts'
import { createInbox } from './inbox.ts'
import { createRetry } from './retry.ts'
import { answerAfterWakeWithinMs, answerWithinMs } from './schedule.ts'

type ConnectionOptions = {
  readonly host: Host
  /** The reason why the token cannot be sent, if there is one. */
  readonly tokenError: GroupError | undefined
  /** The first message over a new connection. */
  hello(): ClientMessage
  /** The regular message that the server has to answer. */
  ping(): Promise<ClientMessage>
  /** `isCurrent`: whether the connection is still the one that has brought the messages. */
  receive(messages: readonly ServerMessage[], isCurrent: () => boolean): Promise<void>
  onLost(): void
  onStatus(): void
}

export type Connection = ReturnType<typeof createConnection>

export function createConnection(options: ConnectionOptions) {
  const { host, tokenError, hello, ping, receive, onLost, onStatus } = options
  const retry = createRetry(host, connect)
  const inbox = createInbox({ link: () => link, receive, fail })
  const heartbeat = createHeartbeat({
    host,
    sendProbe: () => send({ type: 'ping' }),
    sendPing,
    onSilence: lost
  })
  let isStarted = false
  let state: Status['connection'] = 'connecting'
  let lastError: GroupError | null = tokenError ?? null
  let link: Link | undefined

  function connect(): void {
    if (!isStarted || link) return
    retry.attempt()
    if (retry.isFirstAttempt()) state = 'connecting'
    onStatus()
    const opened: Link = host.connect({
      onOpen: () => link === opened && opened.send(JSON.stringify(hello())),
      // A socket may deliver frames while it is being closed.
      onFrame: frame => link === opened && receiveFrame(frame),
      onClose: error => link === opened && closed(error)
    })
    link = opened
    heartbeat.received()
    heartbeat.expectFrame(answerWithinMs)
  }

  function receiveFrame(frame: string): void {
    const message = parseServerMessage(frame)
    heartbeat.used()
    // A message that only another build knows is no answer, unless it returns a question.
    if (message?.type !== 'unknown' || message.what.startsWith('read')) heartbeat.received()
    inbox.add(frame, message)
  }

  function sendPing(): void {
    const pinged = link
    void ping().then(
      message => (link === pinged ? send(message) : undefined),
      (error: unknown) => (link === pinged ? fail(storageFailed(error)) : undefined)
    )
  }

  function send(message: ClientMessage): void {
    heartbeat.used()
    link?.send(JSON.stringify(message))
  }

  function fail(error: GroupError): void {
    lastError = error
    if (link) lost()
  }

  /** The server or a proxy has ended the connection. */
  function closed(error: GroupError | undefined): void {
    if (state === 'online') heartbeat.cut()
    if (error) lastError = error
    lost()
  }

  /** Ends the connection. It is retried after a while, unless the app has to provide a token. */
  function lost(): void {
    disconnect()
    if (!isStarted) return
    retry.plan(lastError)
    onStatus()
  }

  function disconnect(): void {
    const closing = link
    link = undefined
    inbox.clear()
    state = 'offline'
    retry.cancel()
    heartbeat.stop()
    onLost()
    closing?.close()
  }

  function tryNow(): void {
    if (!isLoginError(lastError)) connect()
  }

  return {
    status: () => ({ connection: state, lastError, nextRetryAtMs: retry.nextRetryAtMs() }),
    isOnline: () => state === 'online',
    send,
    /** Sends a message that the server has to answer. */
    ask(message: ClientMessage): void {
      send(message)
      heartbeat.expectAnswer()
    },
    fail,
    lost,

    start(): void {
      isStarted = true
      // The app may still be getting a token. The status waits for it as long as for a server.
      if (isLoginError(lastError) && state === 'connecting') heartbeat.expectFrame(answerWithinMs)
      tryNow()
    },
    stop(): void {
      isStarted = false
      retry.reset()
      disconnect()
      inbox.abandon()
      onStatus()
    },
    /** Reports that the app has no usable token. */
    refuse(error: GroupError): void {
      lastError = error
      state = 'offline'
      if (isStarted) lost()
    },
    /** Connects with another token of the app. */
    renewed(): void {
      if (isLoginError(lastError)) lastError = null
      // The hello may hold the old one.
      if (link) disconnect()
      connect()
      onStatus()
    },
    /** Checks the connection at once: the network may be back, or lost without an event. */
    wake(): void {
      if (link && state !== 'online') return
      if (link) return heartbeat.probe(answerAfterWakeWithinMs)
      heartbeat.forgetCuts()
      tryNow()
    },
    /** Retries soon, because an operation waits to be sent. */
    trySoon: () => void (isStarted && !link && retry.hurry(lastError)),
    welcomed(): void {
      state = 'online'
      heartbeat.planPing()
      // The welcome is followed by a delta.
      heartbeat.expectAnswer()
      onStatus()
    },
    caughtUp(): void {
      retry.resetWhenSteady()
      lastError = null
      onStatus()
    }
  }
}
