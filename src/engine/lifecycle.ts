/**
 * The life of an engine.
 *
 *   opening ──read──▶ ready ──close, logout──▶ closing
 *      │  storage fails  │ ▲
 *      └───────▶ failed ◀┘ │ storage works again (recovery.ts)
 *                   └──────┘
 *
 * While storage fails, every call answers with the error at once.
 *
 * Why: every call settles, so no app waits forever. The limit is 10 s for the server or the leader,
 * and 15 s for storage. The code says whether the operation is pending: with 4512 it is, with 4502
 * and 2805 it is not. Only `settled`, and a flush while verdicts keep arriving, have no limit.
 */

import { allEnded } from './all-ended.ts'
import { createBound } from '../kernel/bound.ts'
import { groupError, type GroupError, storageFailed } from '../kernel/errors.ts'
import type { Host } from './host.ts'
import { storageWithinMs, unfinishedWithinMs } from './limits.ts'

export type Lifecycle = ReturnType<typeof createLifecycle>

/** `failed`: storage does not answer. `closed`: all commits are stored. */
export type LifecycleEnd = 'failed' | 'closing' | 'closed'

export function createLifecycle(
  { storage, peers, setTimer }: Host,
  onEnd: (end: LifecycleEnd) => void
) {
  const bound = createBound(setTimer)
  let isReady = false
  let setReady: () => void = () => undefined
  const ready = new Promise<void>(resolve => (setReady = resolve))
  let error: GroupError | undefined
  let closing: Promise<void> | undefined
  let isClosed = false
  let isLoggedOut = false
  const unfinished = new Set<Promise<unknown>>()

  /** Storage has failed. Without it no call works, and the status shows the error. */
  function fail(cause: unknown): void {
    error = storageFailed(cause)
    if (!closing) onEnd('failed')
  }

  async function end(release: () => Promise<void>): Promise<void> {
    onEnd('closing')
    await bound(allEnded(unfinished), unfinishedWithinMs, () => undefined)
    // Expected: storage refuses, or does not answer. Other tabs must not wait for it.
    await bound(release(), storageWithinMs, () => undefined).catch(() => undefined)
    // Last: the commits above must be posted before another tab becomes the leader.
    isClosed = true
    onEnd('closed')
    peers.close()
  }

  /** Resolves with an error if storage does not answer in time. */
  const answer = <T>(work: Promise<T>): Promise<T | GroupError> =>
    bound(work, storageWithinMs, noAnswer)

  return {
    /** Resolves when storage is read, or has failed. */
    ready,
    /** `opening`: the first read of storage. */
    begin: (opening: Promise<void>) =>
      void opening.then(() => {
        isReady = true
        setReady()
      }),
    isReady: (): boolean => isReady,
    bound,
    answer,
    error: (): GroupError | undefined => error,
    isClosing: (): boolean => closing !== undefined,
    isClosed: (): boolean => isClosed,
    /** A logout has ended this engine. */
    isLoggedOut: (): boolean => isLoggedOut,
    /** Resolves once the engine is ready, with the reason if it cannot work. */
    opened: (): Promise<GroupError | undefined> => answer(ready.then(() => error)),

    fail,
    /** Storage works again, and was read. */
    recover: (): void => void (error = undefined),
    /** Watches work that rejects only if storage fails. */
    guard: (work: Promise<unknown>) => void work.catch(fail),
    /** Tests storage after a refused transaction. It may be full, or removed by another tab. */
    probe: () => void storage.read([{ table: 'meta', scope: '' }]).catch(fail),

    /** `close` waits for the work: the operation may be on its way to the disk. */
    track<T>(work: Promise<T>): Promise<T> {
      unfinished.add(work)
      void allEnded([work]).then(() => unfinished.delete(work))
      return work
    },
    /** `logout`: removes the database. Always resolves, in the time that storage may take. */
    close(logout?: () => Promise<void>): Promise<void> {
      isLoggedOut ||= logout !== undefined && !closing
      closing ??= ready.then(() => end(logout ?? storage.close))
      return bound(closing, storageWithinMs, () => undefined)
    }
  }
}

export const noAnswer = (): GroupError => groupError('StorageFailed', 'no answer')
