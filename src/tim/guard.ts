/** Guarantees of every call of Tencent's API: it settles in time, and rejects with an `IMError`. */

import { EmptyError } from 'rxjs'
import { bound } from '../client/bound.ts'
import { isGroupError } from '../engine/api.ts'
import type { GroupError } from '../kernel/errors.ts'
import { IMError, ownError } from './im-error.ts'
import { failure } from './perform.ts'
import { isReading } from './reading.ts'
import { validate2x } from './validate.ts'

/**
 * The parts of a call have shorter limits: 42 s to enqueue, if workers die, 15 s for the verdict,
 * 20 s to dismiss.
 */
export const answerWithinMs = 80_000

/**
 * The same calls. Each settles in time, even if storage hangs, and rejects with an `IMError`. Calls
 * between login and SDK_READY wait for `opening`.
 */
export function inTime<C extends object>(
  calls: C,
  opening: () => Promise<unknown> | undefined = () => undefined
): C {
  // After this time, an operation is enqueued, or its call has failed.
  const reason = (api: string) => (isReading(api) ? 'StorageFailed' : 'StillWaiting')
  const late = (api: string) => () =>
    Promise.reject(failure(ownError(reason(api), 'no answer'), api))
  const timed = Object.entries(calls).map(
    ([api, call]: [string, (argument: unknown) => Promise<unknown>]) => [
      api,
      (argument: unknown) =>
        bound(
          attempt(api, async () => {
            const ready = opening()
            if (ready) await ready
            return call(argument)
          }),
          answerWithinMs,
          late(api)
        )
    ]
  )
  // The calls keep their names, arguments and results.
  return Object.fromEntries(timed) as C
}

export async function attempt<T>(api: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof IMError ? error : failure(errorOf(error), api)
  }
}

/**
 * An observable ends with a refusal, or is empty when its store is closed. Any other error comes
 * from an argument, for example from its getter.
 */
export function errorOf(thrown: unknown): GroupError {
  if (isGroupError(thrown)) return thrown
  if (thrown instanceof EmptyError) return ownError('NotReady')
  return ownError('IllegalArgument', thrown instanceof Error ? thrown.message : '')
}

/** The same calls. While `isStrict`, each first checks its parameters as SDK 2.x does. */
export function strict<C extends object>(calls: C, isStrict: () => boolean): C {
  const checked = Object.entries(calls).map(
    ([api, call]: [string, (argument: unknown) => unknown]) => [
      api,
      (argument: unknown) => {
        if (isStrict()) validate2x(api, argument)
        return call(argument)
      }
    ]
  )
  // The calls keep their names, arguments and results.
  return Object.fromEntries(checked) as C
}
