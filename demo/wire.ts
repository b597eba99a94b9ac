/** A client without a store: sends operations of one user, to fill the database. */

import { protocolVersion } from 'offline-groups/ports'
import { WebSocket } from 'ws'

/** The protocol allows so many operations in a push. */
const operationsPerPush = 50

export type Operation = {
  readonly opID: string
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly groupID: string
}

type Message =
  | { type: 'welcome' | 'pong' | 'members' }
  | { type: 'error'; error: { reason: string } }
  | { type: 'delta'; groups: unknown[]; verdicts: Verdict[]; retry: string[]; caughtUp: boolean }
type Verdict =
  | { opID: string; kind: 'applied' | 'partial' }
  | { opID: string; kind: 'rejected'; error: { reason: string } }

type Wire = {
  /** How many groups the user had at login. */
  readonly groupCount: number
  /** Resolves when all are applied. Rejects if one is refused. */
  push(operations: readonly Operation[]): Promise<void>
  close(): void
}

export function connect(url: string, token: string): Promise<Wire> {
  const socket = new WebSocket(url)
  const send = (message: object) => socket.send(JSON.stringify(message))
  const waiting = new Map<string, (verdict: Verdict) => void>()
  let groupCount = 0

  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () =>
      send({
        type: 'hello',
        protocol: protocolVersion,
        kernel: 1,
        token,
        epoch: '',
        feed: 0,
        groups: [],
        pending: []
      })
    )
    socket.on('message', (frame: Buffer) => {
      // This project's own server, in this process.
      const message = JSON.parse(frame.toString()) as Message
      if (message.type === 'error') reject(new Error(message.error.reason))
      if (message.type !== 'delta') return
      groupCount += message.groups.length
      if (message.caughtUp) resolve({ groupCount, push, close: () => socket.close() })
      for (const verdict of message.verdicts) waiting.get(verdict.opID)?.(verdict)
    })
  })

  async function push(operations: readonly Operation[]): Promise<void> {
    const verdicts = operations.map(
      ({ opID }) => new Promise<Verdict>(resolve => waiting.set(opID, resolve))
    )
    for (let start = 0; start < operations.length; start += operationsPerPush) {
      const batch = operations.slice(start, start + operationsPerPush)
      send({
        type: 'push',
        operations: batch.map(operation => ({ ...operation, seen: 0, waitedSeconds: 0 }))
      })
    }
    for (const verdict of await Promise.all(verdicts)) {
      waiting.delete(verdict.opID)
      if (verdict.kind === 'rejected')
        throw new Error(`The operation ${verdict.opID} was refused: ${verdict.error.reason}`)
    }
  }
}
