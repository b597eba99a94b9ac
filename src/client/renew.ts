/** Keeps a store logged in: asks the app for a token until the server accepts one. */

import {
  defer,
  exhaustMap,
  filter,
  fromEvent,
  merge,
  NEVER,
  repeat,
  take,
  takeWhile,
  tap,
  timer,
  type Observable,
  type Subscription
} from 'rxjs'
import type { Status } from '../engine/api.ts'
import { errors } from '../kernel/errors.ts'

/** A token, or how to get one. */
export type Token = string | (() => string | Promise<string>)

const firstDelayMs = 500
const longestDelayMs = 30_000
/** The function may show a login to the user. After this time it is called again, and the first answer counts. */
const answerWithinMs = 60_000

export function keepLoggedIn(
  getToken: () => string | Promise<string>,
  { status$, renewToken }: { readonly status$: Observable<Status>; renewToken(token: string): Promise<void> }
): Subscription {
  let latest: Status | undefined
  let failures = 0
  const isRefused = () => (latest?.lastError?.code ?? 0) >= errors.TokenExpired.code
  const online$ = 'addEventListener' in globalThis ? fromEvent(globalThis, 'online') : NEVER

  async function ask(): Promise<void> {
    try {
      const token = await getToken()
      // An answer may come late. Anything but a token counts as none.
      if (isRefused()) await renewToken(typeof token === 'string' ? token : '')
    } catch {
      // Expected: the app cannot get one just now, most likely for want of a network.
      await renewToken('')
    }
  }

  /** Asks once, and lets time pass. A token refused again does not change the status, so time alone tells. */
  const attempt$ = defer(() => merge(defer(ask), timer(answerWithinMs)).pipe(take(1)))
  const pause$ = defer(() => merge(timer(Math.min(longestDelayMs, firstDelayMs * 2 ** failures++)), online$).pipe(take(1)))

  return status$
    .pipe(
      tap(status => {
        latest = status
        if (status.caughtUp) failures = 0
      }),
      filter(isRefused),
      exhaustMap(() =>
        attempt$.pipe(
          exhaustMap(() => pause$),
          repeat(),
          takeWhile(isRefused)
        )
      )
    )
    .subscribe()
}
