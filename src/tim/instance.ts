/** One instance of Tencent's API: login, logout, events, and the calls of the current session. */

import { watchWorker, type Watchable } from '../client/failed-workers.ts'
import { createAccount, type Account, type OpenStore } from './account.ts'
import type { Tim } from './api.ts'
import { createCalls } from './calls.ts'
import { EVENT } from './constants.ts'
import { createDelegate, type Delegate } from './delegate.ts'
import { createEvents } from './events.ts'
import { fieldOf } from './field.ts'
import { attempt, inTime, strict } from './guard.ts'
import { ownError, type IMError } from './im-error.ts'
import { adopt, type TimOptions } from './options.ts'
import { createOtherCalls, withConversations } from './other-calls.ts'
import { failure, type Session } from './perform.ts'
import { createProfileCalls, orDelegate } from './profile-calls.ts'
import { createSdkCalls } from './sdk-calls.ts'

export type Instance = {
  readonly tim: Tim
  /** Another part of the app has called `TIM.create`, perhaps with options that the first lacked. */
  adopt(more: Partial<TimOptions>): void
}

type Given = {
  readonly SDKAppID: number
  readonly openStore: OpenStore
  /** The end of the former instance of the app. */
  readonly formerEnded: Promise<unknown>
  forget(ended: Promise<unknown>): void
}

export function createInstance({ SDKAppID, openStore, formerEnded, forget }: Given): Instance {
  const events = createEvents(reportError)
  let options: Partial<TimOptions> = {}
  let beside: Delegate | undefined
  const account: Account = createAccount(
    openStore,
    events,
    () => options,
    () => beside,
    formerEnded
  )
  const { current } = account
  const delegate = () => options.delegate

  /** Without a session, every call fails with 2999. */
  function ready(api: string): Session {
    const session = current()?.session()
    if (!session) throw failure(ownError('NotReady', api))
    return session
  }

  let destroyed: Promise<void> | undefined
  async function destroy(): Promise<void> {
    let resolve = () => {}
    // First, so that the app may create the next instance at once. Its login waits for this logout.
    forget(new Promise<void>(ended => (resolve = ended)))
    await account.logout().finally(() => resolve())
    beside?.end()
    events.emit(EVENT.SDK_DESTROY, { SDKAppID })
  }

  const opening = () => current()?.opening()
  const groupCalls = inTime(
    createCalls(ready, () => current() !== undefined),
    opening
  )
  const checkedCalls = strict(groupCalls, () => options.strict2x === true)
  const onDelegateError = (error: unknown) => {
    if (current()) events.emit(EVENT.ERROR, error as IMError)
  }
  const calls = withConversations(checkedCalls, delegate, onDelegateError)
  const profileCalls = inTime(createProfileCalls(ready, groupCalls), opening)
  const tim: Tim = {
    login: credentials => attempt('login', () => account.login(credentials)),
    logout: account.logout,
    async destroy() {
      await (destroyed ??= destroy())
      // The app may have logged in once more.
      await account.logout()
    },
    on(name, handler, context) {
      events.on(name, handler, context)
      current()?.session()?.verdicts.report()
    },
    once(name, handler, context) {
      events.once(name, handler, context)
      current()?.session()?.verdicts.report()
    },
    off: events.off,
    ...createSdkCalls(current, delegate),
    ...createOtherCalls(delegate),
    ...orDelegate(profileCalls, delegate),
    ...calls
  }
  return {
    tim,
    adopt(more) {
      options = adopt(options, more)
      const { worker } = options
      if (typeof fieldOf(worker, 'addEventListener') === 'function')
        watchWorker(worker as unknown as Watchable)
      if (!options.delegate || beside) return
      beside = createDelegate(options.delegate, events, data => {
        if (current()) account.kick(data)
        else events.emit(EVENT.KICKED_OUT, data)
      })
      account.logInDelegate()
    }
  }
}

function reportError(error: unknown): void {
  // A handler of the app has failed: only its author can repair it.
  console.error(error)
}
