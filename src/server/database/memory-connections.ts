/**
 * Concurrent transactions in the memory database, isolated as PostgreSQL isolates them. With it,
 * tests cover servers that have several connections, or share their database with other servers.
 */

import {
  compact,
  createCopyAt,
  reader,
  renewEpoch,
  shallowCopy,
  writer,
  type Data
} from './memory-data.ts'
import type { Database, Transaction } from './port.ts'

/**
 * At most `count` transactions and snapshots run concurrently. `pause` is awaited before every
 * statement, and before and after every commit, so it decides how they interleave.
 */
export type Connections = { readonly count: number; pause(): Promise<void> }

/** `onCommit` is called at the moment when the writes of the transaction become visible. */
export type ConnectedDatabase = Omit<Database, 'transaction'> & {
  transaction<T>(work: (tx: Transaction) => Promise<T>, onCommit?: () => void): Promise<T>
}

/**
 * Transactions on different groups run concurrently. Each statement reads the data that is
 * committed at that time. Groups and feeds stay locked until the commit. A snapshot reads the data
 * that is committed at its beginning.
 */
export function sideBySide(
  data: Data,
  { count, pause }: Connections
): Omit<ConnectedDatabase, 'epoch'> {
  const running = new Set<Promise<unknown>>()
  const lock = createLocks()
  async function connected<T>(work: () => Promise<T>): Promise<T> {
    while (running.size >= count) await Promise.race(running)
    const result = work()
    const done = result.catch(() => undefined).finally(() => running.delete(done))
    running.add(done)
    return result
  }
  const slow = <M extends object>(methods: M): M => {
    const entries = Object.entries(
      methods as Record<string, (...args: unknown[]) => Promise<unknown>>
    )
    return Object.fromEntries(
      entries.map(([name, method]) => [
        name,
        async (...args: unknown[]) => (await pause(), method(...args))
      ])
    ) as M
  }
  async function transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    onCommit?: () => void
  ): Promise<T> {
    const writes: (() => void)[] = []
    const locked = new Map<string, () => void>()
    const own = async (...names: string[]) => {
      for (const name of names.sort()) if (!locked.has(name)) locked.set(name, await lock(name))
    }
    const { lockGroup, appendFeeds, write } = writer(data, writes, createCopyAt())
    try {
      const result = await work(
        slow({
          ...reader(data),
          verdicts: async (userID: string, opIDs: readonly string[]) => (
            await own(`user ${userID}`),
            reader(data).verdicts(userID, opIDs)
          ),
          groupCounts: async (userIDs: readonly string[]) => (
            await own(...userIDs.map(userID => `count ${userID}`)),
            reader(data).groupCounts(userIDs)
          ),
          lockGroup: async (groupID: string) => (await own(`group ${groupID}`), lockGroup(groupID)),
          appendFeeds: async (events, atSeconds) => (
            await own(...[...events.keys()].map(userID => `feed ${userID}`)),
            appendFeeds(events, atSeconds)
          ),
          write
        } satisfies Transaction)
      )
      await pause()
      for (const commit of writes) commit()
      onCommit?.()
      return result
    } finally {
      for (const unlock of locked.values()) unlock()
      await pause()
    }
  }
  return {
    renewEpoch: async from => renewEpoch(data, from),
    transaction: (work, onCommit?: () => void) => connected(() => transaction(work, onCommit)),
    snapshot: work =>
      connected(async () => {
        await pause()
        const result = await work(slow(reader(shallowCopy(data))))
        await pause()
        return result
      }),
    compact: before =>
      connected(async () => {
        await pause()
        compact(data, before, createCopyAt())
        await pause()
      }),
    close: async () => void (await Promise.all(running))
  }
}

/** Locks are granted in the order of the requests. */
function createLocks(): (name: string) => Promise<() => void> {
  const last = new Map<string, Promise<void>>()
  return async name => {
    const before = last.get(name)
    let unlock = () => {}
    last.set(name, new Promise<void>(resolve => (unlock = resolve)))
    await before
    return unlock
  }
}
