/** Answers of Tencent's SDK. Its versions differ, so each answer may lack a part. */

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

/** Other codes of a login, for example of too many logins or a busy server, pass with time. */
const userSigCodes: readonly unknown[] = [
  70001, 70002, 70003, 70004, 70005, 70009, 70013, 70014, 70016, 70020, 70051, 70052
]

/** Whether the service refuses the userSig. */
export const needsUserSig = (error: unknown): boolean =>
  userSigCodes.includes(fieldOf(error, 'code'))

/** As `ask`, of a call that returns a promise. It rejects also if the delegate throws. */
export function askLater(
  delegate: object | undefined,
  name: string,
  ...args: unknown[]
): Promise<unknown> | undefined {
  const has = typeof fieldOf(delegate, name) === 'function'
  return has ? Promise.resolve().then(() => ask(delegate, name, ...args)) : undefined
}

/** `undefined` also if the delegate, of any version, has no such call. */
export function ask(delegate: object | undefined, name: string, ...args: unknown[]): unknown {
  const call = fieldOf(delegate, name)
  return typeof call === 'function' ? Reflect.apply(call, delegate, args) : undefined
}
