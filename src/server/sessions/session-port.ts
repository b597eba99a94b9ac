/** The interfaces between a session, its transport and the server. */

import type { GroupError } from '../../kernel/errors.ts'
import type { Policy } from '../../kernel/limits.ts'
import type { Accounts } from './accounts.ts'
import type { Bus } from './bus.ts'
import type { Lanes } from '../authority/lanes.ts'
import type { Database } from '../database/port.ts'

export type Connection = {
  /** A returned promise resolves when the client has room for more frames. */
  send(frame: string): void | Promise<void>
  close(error: GroupError | undefined): void
  /** Called once the token is valid. */
  loggedIn?(): void
}

export type SessionContext = {
  readonly database: Database
  readonly lanes: Lanes
  readonly bus: Bus
  readonly accounts: Accounts
  readonly policy: Policy
  now(): number
  /** The returned function cancels the timer. */
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
  /** A returned promise resolves when there is room for the next frame. */
  receive(frame: string): Promise<void> | undefined
  closed(): void
}
