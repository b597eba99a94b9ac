/** Logged-in TIM instances, for tests in the browser. */

import { inject, onTestFinished } from 'vitest'
import type { Args, OperationName } from 'offline-groups'
import TIM, { type IMError, type Tim } from 'offline-groups/tim'
import { fresh, openStore, taken, tokenFor, type WhenDone } from './connect.ts'

let appID = 1

export const createTim = (url = inject('url')): Tim => TIM.create({ SDKAppID: appID++, url })

/** A logged-in instance, and the events it has sent. */
export async function login(
  userID = fresh('user'),
  url = inject('url'),
  whenDone: WhenDone = onTestFinished
): Promise<{ tim: Tim; userID: string; events: string[] }> {
  const tim = createTim(url)
  whenDone(() => tim.destroy())
  const events: string[] = []
  for (const name of Object.values(TIM.EVENT)) tim.on(name, event => events.push(event.name))
  const isReady = new Promise(resolve => tim.once(TIM.EVENT.SDK_READY, resolve))
  await tim.login({ userID, userSig: await tokenFor(userID) })
  await isReady
  return { tim, userID, events }
}

/** Applies operations as another user on another device. Each resolves with its verdict. */
export async function elsewhere(userID: string, whenDone?: WhenDone) {
  const store = await openStore(userID, {}, whenDone)
  return async <N extends OperationName>(name: N, args: Args<N>) => {
    const { opID } = taken(await store.apply(name, args))
    return store.settled(opID)
  }
}

export const rejection = (call: Promise<unknown>): Promise<IMError> =>
  call.then(
    () => Promise.reject(new Error('it was not rejected')),
    (error: IMError) => error
  )
