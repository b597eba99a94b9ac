/**
 * The connection of a page to its engine, which runs in a worker or in this thread.
 *
 * Why a lock: browsers end workers without an event. The worker holds a Web Lock, and the page
 * requests the same lock. When the page gets it, the worker has died: the page starts another one
 * and opens its streams once more. Unchanged rows stay the same objects, so the screen is stable.
 */

import { transfer, wrap } from 'comlink'
import {
  paintMs,
  type Engine,
  type EngineApi,
  type StreamFrame,
  type StreamRequest
} from '../engine/api.ts'
import { forEachCall, whenOpen, type StoreLocation, type WorkerApi } from '../engine/worker-api.ts'
import { groupError, type GroupError, storageFailed } from '../kernel/errors.ts'
import { batched } from './batched.ts'
import { copying } from './copying.ts'
import { until } from './until.ts'

export type Remote = {
  readonly api: EngineApi
  request(request: StreamRequest): void
  /** Ends the connection, once the engine is closed. */
  end(): void
  /** Resolves if the store cannot be opened, or has died and cannot be replaced. */
  readonly failed: Promise<GroupError>
}

export type RemoteListener = {
  onFrame(frame: StreamFrame): void
  /** A new engine replaces one that has died. It has no open streams. */
  onRestart(): void
}

/** One worker, from its start to its death. */
type Running = {
  readonly api: WorkerApi
  readonly port: MessagePort
  readonly worker: Worker
  readonly opened: Promise<GroupError | null>
  readonly died: Promise<GroupError>
  /** Resolves with the answer of the call, or with an error if the worker dies first. */
  whileAlive<T>(call: Promise<T>): Promise<T | GroupError>
}

/**
 * Starts an engine in a worker. If `made` is a function, a worker that dies is replaced: browsers
 * end workers to free memory.
 */
export function connectWorker(
  made: Worker | (() => Worker),
  location: StoreLocation,
  listener: RemoteListener
): Remote {
  let now = location
  let isOver = false
  let fail: (error: GroupError) => void
  const failed = new Promise<GroupError>(resolve => (fail = resolve))
  let running = start()

  function start(): Running {
    const next = runWorker(typeof made === 'function' ? made() : made, now, listener)
    void next.opened.then(error => error && fail(error))
    void next.died.then(replace)
    return next
  }

  function replace(error: GroupError): void {
    if (isOver) return
    if (typeof made !== 'function') return fail(error)
    running.port.close()
    running.worker.terminate()
    try {
      running = start()
    } catch (cause) {
      // Expected: no worker can be made any more.
      return fail(groupError('WorkerFailed', String(cause)))
    }
    listener.onRestart()
  }

  return {
    api: copying(
      forEachCall(name => (...args) => {
        const [token] = args
        if (name === 'renewToken' && typeof token === 'string' && token !== '')
          now = { ...now, token }
        if (name === 'pause' || name === 'resume') now = { ...now, paused: name === 'pause' }
        // Comlink's types wrap each result in another promise. Its calls return the API's types.
        const call = running.api[name] as (...args: unknown[]) => Promise<unknown>
        return running.whileAlive(call(...args))
      })
    ),
    request: request => running.port.postMessage(request),
    end() {
      isOver = true
      running.port.close()
      running.worker.terminate()
    },
    failed
  }
}

function runWorker(worker: Worker, location: StoreLocation, { onFrame }: RemoteListener): Running {
  const { port1: port, port2 } = new MessageChannel()
  port.onmessage = ({ data }: MessageEvent<string>) => onFrame(JSON.parse(data) as StreamFrame)
  const api = wrap<WorkerApi>(batched(worker)) as unknown as WorkerApi
  // The worker holds this lock for its life. Without Web Locks, its death goes unnoticed.
  const lock = `offline-groups worker ${crypto.getRandomValues(new Uint32Array(4)).join('-')}`
  const broken = new Promise<GroupError>(resolve => {
    worker.addEventListener('error', event => resolve(groupError('WorkerFailed', event.message)), {
      once: true
    })
  })
  const opened = Promise.race([broken, api.open(location, transfer(port2, [port2]), lock)])
  const died = new Promise<GroupError>(resolve => {
    const watch = (error: GroupError | null) => {
      if (!error && 'locks' in navigator)
        void navigator.locks.request(lock, () => resolve(groupError('WorkerFailed', 'it has died')))
    }
    void opened.then(watch)
  })
  return { api, port, worker, opened, died, whileAlive: until(died) }
}

export function connectHere(opening: Promise<Engine>, { onFrame }: RemoteListener): Remote {
  const streams = opening.then(engine => engine.openStreams(onFrame, paintMs))
  // `failed` below reports the error. This only marks the rejection as handled.
  streams.catch(() => undefined)
  return {
    api: copying(whenOpen(opening)),
    request: request =>
      void streams.then(
        open => open.request(request),
        () => undefined
      ),
    end: () => undefined,
    failed: new Promise(resolve => opening.catch(error => resolve(storageFailed(error))))
  }
}
