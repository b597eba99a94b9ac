/**
 * Storage that neither answers nor fails. The leader then steps down, because the connection of
 * another tab may work. Its calls still wait for the answer (lifecycle.ts).
 */

import type { Storage } from '../storage/port.ts'
import type { Host } from './host.ts'
import { silentStorageMs } from './limits.ts'

/** `onSilent` is called when a call has waited for too long. */
export function watchStorage(
  storage: Storage,
  setTimer: Host['setTimer'],
  onSilent: () => void
): Storage {
  const watched = <T>(work: Promise<T>): Promise<T> =>
    work.finally(setTimer(onSilent, silentStorageMs))

  // One by one, because an adapter may be an instance of a class.
  return {
    read: queries => watched(storage.read(queries)),
    transact: (queries, body, durability) => watched(storage.transact(queries, body, durability)),
    close: () => storage.close(),
    destroy: () => storage.destroy(),
    onLost: callback => storage.onLost?.(callback),
    async makeRoom() {
      await storage.makeRoom?.()
    }
  }
}
