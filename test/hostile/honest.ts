/** Honest clients: the package's engine over a WebSocket. They work while others attack. */

import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { isGroupError, type Group, type Member, type Status } from '../../src/engine/api.ts'
import {
  editRow,
  type StreamQuery,
  type StreamRow,
  type StreamValue
} from '../../src/engine/stream-api.ts'
import { openEngine } from '../../src/engine/engine.ts'
import { alone } from '../../src/engine/host.ts'
import type { Args, OperationName } from '../../src/kernel/decide.ts'
import type { Verdict } from '../../src/kernel/verdict.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { connectWebSocket } from '../../src/protocol/transports/websocket.ts'
import { tokenOf } from './process.ts'

// Node has one of its own since version 22. A browser's does not throw without a listener.
class QuietWebSocket extends WebSocket {
  constructor(url: string) {
    super(url)
    this.on('error', () => undefined)
  }
}
Object.assign(globalThis, { WebSocket: QuietWebSocket })

export type Honest = ReturnType<typeof openHonest>

export function openHonest(url: string, userID: string, { paused = false } = {}) {
  const engine = openEngine(
    {
      storage: createMemoryStorage(),
      connect: connectWebSocket(url),
      peers: alone,
      now: () => Date.now(),
      elapsedMs: () => performance.now(),
      setTimer(callback, delayMs) {
        const timer = setTimeout(callback, delayMs)
        return () => clearTimeout(timer)
      },
      onWake: () => () => undefined,
      random: Math.random,
      newID: () => randomBytes(16).toString('base64url')
    },
    { userID, token: tokenOf(userID), paused, keepUndelivered: false }
  )
  const lists = new Map<number, StreamRow[]>()
  const values = new Map<number, StreamValue>()
  const streams = engine.openStreams(({ version, patches }) => {
    for (const [stream, patch] of patches) {
      if (patch.kind === 'value') values.set(stream, patch.value)
      else if (patch.kind === 'list')
        for (const edit of patch.edits) editRow(lists.get(stream) ?? [], edit)
    }
    setImmediate(() => streams.request({ type: 'received', version }))
  })
  let streamCount = 0
  const open = (query: StreamQuery): number => {
    lists.set(++streamCount, [])
    streams.request({ type: 'open', stream: streamCount, query })
    return streamCount
  }
  const statusStream = open({ kind: 'status' })
  const verdicts: Promise<Verdict>[] = []

  return {
    userID,
    engine,
    /** The rows that a list shows, as they are from now on. */
    groups: () => lists.get(open({ kind: 'groups', offset: 0, limit: 1000 })) as Group[],
    members: (groupID: string) =>
      lists.get(open({ kind: 'members', groupID, offset: 0, limit: 1000 })) as Member[],
    status: () => values.get(statusStream) as Status | null | undefined,
    /** Every verdict on what `apply` was called for. */
    verdicts: () => Promise.all(verdicts),
    async apply<N extends OperationName>(name: N, args: Args<N>): Promise<void> {
      const applied = await engine.apply(name, args)
      if (isGroupError(applied)) throw new Error(`${name}: ${JSON.stringify(applied)}`)
      const settled = engine.settled(applied.opID).then(answer => {
        if (isGroupError(answer)) throw new Error(`${name}: ${JSON.stringify(answer)}`)
        return answer.verdict
      })
      // Looked at in the end, and only where the test has come so far.
      settled.catch(() => undefined)
      verdicts.push(settled)
    },
    async close() {
      streams.close()
      await engine.close()
    }
  }
}
