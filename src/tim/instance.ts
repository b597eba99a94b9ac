/** One instance of Tencent's API: login, logout, events, and the calls of the current session. */

import type { Subscription } from 'rxjs'
import { openGroupStore, type GroupStoreOptions } from '../create-group-store.ts'
import { bound } from '../client/bound.ts'
import type { GroupStore, Undelivered } from '../client/group-store.ts'
import { wrongOption } from '../client/options.ts'
import { describe } from '../kernel/error-texts.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { Tim } from './api.ts'
import { createCalls } from './calls.ts'
import { admit, watchStatus } from './connection.ts'
import { EVENT, TYPES } from './constants.ts'
import { createDelivery } from './delivery.ts'
import { createEvents } from './events.ts'
import { answerWithinMs, attempt, errorOf, inTime, strict } from './guard.ts'
import { ownError, respond, type IMResponse } from './im-error.ts'
import { createLive } from './live.ts'
import { failure, type Session } from './perform.ts'
import { createVerdicts } from './verdicts.ts'

/** The options of `TIM.create`. */
export type TimOptions = {
  /** The number of the app. There is one instance per app. */
  readonly SDKAppID: number
  /** The address of the sync server, as in `createGroupStore`. */
  readonly url: string
  /** As in `createGroupStore`. */
  readonly worker?: GroupStoreOptions['worker']
  /** Calls with wrong parameters throw at once, as in SDK 2.x. Default: they reject with 10004. */
  readonly strict2x?: boolean
}

type OpenSession = Session & {
  readonly store: GroupStore & Undelivered
  readonly watches: readonly Pick<Subscription, 'unsubscribe'>[]
}

export function createTim(
  { SDKAppID, url, worker, strict2x = false }: TimOptions,
  forget: () => void
): Tim {
  const events = createEvents(reportError)
  let session: OpenSession | undefined
  let loggingIn: AbortController | undefined

  async function login(credentials: { userID: string; userSig: string }) {
    const { userID, userSig } = Object(credentials) as typeof credentials
    if (!userID) throw failure(ownError('NoUserID'))
    if (!userSig) throw failure(ownError('NoUserSig'))
    const location = { url, userID, token: userSig, ...(worker !== undefined && { worker }) }
    const wrong = wrongOption(location)
    if (wrong) throw failure(describe(wrong))
    if (loggingIn) throw failure(ownError('LoginRunning'))
    if (session && session.userID !== userID)
      throw failure(ownError('LoggedInAsOther', session.userID))
    if (session)
      return respond({
        ...loggedIn,
        errorInfo: `${userID} is logged in already`,
        repeatLogin: true
      })
    const current = (loggingIn = new AbortController())
    try {
      const store = openGroupStore(location, { keepUndelivered: true })
      const admission = await bound(admit(store).catch(errorOf), answerWithinMs, () =>
        ownError('StorageFailed', 'no answer')
      )
      // `logout` may have been called in between.
      const refused = current.signal.aborted ? ownError('NotReady', 'login') : admission
      if (refused) {
        await store.close()
        throw failure(refused)
      }
      // Login resolves before the events of the session.
      void Promise.resolve().then(() => openSession(store, userID))
      return respond({ ...loggedIn, errorInfo: '' })
    } finally {
      loggingIn = undefined
    }
  }

  function openSession(store: GroupStore & Undelivered, userID: string): void {
    const live = createLive(store, userID, list => events.emit(EVENT.GROUP_LIST_UPDATED, list))
    const verdicts = createVerdicts(store, events)
    const watches: Pick<Subscription, 'unsubscribe'>[] = [verdicts]
    const opened = { userID, store, live, verdicts, watches }
    session = opened
    events.emit(EVENT.SDK_READY, undefined)
    // A handler may have logged out.
    if (session !== opened) return
    watches.push(store.undelivered$.subscribe(createDelivery(opened, events)))
    watches.push(watchStatus(store, events, error => void expire(opened, error)))
  }

  /** Ends the session, because the app needs another userSig and has to log in with it. */
  async function expire(refused: OpenSession, error: GroupError): Promise<void> {
    // The status may arrive while the session is being opened.
    await Promise.resolve()
    if (session !== refused) return
    if (error.reason !== 'TokenExpired') events.emit(EVENT.ERROR, failure(error))
    events.emit(EVENT.KICKED_OUT, { type: TYPES.KICKED_OUT_USERSIG_EXPIRED })
    await logout()
  }

  async function logout(): Promise<IMResponse<Record<string, never>>> {
    const ended = session
    session = undefined
    loggingIn?.abort()
    if (ended) {
      events.emit(EVENT.SDK_NOT_READY, undefined)
      ended.live.end()
      for (const watch of ended.watches) watch.unsubscribe()
      await ended.store.logout({ pending: 'keep' })
    }
    return respond({})
  }

  /** Without a session, every call fails with 2999. */
  function ready(api: string): Session {
    if (session) return session
    const error = failure(ownError('NotReady', api))
    events.emit(EVENT.ERROR, error)
    throw error
  }

  const calls = inTime(createCalls(ready, () => session !== undefined))
  return {
    login: credentials => attempt('login', () => login(credentials)),
    logout,
    async destroy() {
      await logout()
      forget()
      events.emit(EVENT.SDK_DESTROY, { SDKAppID })
    },
    on(name, handler, context) {
      events.on(name, handler, context)
      session?.verdicts.report()
    },
    once(name, handler, context) {
      events.once(name, handler, context)
      session?.verdicts.report()
    },
    off: events.off,
    setLogLevel: () => undefined,
    ...(strict2x ? strict(calls) : calls)
  }
}

const loggedIn = { actionStatus: 'OK', errorCode: 0, tinyID: '', a2Key: '' } as const

function reportError(error: unknown): void {
  // A handler of the app has failed: only its author can repair it.
  console.error(error)
}
