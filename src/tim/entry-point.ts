/** Tencent's entry point, over stores of any platform. */

import type { Tim } from './api.ts'
import type { OpenStore } from './account.ts'
import { EVENT, TSignaling, TYPES } from './constants.ts'
import type { TimDelegate } from './delegate.ts'
import { createInstance, type Instance } from './instance.ts'
import { wrong, type TimOptions } from './options.ts'
import type { TimOtherCalls } from './other-calls.ts'
import type { TimProfileCalls } from './profile-calls.ts'

/** The calls that a delegate answers. */
type Delegated = keyof TimOtherCalls | keyof TimProfileCalls

/** `open` opens the store of a user at login. */
export function createEntryPoint(open: OpenStore) {
  const instances = new Map<number, Instance>()
  /** The end of the last instance that was destroyed. */
  const ended = new Map<number, Promise<unknown>>()

  function make(SDKAppID: number): Instance {
    return createInstance({
      SDKAppID,
      openStore: open,
      formerEnded: ended.get(SDKAppID) ?? Promise.resolve(),
      forget(end) {
        instances.delete(SDKAppID)
        ended.set(SDKAppID, end)
      }
    })
  }

  /**
   * Returns the instance of an app: the same one for the same `SDKAppID`. A later call may add
   * options that the first one lacked. It throws an `IMError` 10004 if an option differs.
   *
   * @example
   * const tim = TIM.create({ SDKAppID: 1400000000, url })
   */
  function create<D extends TimDelegate = TimDelegate>(
    options: TimOptions & { readonly delegate: D }
  ): Omit<Tim, Delegated> & Omit<D, Exclude<keyof Tim, Delegated>>
  function create(options: TimOptions): Tim
  function create(options: TimOptions): Tim {
    // JavaScript can pass no options. Then the login reports the missing ones.
    const given = Object(options) as TimOptions
    const { delegate } = given
    const SDKAppID = numberOf(given.SDKAppID)
    if ([...instances.values()].some(({ tim }) => (tim as object) === delegate))
      throw wrong("delegate: must be an instance of Tencent's SDK, not of this package")
    const instance = instances.get(SDKAppID) ?? make(SDKAppID)
    instance.adopt(given)
    instances.set(SDKAppID, instance)
    return instance.tim
  }

  return {
    create,
    TYPES,
    EVENT,
    TSignaling,
    /** The version of Tencent's SDK whose names exist here. UI kits compare it. */
    VERSION: '2.27.6'
  }
}

/** As Tencent's SDK, apps may pass the number as text. */
const numberOf = (appID: unknown): number =>
  typeof appID === 'string' ? Number.parseInt(appID, 10) : (appID as number)
