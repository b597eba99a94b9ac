/**
 * Serves an engine to the UI thread: calls as Comlink makes them, streams over a port of their own. Comlink's own
 * counterpart also sets properties, and follows any path, `__proto__` included; here a call of a function of the API
 * with plain arguments is answered, and nothing else.
 */

import type { Endpoint } from 'comlink'
import {
  paintMs,
  whenOpen,
  type Engine,
  type StoreLocation,
  type StreamRequest,
  type WorkerApi
} from '../src/engine/api.ts'
import { groupError, storageFailed } from '../src/kernel/errors.ts'

export function serve(
  openEngine: (location: StoreLocation) => Promise<Engine>,
  endpoint: Endpoint
): void {
  let isOpening = false
  let open: (engine: Engine | Promise<never>) => void
  const opening = new Promise<Engine>(resolve => (open = resolve))
  const api: WorkerApi = {
    ...whenOpen(opening),
    async open(location, port, lock) {
      if (isOpening || !(port instanceof MessagePort)) return groupError('WorkerFailed')
      isOpening = true
      const held = hold(lock)
      const engine = openEngine(location)
      try {
        connect(await engine, port)
        open(await engine)
        await held
        return null
      } catch (error) {
        // Expected: this browser has no database for us, or not any more. Calls keep waiting; the caller knows.
        return storageFailed(error)
      }
    }
  }
  answerCalls(endpoint, api)
}

/** Other threads learn from a lock when this one ends. */
const hold = (lock: string) =>
  new Promise<void>(resolve => {
    const forever = () => (resolve(), new Promise(() => undefined))
    if (lock && 'locks' in navigator) void navigator.locks.request(lock, forever)
    else resolve()
  })

function connect(engine: Engine, port: MessagePort): void {
  // Text goes over in a fraction of the time that a thousand rows take.
  const streams = engine.openStreams(frame => port.postMessage(JSON.stringify(frame)), paintMs)
  port.onmessage = ({ data }: MessageEvent<StreamRequest>) => streams.request(data)
}

type Call = {
  readonly id?: unknown
  readonly type?: unknown
  readonly path?: unknown
  readonly argumentList?: unknown
}
type Argument = { readonly type?: unknown; readonly value?: unknown } | null

/** Calls come one by one or as a list; answers of one turn go together. */
function answerCalls(endpoint: Endpoint, api: object): void {
  let answers: object[] = []
  const post = () => {
    const all = answers
    answers = []
    endpoint.postMessage(all)
  }
  const answer = async ({ id, type, path, argumentList }: Call) => {
    if (
      type !== 'APPLY' ||
      !Array.isArray(path) ||
      path.length !== 1 ||
      !Array.isArray(argumentList)
    )
      return
    const name: unknown = path[0]
    const args = argumentList as Argument[]
    if (
      typeof name !== 'string' ||
      !Object.hasOwn(api, name) ||
      !args.every(arg => arg?.type === 'RAW')
    )
      return
    // What `api` has of its own is its calls.
    const call = Reflect.get(api, name) as (...args: unknown[]) => Promise<unknown>
    // Expected: storage cannot be closed.
    const value = await call(...args.map(arg => arg?.value)).catch(storageFailed)
    if (answers.push({ id, type: 'RAW', value }) === 1) queueMicrotask(post)
  }
  endpoint.addEventListener('message', event => {
    const { data } = event as MessageEvent<Call | null | (Call | null)[]>
    for (const each of Array.isArray(data) ? data : [data]) if (each) void answer(each)
  })
}
