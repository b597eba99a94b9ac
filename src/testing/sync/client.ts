/**
 * A client of the protocol that sends only the messages of its test, and checks every message that
 * it receives. A broken rule fails the test when it receives its next message.
 */

import { kernelVersion } from '../../kernel/decide.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { digestVersion } from '../../protocol/digest.ts'
import { protocolVersion, type PushedOperation } from '../../protocol/messages.ts'
import {
  parseServerMessage,
  type DeltaMessage,
  type FeedEvent,
  type ServerMessage
} from '../../protocol/server-messages.ts'
import type { Connect } from '../../protocol/port.ts'
import {
  createReplica,
  mergeMessage,
  noPositions,
  positionsOf,
  startFrom,
  type HeldGroup,
  type Replica
} from './replica.ts'

type Check = NonNullable<Extract<ClientMessage, { type: 'ping' }>['check']>
type Hello = Extract<ClientMessage, { type: 'hello' }>
export type SyncClient = Awaited<ReturnType<typeof openClient>>

export async function openClient(connect: Connect) {
  const replica = createReplica()
  const { send, receive, close } = await openConnection(connect, replica)

  /** The next message of this type. */
  async function next<T extends ServerMessage['type']>(
    type: T
  ): Promise<Extract<ServerMessage, { type: T }>> {
    for (;;) {
      const message = await receive()
      if (!message) throw new Error(`the connection ended before ${type}`)
      // The type of the message is T.
      if (message.type === type) return message as Extract<ServerMessage, { type: T }>
      if (message.type === 'error') throw new Error(JSON.stringify(message.error))
    }
  }

  return {
    groups: replica.groups as ReadonlyMap<string, HeldGroup>,
    events: replica.events as readonly FeedEvent[],
    positions: () => positionsOf(replica),
    send,
    receive,
    next,
    close,
    /** The code of the error that ends the connection. */
    async errorCode(): Promise<number | undefined> {
      let code: number | undefined
      for (let message = await receive(); message; message = await receive())
        code = message.type === 'error' ? message.error.code : code
      return code
    },
    /** Sends hello, and receives every message until the client is caught up. */
    async login(hello: Pick<Hello, 'token'> & Partial<Hello>) {
      startFrom(replica, { ...noPositions, ...hello })
      const versions = { protocol: protocolVersion, kernel: kernelVersion }
      send({ type: 'hello', ...versions, ...noPositions, pending: [], ...hello })
      const welcome = await next('welcome')
      const deltas: DeltaMessage[] = []
      do deltas.push(await next('delta'))
      while (!deltas.at(-1)?.caughtUp)
      return { welcome, deltas }
    },
    /** Pushes operations in one frame. Returns their verdicts in the order of the operations. */
    async judge(...operations: PushedOperation[]): Promise<(Verdict | 'retry')[]> {
      send({ type: 'push', operations })
      const outcomes: { opID: string; outcome: Verdict | 'retry' }[] = []
      while (outcomes.length < operations.length) {
        const { verdicts, retry } = await next('delta')
        outcomes.push(...verdicts.map(verdict => ({ opID: verdict.opID, outcome: verdict })))
        outcomes.push(...retry.map(opID => ({ opID, outcome: 'retry' as const })))
      }
      const place = ({ opID }: { opID: string }) =>
        operations.findIndex(operation => operation.opID === opID)
      return outcomes.sort((a, b) => place(a) - place(b)).map(({ outcome }) => outcome)
    },
    /** Sends a ping. Returns the messages that arrive before its pong. */
    async ping(check?: Omit<Check, 'version'> & Partial<Check>): Promise<ServerMessage[]> {
      send({ type: 'ping', ...(check && { check: { version: digestVersion, ...check } }) })
      const before: ServerMessage[] = []
      for (;;) {
        const message = await receive()
        if (!message) throw new Error('the connection ended before pong')
        if (message.type === 'pong') return before
        before.push(message)
      }
    }
  }
}

async function openConnection(connect: Connect, replica: Replica) {
  const unread: ServerMessage[] = []
  let isOver = false
  let wake: () => void = () => undefined

  function receiveFrame(frame: string): void {
    const message = parseServerMessage(frame)
    if (!message)
      return void replica.violations.push(`not a message of the protocol: ${frame.slice(0, 200)}`)
    unread.push(message)
    mergeMessage(replica, message)
  }

  let link: ReturnType<Connect> | undefined
  await new Promise<void>((resolve, reject) => {
    link = connect({
      onOpen: resolve,
      onFrame(frame) {
        receiveFrame(frame)
        wake()
      },
      onClose() {
        isOver = true
        wake()
        reject(new Error('the connection did not open'))
      }
    })
  })

  return {
    send(...messages: (ClientMessage | Record<string, unknown> | string)[]): void {
      for (const message of messages)
        link?.send(typeof message === 'string' ? message : JSON.stringify(message))
    },
    /** The next message, or `undefined` at the end of the connection. */
    async receive(): Promise<ServerMessage | undefined> {
      for (;;) {
        if (replica.violations.length > 0) throw new Error(replica.violations.join('; '))
        const message = unread.shift()
        if (message || isOver) return message
        await new Promise<void>(resolve => (wake = resolve))
      }
    },
    close: () => link?.close()
  }
}
