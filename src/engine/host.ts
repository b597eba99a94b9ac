/** The host of an engine: storage, network, other tabs, clocks and randomness. */

import type { Commit, Storage } from '../storage/port.ts'
import type { Connect } from '../protocol/port.ts'
import type { StorageState, SyncStatus } from './api.ts'
import type { Answer, Question } from './sync/questions.ts'

export type Host = {
  readonly storage: Storage
  /** The state of storage at the start. Default: that of an adapter. */
  readonly storageState?: StorageState
  /**
   * For rows that are kept in memory for a time: calls back when storage is IndexedDB from now on,
   * just before `onLost` of storage. The engine then writes its own rows into it.
   */
  onReturned?(callback: () => void): void
  readonly connect: Connect
  readonly peers: Peers
  /** Milliseconds since 1970, by a clock that may be wrong and that users may change. */
  now(): number
  /** Milliseconds, by a monotonic clock. It may stop while the device sleeps. */
  elapsedMs(): number
  /** Returns a function that stops the timer. */
  setTimer(callback: () => void, delayMs: number): () => void
  /**
   * Calls back when the network may be back, or the device has slept. Returns a function that ends
   * this.
   */
  onWake(callback: () => void): () => void
  /** From 0 up to 1. */
  random(): number
  /** 128 random bits as 22 characters of `A-Za-z0-9_-`. */
  newID(): string
}

/** The other engines on the same storage: other tabs of the same user. */
export type Peers = {
  /** Whether there is a lock. Without one, the silence of the leader alone decides. */
  readonly hasLocks: boolean
  /** Waits for the lock of the leader. `onLost`: another engine has stolen it. */
  lead(onGranted: () => void, onLost: () => void): void
  /** Steals the lock of a leader that does not answer. `onGranted` is called too. */
  steal(): void
  /** Releases the lock, or no longer waits for it. */
  stepDown(): void
  post(message: PeerMessage): void
  /** Calls back with each message of another engine. */
  listen(onMessage: (message: PeerMessage) => void): void
  close(): void
}

/** The last call of `pause` or `resume` in any tab, and how many there were (pause.ts). */
export type Pause = { readonly isPaused: boolean; readonly calls: number }

/** Durable commits, for the rows that other tabs have in memory, and the ID of their database. */
export type CommitMessage = {
  readonly type: 'committed'
  readonly databaseID?: string
  readonly commits: readonly Commit[]
}

export type PeerMessage =
  | CommitMessage
  /**
   * The beat of the leader, every 2 s and at each change. `term`, `commitNumber`: of its claim. A
   * higher term is a new leader: the last commit of the old one may not have been posted.
   */
  | {
      readonly type: 'status'
      readonly term: number
      readonly commitNumber: number
      readonly pause: Pause
      readonly status: SyncStatus
    }
  /** The leader of this term steps down. */
  | { readonly type: 'vacant'; readonly term: number }
  /** A page has ended its worker, which may have led. Pages without Web Locks post it. */
  | { readonly type: 'pageClosed' }
  /** The app has paused or resumed the connection in one tab, for all of them. */
  | { readonly type: 'pause'; readonly pause: Pause }
  /** A question to the server that only the leader can ask. */
  | {
      readonly type: 'ask'
      readonly id: string
      readonly question: Question
    }
  | { readonly type: 'answer'; readonly id: string; readonly answer: Answer }
  /** A newer token of the user, for the leader. */
  | { readonly type: 'token'; readonly token: string }
  /**
   * The user has logged out: every tab has to close its store. `isDiscarding`: operations are
   * discarded that storage could not give a verdict.
   */
  | { readonly type: 'logout'; readonly isDiscarding: boolean }
  /** A tab is open: asks the leader for its status, and to fetch members of groups it shows. */
  | {
      readonly type: 'hello'
      readonly wanted: readonly string[]
      /** The leader has to keep tips and notices until this tab has delivered them. */
      readonly keepUndelivered: boolean
    }
  /** Storage may hold operations of a tab that died before it posted them. */
  | { readonly type: 'unposted' }

/** No other engines: for hosts with one engine per storage. */
export const alone: Peers = {
  hasLocks: true,
  lead: onGranted => onGranted(),
  steal: () => undefined,
  stepDown: () => undefined,
  post: () => undefined,
  listen: () => undefined,
  close: () => undefined
}
