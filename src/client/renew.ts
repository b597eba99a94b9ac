/** Keeps a store logged in: asks the app for a token whenever the server does not take the last one. */

import type { Observable, Subscription } from 'rxjs'
import type { Status } from '../engine/api.ts'
import { errors } from '../kernel/errors.ts'

/** A token, or how to get one. */
export type Token = string | (() => string | Promise<string>)

const longestDelayMs = 30_000

export function keepLoggedIn(
  getToken: () => string | Promise<string>,
  { status$, renewToken }: { readonly status$: Observable<Status>; renewToken(token: string): Promise<void> }
): Subscription {
  let isAsking = false
  let failures = 0

  async function ask(): Promise<void> {
    isAsking = true
    // An app that has no good token either is not asked for another one at once.
    if (failures > 0) await new Promise(resolve => setTimeout(resolve, Math.min(longestDelayMs, 500 * 2 ** failures)))
    failures++
    try {
      await renewToken(await getToken())
      isAsking = false
    } catch {
      // Expected: the app cannot get one just now, most likely for want of a network.
      if (!watching.closed) await ask()
    }
  }

  const watching = status$.subscribe(({ connection, lastError }) => {
    if (connection === 'online') failures = 0
    if (!isAsking && (lastError?.code ?? 0) >= errors.TokenExpired.code) void ask()
  })
  return watching
}
