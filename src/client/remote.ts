/** The way to an engine: one that runs in a worker, or one in this thread. Either looks the same from here. */

import { transfer, wrap } from 'comlink'
import {
  whenOpen,
  type Engine,
  type EngineApi,
  type StoreLocation,
  type StreamFrame,
  type StreamRequest,
  type WorkerApi
} from '../engine/api.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'

export type Remote = {
  readonly api: EngineApi
  request(request: StreamRequest): void
  /** Ends the connection, once the engine is closed. */
  end(): void
  /** Resolves if the store cannot be opened. */
  readonly failed: Promise<GroupError>
}

export function connectWorker(worker: Worker, location: StoreLocation, onFrame: (frame: StreamFrame) => void): Remote {
  const { port1: port, port2 } = new MessageChannel()
  port.onmessage = ({ data }: MessageEvent<StreamFrame>) => onFrame(data)
  const remote = wrap<WorkerApi>(worker)
  // Comlink's proxy answers for as long as it is referenced; its calls return what the API says, as promises.
  const api = remote as unknown as WorkerApi
  const broken = new Promise<GroupError>(resolve => {
    worker.addEventListener('error', event => resolve(groupError('WorkerFailed', event.message)), { once: true })
  })
  const opened = api.open(location, transfer(port2, [port2]))
  return {
    api,
    request: request => port.postMessage(request),
    end() {
      port.close()
      worker.terminate()
    },
    failed: Promise.race([broken, opened.then(error => error ?? new Promise<never>(() => undefined))])
  }
}

export function connectHere(opening: Promise<Engine>, onFrame: (frame: StreamFrame) => void): Remote {
  const streams = opening.then(engine => engine.openStreams(onFrame))
  // A failure is reported as `failed`; nothing waits for streams that never came about.
  streams.catch(() => undefined)
  return {
    api: whenOpen(opening),
    request: request => void streams.then(open => open.request(request)),
    end: () => undefined,
    failed: new Promise(resolve => opening.catch((error: unknown) => resolve(groupError('StorageFailed', String(error)))))
  }
}
