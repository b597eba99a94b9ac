/** The calls of Tencent's SDK about the instance itself. With a delegate, they concern it too. */

import { ask } from './delegate-answers.ts'
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
  delegate: () => object | undefined
): SdkCalls => {
  return {
    isReady: () => login()?.session() !== undefined,
    getLoginUser: () => login()?.userID ?? '',
    getServerTime: () => Date.now() + (login()?.clockOffsetMs() ?? 0),
    registerPlugin: options => void ask(delegate(), 'registerPlugin', options),
    setLogLevel: level => void ask(delegate(), 'setLogLevel', level),
    callExperimentalAPI: (name, options) =>
      ask(delegate(), 'callExperimentalAPI', name, options) ??
      // A UI kit asks which modules there are, and which abilities the app has bought.
      (name === 'canIUseModule' ? String(options) === 'group-module' : Promise.resolve(respond({})))
  }
}
