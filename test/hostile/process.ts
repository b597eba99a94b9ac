/** Starts the server process and asks it how it fares. */

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { generateUserSig } from '../../src/server/user-sig.ts'

export const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
export const tokenOf = (userID: string): string => generateUserSig(app, { userID })

type Memory = {
  readonly heapBytes: number
  readonly externalBytes: number
  readonly rssBytes: number
}
export type Report = Memory & {
  readonly peak: Memory
  readonly delayMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly sockets: number
  readonly timers: number
  readonly queries: number
  readonly errors: readonly string[]
}

export type ServerProcess = {
  readonly port: number
  readonly url: string
  /** The end of the process. `undefined`: it runs. */
  ended(): string | undefined
  /** Its memory after a collection of garbage, and the measurements since the last reset. */
  report(): Promise<Report>
  reset(): Promise<void>
  query<Row>(text: string, params?: readonly unknown[]): Promise<Row[]>
  stop(): Promise<void>
}

/** An attack that makes the server hold more than this ends its process, and fails the test. */
const heapMiBMax = 640

export async function startServerProcess({ clockFactor = 1 } = {}): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL('server.js', import.meta.url)), {
    execArgv: ['--expose-gc', `--max-old-space-size=${heapMiBMax}`],
    env: {
      ...process.env,
      CLOCK_FACTOR: String(clockFactor),
      SERVER_OPTIONS: JSON.stringify({ ...app, appAdmins: ['app'] })
    },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc']
  })
  let ended: string | undefined
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)))
  const exited = once(child, 'exit').then(([code, signal]) => {
    ended = `the server process ended with ${String(signal ?? code)}: ${said}`
  })
  const ask = questions(child, exited, () => ended)
  const [{ port, url }] = (await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error(ended)))
  ])) as [{ port: number; url: string }]
  return {
    port,
    url,
    ended: () => ended,
    report: () => ask({ kind: 'report' }),
    reset: () => ask({ kind: 'reset' }),
    query: (text, params = []) => ask({ kind: 'query', text, params }),
    async stop() {
      if (ended === undefined) await ask({ kind: 'close' }).catch(() => undefined)
      await exited
    }
  }
}

function questions(child: ChildProcess, exited: Promise<void>, ended: () => string | undefined) {
  type Answer = { id: number; answer: unknown; error?: string }
  const waiting = new Map<number, { resolve(answer: any): void; reject(error: Error): void }>()
  let count = 0
  child.on('message', ({ id, answer, error }: Answer) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(answer)
    else asked?.reject(new Error(error))
  })
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(ended()))
    waiting.clear()
  })
  return <T>(question: object): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended() !== undefined) return reject(new Error(ended()))
      waiting.set(++count, { resolve, reject })
      child.send({ id: count, ...question })
    })
}
