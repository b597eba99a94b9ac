/**
 * Waits of calls until the page shows their effect: frames up to a version have arrived, and each
 * query that was observed at the call has a result.
 */

import { isCurrent, type Replica } from './replica.ts'

type Wait = {
  readonly version: number
  /** Observed queries that had no result of the engine yet. */
  readonly opened: readonly Replica[]
  resolve(): void
}

/** `isOpen`: whether the query of a replica is still observed. */
export function createReached(isOpen: (replica: Replica) => boolean) {
  let waiting: Wait[] = []

  return {
    add: (wait: Wait): void => void waiting.push(wait),
    /** Ends the waits that are over, after a frame of this version. */
    update(version: number): void {
      const isReached = (wait: Wait) =>
        wait.version <= version &&
        wait.opened.every(replica => isCurrent(replica) || !isOpen(replica))
      const reached = waiting.filter(isReached)
      waiting = waiting.filter(wait => !reached.includes(wait))
      for (const { resolve } of reached) resolve()
    },
    /** Ends all waits: their versions are those of an engine that has died. */
    abandon(): void {
      for (const { resolve } of waiting.splice(0)) resolve()
    }
  }
}
