/** Answers of Tencent's SDK. Its versions differ, so each answer may lack a part. */

import { isLoginError, type GroupError } from '../kernel/errors.ts'
import { fieldOf } from './field.ts'

/** Whether somebody was logged in already: then a login has no effect, even for another user. */
export const repeatsLogin = (answer: unknown): boolean =>
  fieldOf(fieldOf(answer, 'data'), 'repeatLogin') === true

/** The logged-in user. `undefined`: this version does not say. */
export const userOf = (delegate: object): unknown => ask(delegate, 'getLoginUser')

/** After a login with this answer. A version that does not say is ready if it was logged in before. */
export const isReady = (delegate: object, answer: unknown): boolean =>
  ask(delegate, 'isReady') === true ||
  (repeatsLogin(answer) && ask(delegate, 'isReady') === undefined)

/** Whether the service refuses the userSig. */
export const needsUserSig = (error: unknown): boolean => isLoginError(error as GroupError)

/** `undefined` also if the delegate, of any version, has no such call. */
export function ask(delegate: object | undefined, name: string, ...args: unknown[]): unknown {
  const call = fieldOf(delegate, name)
  return typeof call === 'function' ? Reflect.apply(call, delegate, args) : undefined
}
