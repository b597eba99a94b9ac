/**
 * Tencent IM's group API on an offline-first store. The same calls, arguments, results, codes and events; what is
 * different is said in the README beside this file.
 */

import { filter, firstValueFrom, type Subscription } from 'rxjs'
import { openGroupStore, type GroupStoreOptions } from '../create-group-store.ts'
import { bound } from '../client/bound.ts'
import { wrongOption } from '../client/options.ts'
import type { Undelivered, GroupStore } from '../client/group-store.ts'
import type { UndeliveredEvent, Status } from '../engine/api.ts'
import { describe } from '../kernel/error-texts.ts'
import { errors, isLoginError, type GroupError } from '../kernel/errors.ts'
import { noticeTypes } from '../kernel/notices.ts'
import type { Tim } from './api.ts'
import { createCalls, failure, type Session } from './calls.ts'
import { EVENT, TYPES } from './constants.ts'
import { createEvents, type Events } from './events.ts'
import { ownError, respond, type IMResponse } from './im-error.ts'
import { createLive } from './live.ts'
import { answerWithinMs, attempt, errorOf, inTime, strict } from './guard.ts'
import { noticeMessage, tipMessage } from './message.ts'
import { createVerdicts } from './verdicts.ts'

export type { Tim, TimApplicationPayload, TimGroupResponse, TimMemberResponse } from './api.ts'
export type { TimGroup, TimGroupMember } from './shapes.ts'
export type {
  GroupSystemNoticePayload,
  GroupTipPayload,
  TimGroupProfile,
  TimMessage
} from './message.ts'
export type { TimEventName } from './constants.ts'
export type { TimEventData, TimHandler } from './events.ts'
export { IMError, type IMResponse } from './im-error.ts'

export type TimOptions = {
  readonly SDKAppID: number
  /** The sync server. */
  readonly url: string
  /** As in `createGroupStore`. */
  readonly worker?: GroupStoreOptions['worker']
  /** Fails as SDK 2.x does: a call with wrong parameters throws at once, instead of rejecting with 10004. */
  readonly strict2x?: boolean
}

const instances = new Map<number, Tim>()

/**
 * The instance for an app, always the same for one `SDKAppID`.
 *
 * @example
 * const tim = TIM.create({ SDKAppID: 1400000000, url })
 */
function create(options: TimOptions): Tim {
  // JavaScript may pass nothing. Then the login says what is missing.
  const { SDKAppID } = Object(options) as TimOptions
  const known = instances.get(SDKAppID)
  if (known) return known
  const tim = createTim(Object(options) as TimOptions, () => instances.delete(SDKAppID))
  instances.set(SDKAppID, tim)
  return tim
}

const TIM = { create, TYPES, EVENT }
export default TIM

type OpenSession = Session & {
  readonly store: GroupStore & Undelivered
  readonly watches: readonly Pick<Subscription, 'unsubscribe'>[]
}

function createTim(
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
      const admission = await bound(admitted(store).catch(errorOf), answerWithinMs, () =>
        ownError('StorageFailed', 'no answer')
      )
      // `logout` may have been called meanwhile.
      const refused = current.signal.aborted ? ownError('NotReady', 'login') : admission
      if (refused) {
        await store.close()
        throw failure(refused)
      }
      // Login resolves first; then the app hears of its groups, and that it may begin.
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

  /** Only another userSig helps, and that takes another login. */
  async function expire(refused: OpenSession, error: GroupError): Promise<void> {
    // The status may tell so while the session is being opened.
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

  /** The session, or the refusal that every call gets without one. */
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
      session?.verdicts.tell()
    },
    once(name, handler, context) {
      events.once(name, handler, context)
      session?.verdicts.tell()
    },
    off: events.off,
    setLogLevel: () => undefined,
    ...(strict2x ? strict(calls) : calls)
  }
}

/** Tells the app of tips and notices, each once and after what it speaks of is in place. */
function createDelivery({ userID, store, live }: OpenSession, events: Events) {
  let last = -1
  return (undelivered: readonly UndeliveredEvent[]): void => {
    const fresh = undelivered.filter(({ number }) => number > last)
    for (const arrival of fresh) {
      last = arrival.number
      if (arrival.kind === 'notice') {
        const message = noticeMessage(arrival.notice, userID)
        const type = arrival.notice.operationType
        // The creator of a group learns nothing by hearing of it.
        if (type !== noticeTypes.created)
          events.emit(EVENT.GROUP_SYSTEM_NOTICE_RECEIVED, { type, message })
        events.emit(EVENT.MESSAGE_RECEIVED, [message])
      } else {
        const group = live.known(arrival.tip.groupID)
        if (group?.selfInfo.messageRemindType === TYPES.MSG_REMIND_DISCARD) continue
        events.emit(EVENT.MESSAGE_RECEIVED, [
          tipMessage(arrival.tip, { userID, groupName: group?.name ?? '' })
        ])
      }
    }
    if (fresh.length > 0) void store.delivered(last)
  }
}

function watchStatus(
  store: GroupStore,
  events: Events,
  onRefused: (error: GroupError) => void
): Subscription {
  let state: string | undefined
  return store.status$.subscribe(({ connection, lastError }) => {
    const next = netStates[connection]
    if (state !== undefined && state !== next) events.emit(EVENT.NET_STATE_CHANGE, { state: next })
    state = next
    if (lastError && isLoginError(lastError)) onRefused(lastError)
  })
}

const loggedIn = { actionStatus: 'OK', errorCode: 0, tinyID: '', a2Key: '' } as const

const netStates: Record<Status['connection'], string> = {
  online: TYPES.NET_STATE_CONNECTED,
  connecting: TYPES.NET_STATE_CONNECTING,
  offline: TYPES.NET_STATE_DISCONNECTED
}

/** Resolves when the user may come in: with the refusal when there is one. Who has been here before need not wait for the server. */
async function admitted(store: GroupStore): Promise<GroupError | undefined> {
  const here = firstValueFrom(store.groups$).then(({ rows }) =>
    rows.length > 0 ? undefined : decided
  )
  const decided = firstValueFrom(
    store.status$.pipe(
      filter(({ connection, lastError }) => connection !== 'connecting' || lastError !== null)
    )
  )
  const error = (await Promise.race([decided, here]))?.lastError
  return error && isFatal(error) ? error : undefined
}

const isFatal = (error: GroupError) =>
  isLoginError(error) ||
  error.code === errors.StorageFailed.code ||
  error.code === errors.WorkerFailed.code

function reportError(error: unknown): void {
  // An app's own mistake in a handler: the app's console is where its author looks.
  console.error(error)
}
