/**
 * Storage that outlives its connection. Browsers close connections: when the disk is full, when the
 * user clears site data, after a phone has slept. Another tab closes them for an upgrade.
 *
 *   closed ──call──▶ opening ──▶ open
 *      ▲                │          │ closed by the browser, or a call failed
 *      └─ cannot open ──┴──────────┘
 *
 * A call opens the database if it is closed. So the caller decides how often that is tried, and the
 * engine uses a back-off. A slow opening is never repeated, because a second one would wait for the
 * first. Calls during it reject in time.
 */

import { createBound } from '../kernel/bound.ts'
import type { DatabaseEvents } from './open-database.ts'
import type { Storage } from './port.ts'

/** Opening takes milliseconds. After this time, another tab, perhaps a frozen one, blocks it. */
const openWithinMs = 5000

const listWithinMs = 1000

const bound = createBound((callback, delayMs) => {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
})

export type LastingStorage = Storage & {
  /** Opens the database, without reading it. */
  open(): Promise<void>
}

type LastingOptions = {
  /** Opens another connection each time. */
  open(events: Required<Pick<DatabaseEvents, 'onLost' | 'onBlocked'>>): Promise<Storage>
  /** Removes a database that is not open, and perhaps cannot be opened. */
  remove(): Promise<void>
  /** Whether an opening that takes long is an upgrade, which waits for another tab. */
  isUpgrade(): Promise<boolean>
}

export function createLastingStorage({ open, remove, isUpgrade }: LastingOptions): LastingStorage {
  let handle: Storage | undefined
  let opening: Promise<Storage> | undefined
  /** Resolves if another tab blocks the opening under way. */
  let blocked = new Promise<Error>(() => undefined)
  let isClosed = false
  let onLost: (error: Error) => void = () => undefined

  async function start(): Promise<Storage> {
    let opened: Storage | undefined
    let block: (error: Error) => void
    blocked = new Promise(resolve => (block = resolve))
    try {
      opened = await open({
        onLost: error => opened && drop(opened, error),
        onBlocked: () => block(blockedError())
      })
      if (!isClosed) return (handle = opened)
      await opened.close()
      throw closedError()
    } finally {
      opening = undefined
    }
  }

  /** Drops a connection: the next call opens another one. Running transactions still end. */
  function drop(dropped: Storage, error: Error): void {
    if (handle !== dropped) return
    handle = undefined
    // Expected: the connection is closed already.
    dropped.close().catch(() => undefined)
    onLost(error)
  }

  async function connected(): Promise<Storage> {
    if (isClosed) throw closedError()
    opening ??= start()
    const opened = await bound(Promise.race([opening, blocked]), openWithinMs, noAnswer)
    if (!(opened instanceof Error)) return opened
    // Expected: the browser cannot list its databases.
    const isBlocked = await bound(isUpgrade(), listWithinMs, () => false).catch(() => false)
    throw isBlocked ? blockedError() : opened
  }

  async function call<T>(work: (storage: Storage) => Promise<T>): Promise<T> {
    const used = handle ?? (await connected())
    return work(used).catch((error: unknown) => {
      if (isOfConnection(error)) drop(used, error)
      throw error
    })
  }

  /** A database that is being opened is closed as soon as it is open. */
  async function end(work: (storage: Storage | undefined) => Promise<void> | undefined) {
    if (isClosed) return
    isClosed = true
    const open = handle
    handle = undefined
    await work(open)
  }

  return {
    open: async () => void (handle ?? (await connected())),
    read: queries => call(storage => storage.read(queries)),
    transact: (queries, body, durability) =>
      call(storage => storage.transact(queries, body, durability)),
    close: () => end(storage => storage?.close()),
    makeRoom: () => call(async storage => storage.makeRoom?.()),
    async destroy() {
      try {
        await end(storage => storage?.destroy() ?? remove())
      } catch (error) {
        // The next call opens the database again.
        isClosed = false
        throw error
      }
    },
    onLost: callback => void (onLost = callback)
  }
}

/** After a full quota, or an error in the caller's code, the connection still works. */
const isOfConnection = (error: unknown): error is Error =>
  error instanceof DOMException && error.name !== 'QuotaExceededError'

const closedError = () => new DOMException('The store is closed.', 'InvalidStateError')
const blockedError = () =>
  new DOMException('Another tab with an older build keeps the database open.', 'BlockedError')
const noAnswer = () => new DOMException('The database does not open.', 'TimeoutError')
