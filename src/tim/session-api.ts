/** The calls of a TIM instance for login, logout and events. */

import type { TimEventName } from './constants.ts'
import type { TimHandler } from './events.ts'
import type { IMResponse } from './im-error.ts'

/** Login, logout and events of a TIM instance. */
export type TimSession = {
  /**
   * Opens the store of a user. Resolves when the local database is open. The first login of a user
   * on a device also waits for the first attempt to connect. `SDK_READY` follows. Rejects with 2002
   * or 2003 if an option is missing, 2025 while another login runs, 2026 while another user is
   * logged in, and 70001 to 70402 for a userSig that the server refuses.
   *
   * @example
   * await tim.login({ userID: 'ann', userSig })
   */
  login(options: { userID: string; userSig: string }): Promise<IMResponse<Record<string, unknown>>>
  /**
   * Closes the store. Pending operations are kept, and sent after the next login.
   *
   * @example
   * await tim.logout()
   */
  logout(): Promise<IMResponse<Record<string, never>>>
  /**
   * Forgets the instance and logs out. A later `TIM.create` makes another one, also before this
   * call has resolved.
   *
   * @example
   * await tim.destroy()
   */
  destroy(): Promise<void>
  /**
   * Calls `handler` at each event of that name, with `context` as `this`.
   *
   * @example
   * tim.on(TIM.EVENT.GROUP_LIST_UPDATED, event => console.log(event.data))
   */
  on<N extends TimEventName>(name: N, handler: TimHandler<N>, context?: unknown): void
  /**
   * Calls `handler` at the next event of that name only.
   *
   * @example
   * tim.once(TIM.EVENT.SDK_READY, () => console.log('ready'))
   */
  once<N extends TimEventName>(name: N, handler: TimHandler<N>, context?: unknown): void
  /**
   * Stops calling `handler`.
   *
   * @example
   * const handler = () => console.log('failed')
   * tim.on(TIM.EVENT.ERROR, handler)
   * tim.off(TIM.EVENT.ERROR, handler)
   */
  off<N extends TimEventName>(name: N, handler: TimHandler<N>, context?: unknown): void
  /**
   * Whether `SDK_READY` has come and the user has not logged out.
   *
   * @example
   * if (tim.isReady()) console.log('ready')
   */
  isReady(): boolean
  /**
   * The ID of the logged-in user, or `''`.
   *
   * @example
   * console.log(tim.getLoginUser())
   */
  getLoginUser(): string
  /**
   * The time by the server's clock, in milliseconds. Before the first connection: by this device's.
   *
   * @example
   * console.log(new Date(tim.getServerTime()))
   */
  getServerTime(): number
  /**
   * Goes to the delegate. Without one, it has no effect.
   *
   * @example
   * tim.registerPlugin({})
   */
  registerPlugin(options: object): void
  /**
   * Goes to the delegate. This library does not log.
   *
   * @example
   * tim.setLogLevel(1)
   */
  setLogLevel(level: number): void
  /**
   * Goes to the delegate. Without one: whether the group module exists (`canIUseModule`), otherwise
   * a promise of empty data.
   *
   * @example
   * tim.callExperimentalAPI('canIUseModule', 'group-module') // true
   */
  callExperimentalAPI(name: string, options?: unknown): unknown
}
