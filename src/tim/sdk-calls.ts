/** The calls of Tencent's SDK about the instance itself. With a delegate, they concern it too. */

import { respond } from './im-error.ts'
import type { TimSession } from './session-api.ts'
import type { Login } from './session.ts'

type SdkCalls = Pick<
  TimSession,
  | 'isReady'
  | 'getLoginUser'
  | 'getServerTime'
  | 'registerPlugin'
  | 'setLogLevel'
  | 'callExperimentalAPI'
>

export const createSdkCalls = (
  login: () => Login | undefined,
  delegate: object | undefined
): SdkCalls => {
  /** `undefined` also if the delegate, of any version, has no such call. */
  const ask = (name: string, ...args: readonly unknown[]): unknown => {
    const call: unknown = delegate && Reflect.get(delegate, name)
    return typeof call === 'function' ? Reflect.apply(call, delegate, args) : undefined
  }
  return {
    isReady: () => login()?.session() !== undefined,
    getLoginUser: () => login()?.userID ?? '',
    getServerTime: () => Date.now() + (login()?.clockOffsetMs() ?? 0),
    registerPlugin: options => void ask('registerPlugin', options),
    setLogLevel: level => void ask('setLogLevel', level),
    callExperimentalAPI: (name, options) =>
      ask('callExperimentalAPI', name, options) ??
      // A UI kit asks which modules there are, and which abilities the app has bought.
      (name === 'canIUseModule' ? options === 'group-module' : Promise.resolve(respond({})))
  }
}
