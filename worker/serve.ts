/** Serves an engine to the UI thread: calls through Comlink, streams over a separate port. */

import { expose, type Endpoint } from 'comlink'
import { batched } from '../src/client/batched.ts'
import { paintMs, type Engine, type StreamRequest } from '../src/engine/api.ts'
import {
  forEachCall,
  whenOpen,
  type StoreLocation,
  type WorkerApi
} from '../src/engine/worker-api.ts'
import { groupError, storageFailed } from '../src/kernel/errors.ts'
import { callsOnly } from './calls-only.ts'

export function serve(
  openEngine: (location: StoreLocation) => Promise<Engine>,
  endpoint: Endpoint
): void {
  let isOpening = false
  let open: (engine: Engine) => void
  const calls = whenOpen(new Promise<Engine>(resolve => (open = resolve)))
  const api: WorkerApi = {
    ...forEachCall(name => (...args) => {
      const call = calls[name] as (...args: unknown[]) => Promise<unknown>
      // Expected: storage cannot be closed.
      return call(...args).catch(storageFailed)
    }),
    async open(location, port, lock) {
      if (isOpening || !(port instanceof MessagePort)) return groupError('WorkerFailed')
      isOpening = true
      const held = hold(lock)
      try {
        const engine = await openEngine(location)
        serveStreams(engine, port)
        open(engine)
        await held
        return null
      } catch (error) {
        // Expected: the database cannot be opened. The page gets the reason here, and ends the
        // calls that wait for the engine.
        return storageFailed(error)
      }
    }
  }
  const withoutPrototype = Object.assign(Object.create(null) as object, api)
  expose(withoutPrototype, callsOnly(withoutPrototype, batched(endpoint)))
}

/** Holds a lock for the life of this worker. The page waits for the lock to learn of its death. */
const hold = (lock: string) =>
  new Promise<void>(resolve => {
    const forever = () => (resolve(), new Promise(() => undefined))
    if (lock && 'locks' in navigator) void navigator.locks.request(lock, forever)
    else resolve()
  })

function serveStreams(engine: Engine, port: MessagePort): void {
  // JSON crosses threads much faster than a structured clone of the rows.
  const streams = engine.openStreams(frame => port.postMessage(JSON.stringify(frame)), paintMs)
  port.onmessage = ({ data }: MessageEvent<StreamRequest>) => streams.request(data)
}
