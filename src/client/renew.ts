/** Keeps a store logged in: asks the app for a token until the server accepts one. */

import type { Observable, Subscription } from 'rxjs'
import type { Status } from '../engine/api.ts'
import { isLoginError } from '../kernel/errors.ts'

/** A userSig, or a function that gets one from the app's backend. */
export type Token = string | (() => string | Promise<string>)

const firstDelayMs = 500
const longestDelayMs = 30_000
/**
 * The function may show a login form. After this time it is called once more. The first token
 * counts.
 */
const answerWithinMs = 60_000

export function keepLoggedIn(
  getToken: () => string | Promise<string>,
  {
    status$,
    renewToken
  }: { readonly status$: Observable<Status>; renewToken(token: string): Promise<void> }
): Subscription {
  let latest: Status | undefined
  let isAsking = false
  let isOver = false
  let failures = 0
  let stopPause = () => {}
  const isRefused = () => !isOver && isLoginError(latest?.lastError)

  async function askOnce(): Promise<void> {
    let token: unknown
    try {
      token = await getToken()
    } catch {
      // Expected: the app cannot get a token now, for example without a network.
    }
    // A late answer may no longer be needed. Any value but a text counts as no token.
    if (isRefused()) await renewToken(typeof token === 'string' ? token : '')
  }

  /** Ends after this time, when the network is back, or with the subscription. */
  const pause = (ms: number) =>
    new Promise<void>(resolve => {
      if (isOver) return resolve()
      stopPause = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(stopPause, ms)
    })

  /**
   * A second refusal does not change the status, so the loop waits for a time, not for a status.
   */
  async function ask(): Promise<void> {
    isAsking = true
    while (isRefused()) {
      await Promise.race([askOnce(), pause(answerWithinMs)])
      stopPause()
      await pause(Math.min(longestDelayMs, firstDelayMs * 2 ** failures++))
    }
    isAsking = false
  }

  const wake = () => stopPause()
  if (typeof addEventListener === 'function') addEventListener('online', wake)
  const watching = status$.subscribe(status => {
    latest = status
    if (status.caughtUp) failures = 0
    if (!isAsking && isRefused()) void ask()
  })
  watching.add(() => {
    isOver = true
    if (typeof removeEventListener === 'function') removeEventListener('online', wake)
    stopPause()
  })
  return watching
}
