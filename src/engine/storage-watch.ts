/**
 * Storage that neither answers nor fails. The leader then steps down, because the connection of
 * another tab may work. Its calls still wait for the answer (lifecycle.ts).
 *
 * A read without an answer fails in the end, because later reads wait behind it. It changes nothing,
 * so it can be repeated. A transaction may still happen.
 */

import { createBound, failUnanswered } from '../kernel/bound.ts'
import type { Storage } from '../storage/port.ts'
import type { Host } from './host.ts'
import { readWithinMs, silentStorageMs } from './limits.ts'

/** `onSilent` is called when a call has waited for too long. */
export function watchStorage(
  storage: Storage,
  setTimer: Host['setTimer'],
  onSilent: () => void
): Storage {
  const bound = createBound(setTimer)
  const watched = <T>(work: Promise<T>): Promise<T> =>
    work.finally(setTimer(onSilent, silentStorageMs))

  // One by one, because an adapter may be an instance of a class.
  return {
    read: async queries => watched(bound(storage.read(queries), readWithinMs, failUnanswered)),
    transact: (queries, body, durability) => watched(storage.transact(queries, body, durability)),
    close: () => storage.close(),
    destroy: () => storage.destroy(),
    onLost: callback => storage.onLost?.(callback),
    async makeRoom() {
      await storage.makeRoom?.()
    }
  }
}
