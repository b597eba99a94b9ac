/** Serves an engine to the UI thread: calls through Comlink, streams over a separate port. */

import { expose, type Endpoint } from 'comlink'
import { batched } from '../src/client/batched.ts'
import type { Engine } from '../src/engine/api.ts'
import { paintMs, type StreamRequest } from '../src/engine/stream-api.ts'
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
  let open: (engine: Promise<Engine>) => void
  const opening = new Promise<Engine>(resolve => (open = resolve))
  const opened = opening.then(databaseOf, storageFailed)
  const calls = whenOpen(opening)
  const api: WorkerApi = {
    ...forEachCall(name => (...args) => {
      const call = calls[name] as (...args: unknown[]) => Promise<unknown>
      // Expected: the database cannot be opened, or storage cannot be closed.
      return call(...args).catch(storageFailed)
    }),
    async open(location, port, lock) {
      if (isOpening || !(port instanceof MessagePort)) return groupError('WorkerFailed')
      isOpening = true
      open(openEngine(location).then(engine => serveStreams(engine, port)))
      return hold(lock)
    },
    opened: () => opened,
    ping: () => Promise.resolve()
  }
  const withoutPrototype = Object.assign(Object.create(null) as object, api)
  expose(withoutPrototype, callsOnly(withoutPrototype, batched(endpoint)))
}

const databaseOf = ({ databaseID }: Engine) => (databaseID === undefined ? {} : { databaseID })

/**
 * Holds a lock for the life of this worker. The page waits for the lock to learn of its death.
 * Resolves with `false` if there are no locks.
 */
const hold = (lock: string) =>
  new Promise<boolean>(resolve => {
    if (!lock || !('locks' in navigator)) return resolve(false)
    const forever = () => (resolve(true), new Promise(() => undefined))
    // Expected: the browser refuses locks, for example in a sandboxed frame.
    navigator.locks.request(lock, forever).catch(() => resolve(false))
  })

function serveStreams(engine: Engine, port: MessagePort): Engine {
  // JSON crosses threads much faster than a structured clone of the rows.
  const streams = engine.openStreams(frame => port.postMessage(JSON.stringify(frame)), paintMs)
  port.onmessage = ({ data }: MessageEvent<StreamRequest>) => streams.request(data)
  return engine
}
