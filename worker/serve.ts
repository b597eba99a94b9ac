/** Serves an engine to the UI thread: calls through Comlink, streams over a port of their own. */

import { expose, type Endpoint } from 'comlink'
import { pictureMs, whenOpen, type Engine, type StoreLocation, type StreamRequest, type WorkerApi } from '../src/engine/api.ts'
import { groupError, storageFailed } from '../src/kernel/errors.ts'

export function serve(openEngine: (location: StoreLocation) => Promise<Engine>, endpoint: Endpoint): void {
  let isOpening = false
  let open: (engine: Engine | Promise<never>) => void
  const opening = new Promise<Engine>(resolve => (open = resolve))
  const api: WorkerApi = {
    ...whenOpen(opening),
    async open(location, port, lock) {
      if (isOpening || !(port instanceof MessagePort)) return groupError('WorkerFailed')
      isOpening = true
      await hold(lock)
      const engine = openEngine(location)
      try {
        connect(await engine, port)
        open(await engine)
        return null
      } catch (error) {
        // Expected: this browser has no database for us, or not any more. Calls keep waiting; the caller knows.
        return storageFailed(error)
      }
    }
  }
  expose(api, callsOnly(endpoint, api))
}

/** Other threads learn from a lock when this one ends. */
const hold = (lock: string) =>
  new Promise<void>(resolve => {
    const forever = () => (resolve(), new Promise(() => undefined))
    if (lock && 'locks' in navigator) void navigator.locks.request(lock, forever)
    else resolve()
  })

function connect(engine: Engine, port: MessagePort): void {
  const streams = engine.openStreams(frame => port.postMessage(frame), pictureMs)
  port.onmessage = ({ data }: MessageEvent<StreamRequest>) => streams.request(data)
}

/**
 * Lets through calls of the functions of `api` and nothing else. Comlink by itself also sets properties and follows any
 * path, `__proto__` included.
 */
function callsOnly(endpoint: Endpoint, api: object): Endpoint {
  const wrapped = new Map<unknown, EventListener>()
  return {
    ...(endpoint.start && { start: () => endpoint.start?.() }),
    postMessage: (message: unknown, transfer?: Transferable[]) => endpoint.postMessage(message, transfer),
    addEventListener(type, listener, options) {
      const guarded: EventListener = event => {
        const { data } = event as MessageEvent<{ type?: unknown; path?: unknown; argumentList?: unknown } | null>
        const path = data?.type === 'APPLY' && Array.isArray(data.path) ? (data.path as unknown[]) : []
        if (path.length !== 1 || typeof path[0] !== 'string' || !Object.hasOwn(api, path[0])) return
        // Other arguments than plain ones are taken apart by Comlink before anything catches.
        const args = Array.isArray(data?.argumentList) ? (data.argumentList as ({ type?: unknown } | null)[]) : [null]
        if (!args.every(arg => arg?.type === 'RAW')) return
        if (typeof listener === 'function') listener(event)
        else listener.handleEvent(event)
      }
      wrapped.set(listener, guarded)
      endpoint.addEventListener(type, guarded, options)
    },
    removeEventListener(type, listener, options) {
      endpoint.removeEventListener(type, wrapped.get(listener) ?? listener, options)
    }
  }
}
