/** Connections to one database share its state in memory, so the host is read once. */

import type { KeyValueHost } from './host.ts'

type Shared<D> = {
  readonly opening: Promise<D>
  connections: number
  /** Set while the database is closed or removed. */
  ending?: Promise<void>
}

export type Connection<D> = {
  readonly database: D
  /** Ends this connection. Runs `work` if it was the last one, or if all of them end. */
  end(work: () => Promise<void>, all: boolean): Promise<void>
}

/** `open` opens a database. It is called if no connection is open. */
export function createSharing<D>() {
  const ofHosts = new WeakMap<KeyValueHost, Map<string, Shared<D>>>()

  return async (
    host: KeyValueHost,
    name: string,
    open: () => Promise<D>
  ): Promise<Connection<D>> => {
    const databases = ofHosts.get(host) ?? new Map<string, Shared<D>>()
    ofHosts.set(host, databases)
    for (let ending = databases.get(name)?.ending; ending; ending = databases.get(name)?.ending)
      // Expected: the removal fails. Its caller knows.
      await ending.catch(() => undefined)
    const shared: Shared<D> = databases.get(name) ?? { opening: open(), connections: 0 }
    databases.set(name, shared)
    shared.connections++
    const forget = () => {
      if (databases.get(name) === shared) databases.delete(name)
    }
    try {
      const database = await shared.opening
      return {
        database,
        async end(work, all) {
          shared.connections--
          if (shared.connections > 0 && !all) return
          shared.ending ??= work().then(forget, (error: unknown) => {
            forget()
            throw error
          })
          await shared.ending
        }
      }
    } catch (error) {
      // The next call opens the database again.
      forget()
      throw error
    }
  }
}
