/**
 * A login from its answer until logout. The order is that of Tencent's SDK: login resolves, then
 * GROUP_LIST_UPDATED, then SDK_READY.
 *
 * Why SDK_READY waits for the list: on a new device, an app that asks for the list at once would
 * show "no groups". Without a network, or after 5 s, the groups on the device count. With a network,
 * it also waits up to 30 s for a delegate, because an app then asks that for conversations.
 */

import { filter, firstValueFrom, from, race, switchMap, take, type Subscription } from 'rxjs'
import { bound } from '../client/bound.ts'
import type { GroupStore, Undelivered } from '../client/group-store.ts'
import { setTimer } from '../host/timer.ts'
import type { GroupError } from '../kernel/errors.ts'
import { watchStatus } from './connection.ts'
import { EVENT } from './constants.ts'
import { createDelivery } from './delivery.ts'
import { watchEntries } from './entry-events.ts'
import type { Events } from './events.ts'
import { createLive } from './live.ts'
import type { Session } from './perform.ts'
import type { TimGroup } from './shapes.ts'
import { createVerdicts } from './verdicts.ts'

const listWithinMs = 5_000
const delegateWithinMs = 30_000

export type Login = ReturnType<typeof startLogin>

type LoginOptions = {
  readonly store: GroupStore & Undelivered
  readonly userID: string
  readonly events: Events
  /** SDK_READY waits also for this, but not without a network. */
  readonly alsoReady: Promise<unknown>
  /** The server refuses the userSig. */
  onRefused(error: GroupError): void
  /** The store has ended by itself: another tab has logged out the user. */
  onEnded(): void
}

export function startLogin(options: LoginOptions) {
  const { store, userID, events, alsoReady, onRefused, onEnded } = options
  const watches: Pick<Subscription, 'unsubscribe'>[] = []
  let hasEnded = false
  const isOver = () => hasEnded
  let session: Session | undefined
  let clockOffsetMs = 0
  watches.push(store.status$.subscribe(status => (clockOffsetMs = status.clockOffsetMs)))

  async function open(): Promise<void> {
    await nextTask()
    watches.push(store.status$.subscribe({ complete: onEnded }))
    if (isOver()) return
    const emitList = (list: TimGroup[]) => events.emit(EVENT.GROUP_LIST_UPDATED, list)
    const live = createLive(store, userID, emitList)
    watches.push({ unsubscribe: live.end })
    // A handler of the first list may have logged out, before the line above.
    if (isOver()) return live.end()
    await bound(arrived(store, alsoReady), listWithinMs, () => undefined)
    const restMs = delegateWithinMs - listWithinMs
    await bound(whileOnline(store, alsoReady), restMs, () => undefined)
    if (isOver()) return
    if (live.list().length === 0) emitList([])
    // Each handler may log out.
    if (isOver()) return
    const verdicts = createVerdicts(store, events)
    session = { userID, store, live, verdicts }
    events.emit(EVENT.SDK_READY, undefined)
    if (isOver()) return
    watches.push(
      store.undelivered$.subscribe(createDelivery({ userID, store, live, isOver }, events))
    )
    watches.push(watchEntries(store, events, isOver))
    watches.push(watchStatus(store, events, onRefused))
  }
  const opening = open()

  return {
    userID,
    /** The server's clock minus this device's. */
    clockOffsetMs: () => clockOffsetMs,
    /** `undefined` before SDK_READY and after logout. */
    session: () => session,
    /** A call before SDK_READY waits for it. `undefined`: there is nothing to wait for. */
    opening: () => (session || isOver() ? undefined : opening),
    /** `reports`: the last `ERROR` events come before it resolves. `undefined`: there are none. */
    end(): { readonly reports: Promise<unknown> | undefined; readonly ended: Promise<unknown> } {
      hasEnded = true
      const reports = session?.verdicts.end()
      session = undefined
      for (const watch of watches) watch.unsubscribe()
      // A delivery whose handler has logged out first stores how far it came.
      const ended = Promise.resolve(reports).then(() => store.logout({ pending: 'keep' }))
      return { reports, ended }
    }
  }
}

/** Resolves when the list of groups is complete and `alsoReady`, or without a network. */
const arrived = (store: GroupStore, alsoReady: Promise<unknown>): Promise<unknown> =>
  firstValueFrom(
    race(
      store.groups$.pipe(
        filter(({ complete }) => complete),
        take(1),
        switchMap(() => alsoReady)
      ),
      store.status$.pipe(filter(({ connection }) => connection === 'offline'))
    ),
    { defaultValue: undefined }
    // Expected: storage has failed. Each call then says so.
  ).catch(() => undefined)

/** Resolves with `alsoReady`, or at once unless there is a network. */
const whileOnline = (store: GroupStore, alsoReady: Promise<unknown>): Promise<unknown> =>
  firstValueFrom(
    race(from(alsoReady), store.status$.pipe(filter(({ connection }) => connection !== 'online'))),
    { defaultValue: undefined }
    // Expected: storage has failed, as above.
  ).catch(() => undefined)

const nextTask = () => new Promise<void>(resolve => setTimer(resolve, 0))
