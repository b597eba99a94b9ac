/**
 * An instance of Tencent's SDK beside this one: it has messages, conversations and profiles, and
 * this package has the groups. Login and logout go to both, and its events come as they are. Its
 * own events about groups are left out, because this package sends them.
 *
 * Why logins and logouts of the delegate run one after another: a logout during a login has no
 * effect in Tencent's SDK, so the former user would stay logged in.
 */

import type { Observable, Subscription } from 'rxjs'
import { bound } from '../client/bound.ts'
import { setTimer } from '../host/timer.ts'
import { EVENT, otherEvents, TYPES, type TimEventName } from './constants.ts'
import { isReady, needsUserSig, repeatsLogin, userOf } from './delegate-answers.ts'
import type { Events } from './events.ts'
import type { TimMessage } from './message.ts'

/** What `TIM.create` needs of an instance of Tencent's SDK. */
export type TimDelegate = {
  login(options: { userID: string; userSig: string }): Promise<unknown>
  logout(): Promise<unknown>
  on(name: string, handler: (event: never) => void): void
  off(name: string, handler: (event: never) => void): void
}

type Credentials = { readonly userID: string; readonly userSig: string }

/** The user of the next login, or of the present one. */
type Wanted = {
  credentials: Credentials
  isOnline: boolean
  failures: number
  /** Until then, no further attempt. */
  isPausing: boolean
  /** The delegate is ready, or has failed once. */
  onSettled(): void
}

const firstPauseMs = 1000
const longestPauseMs = 60_000
const logoutWithinMs = 10_000

export type Delegate = ReturnType<typeof createDelegate>

export function createDelegate(
  delegate: TimDelegate,
  events: Events,
  onKickedOut: (data: { type: string }) => void
) {
  let wanted: Wanted | undefined
  let loggedIn: Wanted | undefined
  /** The last attempt. Its SDK_READY may come before the answer. */
  let attempted: Wanted | undefined
  let isRunning = false
  let settled = Promise.resolve()
  let watch: Subscription | undefined
  let stopTimer: (() => void) | undefined

  /** Logs out and in until the delegate has the wanted user, or has to wait. */
  function settle(): Promise<void> {
    if (!isRunning) settled = run()
    return settled
  }

  async function run(): Promise<void> {
    isRunning = true
    for (;;) {
      if (loggedIn && loggedIn !== wanted) await logOut()
      else if (wanted?.isOnline && !loggedIn && !wanted.isPausing) await logIn(wanted)
      else break
    }
    isRunning = false
  }

  async function logOut(): Promise<void> {
    loggedIn = undefined
    try {
      await delegate.logout()
    } catch {
      // Expected: the delegate was not logged in. Its error does not concern the groups.
    }
  }

  async function logIn(user: Wanted): Promise<void> {
    attempted = user
    const { credentials } = user
    const { userID } = credentials
    try {
      let answer = await delegate.login({ ...credentials })
      if (repeatsLogin(answer) && userOf(delegate) !== userID) {
        // The app has logged in another user, or may have.
        await logOut()
        answer = await delegate.login({ ...credentials })
      }
      loggedIn = user
      user.failures = 0
      if (isReady(delegate, answer)) user.onSettled()
    } catch (error) {
      user.onSettled()
      // A userSig that has come in the meantime is tried at once.
      if (user.credentials === credentials) pause(user, error)
      if (user === wanted) events.emit(EVENT.ERROR, error as never)
    }
  }

  /** A refused userSig stays refused, so only the app's next login tries again. */
  function pause(user: Wanted, error: unknown): void {
    user.isPausing = true
    if (user !== wanted || needsUserSig(error)) return
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** user.failures++)
    stopTimer = setTimer(() => {
      user.isPausing = false
      void settle()
    }, pauseMs)
  }

  const handlers = new Map<string, (event: never) => void>([
    ...passed.map((name): [string, (event: never) => void] => [
      name,
      ({ data }: { data: never }) => events.emit(name, data)
    ]),
    [
      EVENT.MESSAGE_RECEIVED,
      ({ data }: { data: TimMessage[] }) => {
        const messages = data.filter(({ type }) => !aboutGroups.has(type))
        if (messages.length > 0) events.emit(EVENT.MESSAGE_RECEIVED, messages)
      }
    ],
    [
      EVENT.ERROR,
      ({ data }: { data: never }) => {
        // After SDK_NOT_READY there is no session that the error could concern.
        if (wanted) events.emit(EVENT.ERROR, data)
      }
    ],
    [EVENT.SDK_READY, () => attempted?.onSettled()],
    [
      EVENT.KICKED_OUT,
      ({ data }: { data: { type: string } }) => {
        loggedIn = undefined
        onKickedOut(data)
      }
    ]
  ])
  for (const [name, handler] of handlers) delegate.on(name, handler)

  return {
    /**
     * Logs in while `online$`, and tries again after pauses. Resolves when the delegate is ready,
     * or has failed once.
     */
    login(online$: Observable<boolean>, credentials: Credentials): Promise<void> {
      return new Promise(onSettled => {
        const user = { credentials, isOnline: false, failures: 0, isPausing: false, onSettled }
        wanted = user
        watch = online$.subscribe(isOnline => {
          user.isOnline = isOnline
          void settle()
        })
      })
    },
    /** The user has logged in once more, perhaps with another userSig. */
    retry(credentials: Credentials): void {
      if (!wanted) return
      stopTimer?.()
      Object.assign(wanted, { credentials, isPausing: false })
      void settle()
    },
    /** Resolves when the delegate is logged out. Without its answer in time, that happens later. */
    async logout(): Promise<void> {
      watch?.unsubscribe()
      stopTimer?.()
      wanted = undefined
      await bound(settle(), logoutWithinMs, () => undefined)
    },
    end(): void {
      for (const [name, handler] of handlers) delegate.off(name, handler)
    }
  }
}

const passed: readonly TimEventName[] = otherEvents
const aboutGroups: ReadonlySet<string> = new Set([TYPES.MSG_GRP_TIP, TYPES.MSG_GRP_SYS_NOTICE])
