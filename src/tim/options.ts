/** The options of `TIM.create`. Several parts of an app may create the instance. */

import type { TimDelegate } from './delegate.ts'
import { fieldOf } from './field.ts'
import { ownError } from './im-error.ts'
import { failure } from './perform.ts'

/** The options of `TIM.create`. */
export type TimOptions = {
  /** The number of the app. There is one instance per app. */
  readonly SDKAppID: number
  /** The address of the sync server, as in `createGroupStore`. */
  readonly url: string
  /** As in `createGroupStore`. */
  readonly worker?: Worker | (() => Worker) | false
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

const names = ['url', 'worker', 'strict2x', 'delegate'] as const

/** The options of an instance after a later `create`. Throws if one differs from the former. */
export function adopt(known: Partial<TimOptions>, more: Partial<TimOptions>): Partial<TimOptions> {
  const conflict = names.find(name => differs(known[name], more[name]))
  if (conflict) throw wrong(`${conflict} differs from the option of the existing instance`)
  const { delegate } = more
  const methods = ['login', 'logout', 'on', 'off'] as const
  if (delegate !== undefined && methods.some(name => typeof fieldOf(delegate, name) !== 'function'))
    throw wrong("delegate: must be an instance of Tencent's SDK")
  const given = names.filter(name => more[name] !== undefined)
  return { ...known, ...Object.fromEntries(given.map(name => [name, more[name]])) }
}

/** Of two functions that make workers, the first one is as good as the second. */
const differs = (known: unknown, more: unknown): boolean =>
  known !== undefined &&
  more !== undefined &&
  known !== more &&
  !(typeof known === 'function' && typeof more === 'function')

export const wrong = (detail: string) => failure(ownError('IllegalArgument', detail), 'create')
