/**
 * The connection of a page to its engine, which runs in this thread or in a worker
 * (worker-remote.ts).
 */

import type { Engine, EngineApi } from '../engine/api.ts'
import { paintMs, type StreamFrame, type StreamRequest } from '../engine/stream-api.ts'
import { whenOpen } from '../engine/worker-api.ts'
import { storageFailed, type GroupError } from '../kernel/errors.ts'
import { copying } from './copying.ts'

export type Remote = {
  readonly api: EngineApi
  request(request: StreamRequest): void
  /** Ends the connection, once the engine is closed. */
  end(): void
  /** Resolves if the store cannot be opened, or has lost a worker that it cannot replace. */
  readonly failed: Promise<GroupError>
}

export type RemoteListener = {
  onFrame(frame: StreamFrame): void
  /** Another engine runs in place of the last one: it knows of no streams. */
  onRestart(): void
  /** No engine runs, because of this error. `null`: the page is hidden or frozen. */
  onLost(error: GroupError | null): void
}

/** An engine in this thread. */
export function connectHere(
  opening: Promise<Engine>,
  { onFrame }: Pick<RemoteListener, 'onFrame' | 'onRestart'>
): Remote {
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
