/** What a session needs of what carries it, and of the server around it. */

import type { GroupError } from '../../kernel/errors.ts'
import type { Policy } from '../../kernel/limits.ts'
import type { Accounts } from './accounts.ts'
import type { Bus } from './bus.ts'
import type { Lanes } from '../authority/lanes.ts'
import type { Database } from '../database/port.ts'

export type Connection = {
  /** Where it returns a promise, the client has to take something before more is sent, and the promise waits for that. */
  send(frame: string): void | Promise<void>
  close(error: GroupError | undefined): void
  /** The token was good: it is known whose connection this is. */
  loggedIn?(): void
}

export type SessionContext = {
  readonly database: Database
  readonly lanes: Lanes
  readonly bus: Bus
  readonly accounts: Accounts
  readonly policy: Policy
  now(): number
  /** Calls back after a while; the returned function prevents it. */
  setTimer(callback: () => void, delayMs: number): () => void
  /** `expiresAt`: milliseconds. */
  authenticate(
    token: string
  ):
    | { ok: true; userID: string; isAppAdmin: boolean; expiresAt: number }
    | { ok: false; error: GroupError }
  onError(error: unknown): void
}

export type Session = {
  /** Takes a frame in. Where it returns a promise, there is room for the next frame when that resolves. */
  receive(frame: string): Promise<void> | undefined
  closed(): void
}
