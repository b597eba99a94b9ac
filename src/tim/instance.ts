/** One instance of Tencent's API: login, logout, events, and the calls of the current session. */

import { openGroupStore, type GroupStoreOptions } from '../create-group-store.ts'
import { wrongOption } from '../client/options.ts'
import { describe } from '../kernel/error-texts.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { Tim } from './api.ts'
import { createCalls } from './calls.ts'
import { admit } from './connection.ts'
import { EVENT, TYPES } from './constants.ts'
import { createDelegate, type TimDelegate } from './delegate.ts'
import { createEvents } from './events.ts'
import { answerWithinMs, attempt, errorOf, inTime, strict } from './guard.ts'
import { ownError, respond, type IMResponse } from './im-error.ts'
import { createOtherCalls, withConversations } from './other-calls.ts'
import { failure, type Session } from './perform.ts'
import { createSdkCalls } from './sdk-calls.ts'
import { startLogin, type Login } from './session.ts'

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
  /**
   * An instance of Tencent's SDK for all that is not about groups: messages, conversations,
   * profiles and friends. Login and logout go to both.
   *
   * @example
   * const both = TIM.create({ SDKAppID: 1400000001, url, delegate: tencent })
   */
  readonly delegate?: TimDelegate
}

export function createTim(
  { SDKAppID, url, worker, strict2x = false, delegate }: TimOptions,
  forget: () => void
): Tim {
  const events = createEvents(reportError)
  const beside = delegate && createDelegate(delegate, events)
  let current: Login | undefined
  let loggingIn: AbortController | undefined

  async function login(credentials: { userID: string; userSig: string }) {
    const { userID, userSig } = Object(credentials) as typeof credentials
    if (!userID) throw failure(ownError('NoUserID'))
    if (!userSig) throw failure(ownError('NoUserSig'))
    const location = { url, userID, token: userSig, ...(worker !== undefined && { worker }) }
    const wrong = wrongOption(location)
    if (wrong) throw failure(describe(wrong))
    if (loggingIn) throw failure(ownError('LoginRunning'))
    if (current && current.userID !== userID)
      throw failure(ownError('LoggedInAsOther', current.userID))
    if (current)
      return respond({
        ...loggedIn,
        errorInfo: `${userID} is logged in already`,
        repeatLogin: true
      })
    const attempted = (loggingIn = new AbortController())
    try {
      const store = openGroupStore(location, { keepUndelivered: true })
      // A worker that the app has made is the only one.
      const isReplaced = typeof worker !== 'object'
      const admission = await admit(store, { isReplaced, limitMs: answerWithinMs }).catch(errorOf)
      // `logout` may have been called in between.
      const refused = attempted.signal.aborted ? ownError('NotReady', 'login') : admission
      if (refused) {
        await store.close()
        throw failure(refused)
      }
      const started = startLogin({
        store,
        userID,
        events,
        alsoReady: beside?.login(store, { userID, userSig }) ?? Promise.resolve(),
        onRefused: error => void expire(started, error)
      })
      current = started
      return respond({ ...loggedIn, errorInfo: '' })
    } finally {
      loggingIn = undefined
    }
  }

  /** Ends the session, because the app needs another userSig and has to log in with it. */
  async function expire(refused: Login, error: GroupError): Promise<void> {
    // The status may arrive while the session is being opened.
    await Promise.resolve()
    if (current !== refused) return
    if (error.reason !== 'TokenExpired') events.emit(EVENT.ERROR, failure(error))
    events.emit(EVENT.KICKED_OUT, { type: TYPES.KICKED_OUT_USERSIG_EXPIRED })
    await logout()
  }

  async function logout(): Promise<IMResponse<Record<string, never>>> {
    const ended = current
    current = undefined
    loggingIn?.abort()
    if (ended) {
      events.emit(EVENT.SDK_NOT_READY, undefined)
      await Promise.all([ended.end(), beside?.logout()])
    }
    return respond({})
  }

  /** Without a session, every call fails with 2999. */
  function ready(api: string): Session {
    const session = current?.session()
    if (session) return session
    const error = failure(ownError('NotReady', api))
    events.emit(EVENT.ERROR, error)
    throw error
  }

  const calls = inTime(
    withConversations(
      createCalls(ready, () => current !== undefined),
      delegate
    ),
    () => current?.opening()
  )
  return {
    login: credentials => attempt('login', () => login(credentials)),
    logout,
    async destroy() {
      await logout()
      beside?.end()
      forget()
      events.emit(EVENT.SDK_DESTROY, { SDKAppID })
    },
    on(name, handler, context) {
      events.on(name, handler, context)
      current?.session()?.verdicts.report()
    },
    once(name, handler, context) {
      events.once(name, handler, context)
      current?.session()?.verdicts.report()
    },
    off: events.off,
    ...createSdkCalls(() => current, delegate),
    ...createOtherCalls(delegate),
    ...(strict2x ? strict(calls) : calls)
  }
}

const loggedIn = { actionStatus: 'OK', errorCode: 0, tinyID: '', a2Key: '' } as const

function reportError(error: unknown): void {
  // A handler of the app has failed: only its author can repair it.
  console.error(error)
}
