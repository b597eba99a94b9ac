/** What every call of Tencent's API keeps to: it answers in time, and fails with an `IMError`. */

import { EmptyError } from 'rxjs'
import { bound } from '../client/bound.ts'
import { isGroupError } from '../engine/api.ts'
import type { GroupError } from '../kernel/errors.ts'
import { isReading } from './calls.ts'
import { IMError, ownError } from './im-error.ts'
import { failure } from './perform.ts'
import { validate2x } from './validate.ts'

/** Longer than the parts of a call take: 22 s to queue, 15 s for the verdict, 20 s to dismiss it. */
export const answerWithinMs = 60_000

/** The same calls, each of which is answered in time, even if storage hangs, and fails with an `IMError`. */
export function inTime<C extends object>(calls: C): C {
  // An operation was queued by then, or its call had failed.
  const reason = (api: string) => (isReading(api) ? 'StorageFailed' : 'StillWaiting')
  const late = (api: string) => () =>
    Promise.reject(failure(ownError(reason(api), 'no answer'), api))
  const timed = Object.entries(calls).map(
    ([api, call]: [string, (argument: unknown) => Promise<unknown>]) => [
      api,
      (argument: unknown) =>
        bound(
          attempt(api, () => call(argument)),
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

/** An observable ends with a refusal, or with its store. Anything else that is thrown comes from an argument, a getter perhaps. */
export function errorOf(thrown: unknown): GroupError {
  if (isGroupError(thrown)) return thrown
  if (thrown instanceof EmptyError) return ownError('NotReady')
  return ownError('IllegalArgument', thrown instanceof Error ? thrown.message : '')
}

/** The same calls, each of which first checks its parameters as SDK 2.x does. */
export function strict<C extends object>(calls: C): C {
  const checked = Object.entries(calls).map(
    ([api, call]: [string, (argument: unknown) => unknown]) => [
      api,
      (argument: unknown) => {
        validate2x(api, argument)
        return call(argument)
      }
    ]
  )
  // The calls keep their names, arguments and results.
  return Object.fromEntries(checked) as C
}
