/** Login and logout of an instance: one user at a time. */

import { map } from 'rxjs'
import type { GroupStore, Undelivered } from '../client/group-store.ts'
import { wrongOption } from '../client/options.ts'
import { describe } from '../kernel/error-texts.ts'
import type { GroupError } from '../kernel/errors.ts'
import { admit } from './connection.ts'
import { EVENT, TYPES } from './constants.ts'
import type { Delegate } from './delegate.ts'
import type { Events } from './events.ts'
import { answerWithinMs, errorOf } from './guard.ts'
import { ownError, respond, type IMResponse } from './im-error.ts'
import type { TimOptions } from './options.ts'
import { failure } from './perform.ts'
import { startLogin, type Login } from './session.ts'

type Credentials = { userID: string; userSig: string }

type StartWorker = { readonly worker?: NonNullable<TimOptions['worker']> }
/** Opens a store that keeps tips and notices until they are delivered. */
export type OpenStore = (
  options: { readonly url: string; readonly userID: string; readonly token: string } & StartWorker,
  kept: { readonly keepUndelivered: true }
) => GroupStore & Undelivered

export type Account = ReturnType<typeof createAccount>

export function createAccount(
  open: OpenStore,
  events: Events,
  options: () => Partial<TimOptions>,
  beside: () => Delegate | undefined,
  /** The end of the former instance of the app, which may have had a session of the same user. */
  formerEnded: Promise<unknown>
) {
  let current: Login | undefined
  let loggingIn: LoggingIn | undefined
  /** Of the current session, for a delegate that comes during it. */
  let delegateLogin: Parameters<Delegate['login']> | undefined
  /** The next login waits for it, so that the former session has stored what it has delivered. */
  let ending = formerEnded
  /** The end of the last session with its events. A second logout resolves with it. */
  let loggedOut: Promise<void> = Promise.resolve()

  async function login(credentials: Credentials) {
    const { userID, userSig } = Object(credentials) as Credentials
    if (!userID) throw failure(ownError('NoUserID'))
    if (!userSig) throw failure(ownError('NoUserSig'))
    const { url = '', worker } = options()
    const location = { url, userID, token: userSig, ...(worker !== undefined && { worker }) }
    const wrong = wrongOption(location)
    if (wrong) throw failure(describe(wrong))
    if (loggingIn) throw failure(ownError('LoginRunning'))
    if (current && current.userID !== userID)
      throw failure(ownError('LoggedInAsOther', current.userID))
    if (current) {
      if (delegateLogin) delegateLogin = [delegateLogin[0], { userID, userSig }]
      beside()?.retry({ userID, userSig })
      const errorInfo = `${userID} is logged in already`
      return respond({ ...loggedIn, errorInfo, repeatLogin: true })
    }
    const attempt = (loggingIn = createLoggingIn())
    try {
      await Promise.race([ending, attempt.loggedOut])
      if (attempt.isLoggedOut()) throw failure(ownError('NotReady', 'login'))
      const store = open(location, { keepUndelivered: true })
      // A worker that the app has made is the only one.
      const isReplaced = typeof worker !== 'object'
      const admission = admit(store, { isReplaced, limitMs: answerWithinMs }).catch(errorOf)
      const answer = await Promise.race([admission, attempt.loggedOut])
      const refused = attempt.isLoggedOut() ? ownError('NotReady', 'login') : answer
      if (refused) {
        // The answer does not wait: a worker that hangs never closes the store.
        void store.close()
        throw failure(refused)
      }
      const online$ = store.status$.pipe(map(({ connection }) => connection === 'online'))
      delegateLogin = [online$, { userID, userSig }]
      const started = startLogin({
        store,
        userID,
        events,
        alsoReady: beside()?.login(...delegateLogin) ?? Promise.resolve(),
        onRefused: error => void expire(started, error),
        onEnded() {
          if (current === started) void end(notReady)
        }
      })
      current = started
      return respond({ ...loggedIn, errorInfo: '' })
    } finally {
      if (loggingIn === attempt) loggingIn = undefined
    }
  }

  /** Ends the session, because the app needs another userSig and has to log in with it. */
  async function expire(refused: Login, error: GroupError): Promise<void> {
    // The status may arrive while the session is being opened.
    await Promise.resolve()
    if (current !== refused) return
    if (error.reason !== 'TokenExpired') events.emit(EVENT.ERROR, failure(error))
    // A handler may have logged out.
    if (current === refused) kick({ type: TYPES.KICKED_OUT_USERSIG_EXPIRED })
  }

  /**
   * Ends the session before the events: a handler may log in again at once. No `ERROR` event comes
   * after them.
   */
  function end(emit: () => void): Promise<void> {
    const session = current
    current = undefined
    delegateLogin = undefined
    if (session) loggedOut = endSession(session, emit)
    return loggedOut
  }

  async function endSession(session: Login, emit: () => void): Promise<void> {
    const { reports, ended } = session.end()
    ending = ended
    const both = Promise.all([ended, beside()?.logout()])
    if (reports) await reports
    emit()
    await both
  }

  const notReady = () => events.emit(EVENT.SDK_NOT_READY, undefined)

  function kick(data: { type: string }): void {
    void end(() => {
      events.emit(EVENT.KICKED_OUT, data)
      notReady()
    })
  }

  return {
    login,
    kick,
    current: () => current,
    /** The app has added a delegate, perhaps during a session. */
    logInDelegate(): void {
      if (delegateLogin) void beside()?.login(...delegateLogin)
    },
    async logout(): Promise<IMResponse<Record<string, never>>> {
      loggingIn?.logOut()
      loggingIn = undefined
      await end(notReady)
      return respond({})
    }
  }
}

type LoggingIn = ReturnType<typeof createLoggingIn>

/** A login without an answer, which a logout ends. */
function createLoggingIn() {
  let isLoggedOut = false
  let resolve: () => void
  const loggedOut = new Promise<undefined>(end => (resolve = () => end(undefined)))
  return {
    isLoggedOut: () => isLoggedOut,
    loggedOut,
    logOut(): void {
      isLoggedOut = true
      resolve()
    }
  }
}

const loggedIn = { actionStatus: 'OK', errorCode: 0, tinyID: '', a2Key: '' } as const
