/** What an engine runs on: everything that touches the outside. */

import type { GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Commit, Storage } from '../storage/port.ts'
import type { Connect } from '../protocol/port.ts'
import type { SyncStatus } from './sync/sync.ts'

export type Host = {
  readonly storage: Storage
  readonly connect: Connect
  readonly peers: Peers
  /** Milliseconds, by a clock that may be wrong and may be set. */
  now(): number
  /** Milliseconds since some moment, by a clock that nobody sets. It may stand still while the device sleeps. */
  elapsedMs(): number
  /** Calls back after a while; the returned function prevents it. */
  setTimer(callback: () => void, delayMs: number): () => void
  /** Calls back when the network may have come back, or the device has slept; the returned function ends that. */
  onWake(callback: () => void): () => void
  /** From 0 up to 1. */
  random(): number
  /** 128 random bits as 22 characters of `A-Za-z0-9_-`. */
  newID(): string
}

/** Other engines on the same storage: other tabs of the same user. */
export type Peers = {
  /** Calls back when this engine is the one that talks to the network; until it closes, no other is. */
  lead(onLeading: () => void): void
  /** Leads no longer, nor waits for it. */
  stepDown(): void
  post(message: PeerMessage): void
  /** Hears what others post, not what this engine does. */
  listen(onMessage: (message: PeerMessage) => void): void
  close(): void
}

export type PeerMessage =
  /** Rows are written: whoever keeps some in memory takes these. */
  | { readonly type: 'committed'; readonly commits: readonly Commit[] }
  /** A new leader: what the old one did last may not have been told. */
  | { readonly type: 'leading' }
  | { readonly type: 'status'; readonly status: SyncStatus }
  /** A question to the server that only the leader can ask, and the answer. */
  | {
      readonly type: 'ask'
      readonly id: string
      readonly groupID: string
      readonly search: boolean
    }
  | { readonly type: 'answer'; readonly id: string; readonly answer: GroupRow | GroupError }
  /** Another token of the user, for who talks to the server. */
  | { readonly type: 'token'; readonly token: string }
  /** The user has logged out: nobody may go on. */
  | { readonly type: 'logout' }
  /** Asks the leader for its status, and for the members of groups that are looked at. */
  | { readonly type: 'hello'; readonly wanted: readonly string[] }

/** No others: for hosts with one engine per storage. */
export const alone: Peers = {
  lead: onLeading => onLeading(),
  stepDown: () => undefined,
  post: () => undefined,
  listen: () => undefined,
  close: () => undefined
}
