/**
 * An instance of Tencent's SDK beside this one: it has messages, conversations and profiles, and
 * this package has the groups. Login and logout go to both, and its events come as they are. Its
 * own events about groups are left out, because this package sends them.
 */

import { distinctUntilChanged, filter, map, type Subscription } from 'rxjs'
import type { GroupStore } from '../client/group-store.ts'
import { EVENT, otherEvents, TYPES, type TimEventName } from './constants.ts'
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

export function createDelegate(delegate: TimDelegate, events: Events) {
  const passed: readonly TimEventName[] = [
    ...otherEvents,
    EVENT.MESSAGE_RECEIVED,
    EVENT.KICKED_OUT,
    EVENT.ERROR
  ]
  const pass = ({ name, data }: { name: TimEventName; data: unknown }): void => {
    if (name !== EVENT.MESSAGE_RECEIVED) return events.emit(name, data)
    const messages = (data as TimMessage[]).filter(({ type }) => !aboutGroups.has(type))
    if (messages.length > 0) events.emit(name, messages)
  }
  for (const name of passed) delegate.on(name, pass)

  let login: Subscription | undefined

  return {
    /**
     * Tries again at each connection, until Tencent's service has answered. Resolves when the
     * delegate is ready.
     */
    login(store: GroupStore, credentials: Credentials): Promise<void> {
      let isLoggedIn = false
      const online$ = store.status$.pipe(
        map(({ connection }) => connection === 'online'),
        distinctUntilChanged(),
        filter(isOnline => isOnline && !isLoggedIn)
      )
      login = online$.subscribe(() => {
        delegate.login({ ...credentials }).then(
          () => (isLoggedIn = true),
          (error: unknown) => events.emit(EVENT.ERROR, error as never)
        )
      })
      return new Promise(resolve => {
        const onReady = () => {
          delegate.off(EVENT.SDK_READY, onReady)
          resolve()
        }
        delegate.on(EVENT.SDK_READY, onReady)
      })
    },
    async logout(): Promise<void> {
      login?.unsubscribe()
      // Expected: the delegate was not logged in. Its error does not concern the groups.
      await delegate.logout().catch(() => undefined)
    },
    end(): void {
      for (const name of passed) delegate.off(name, pass)
    }
  }
}

const aboutGroups: ReadonlySet<string> = new Set([TYPES.MSG_GRP_TIP, TYPES.MSG_GRP_SYS_NOTICE])
