/**
 * Keeps rows in memory until IndexedDB can be opened. It is tried with back-off and for ever: a disk
 * is emptied, a user allows storage again.
 *
 *   memory ──opens──▶ checked ──no call under way──▶ IndexedDB
 *
 * The engine then reads the database as after a loss. So it writes its pending operations and
 * verdicts into it, and this tab joins the other ones.
 */

import type { Host, Peers } from '../engine/host.ts'
import type { Storage } from '../storage/port.ts'

const retryMinMs = 1000
const retryMaxMs = 60_000

type ReturningOptions = {
  /** Holds the rows until then. */
  readonly memory: Storage
  /** Cannot be opened yet. */
  readonly database: Storage & { open(): Promise<void> }
  /** The tabs that share the database. Those that keep their rows in memory share no data. */
  readonly peers: Peers
  /** Checks the open database. */
  check(database: Storage): Promise<{ readonly databaseID: string }>
  /** The database is used from now on. */
  onReturned(databaseID: string): void
  readonly setTimer: Host['setTimer']
}

export function createReturning(
  options: ReturningOptions
): Required<Pick<Host, 'storage' | 'peers' | 'onReturned'>> {
  const { memory, database, setTimer } = options
  const { peers, join } = createReturningPeers(options.peers)
  let current = memory
  let isClosed = false
  let failures = 0
  let stopTimer: () => void = () => undefined
  let onReturned: () => void = () => undefined
  let onLost: (error: Error) => void = () => undefined
  plan()

  function plan(): void {
    if (isClosed) return
    const delayMs = Math.min(retryMinMs * 2 ** failures++, retryMaxMs)
    stopTimer = setTimer(() => void attempt(), delayMs)
  }

  async function attempt(): Promise<void> {
    try {
      await database.open()
      const { databaseID } = await options.check(database)
      // Memory runs its calls in turn, so all earlier ones have ended after this.
      await memory.read([])
      if (!isClosed) use(databaseID)
    } catch {
      // Expected: IndexedDB is still away, or this store was closed meanwhile.
      plan()
    }
  }

  function use(databaseID: string): void {
    current = database
    database.onLost?.(error => onLost(error))
    options.onReturned(databaseID)
    onReturned()
    // Before this tab joins the others: they must not learn that it has led in memory.
    onLost(new DOMException('IndexedDB can be opened again.', 'AbortError'))
    join()
  }

  /** The database ends with the memory. It may be opening. */
  async function end(work: 'close' | 'destroy'): Promise<void> {
    isClosed = true
    stopTimer()
    try {
      if (current === memory) await memory[work]()
      await database[work]()
    } catch (error) {
      isClosed = false
      if (current === memory) plan()
      throw error
    }
  }

  return {
    storage: {
      read: queries => current.read(queries),
      transact: (queries, body, durability) => current.transact(queries, body, durability),
      close: () => end('close'),
      destroy: () => end('destroy'),
      onLost: callback => void (onLost = callback),
      makeRoom: async () => current.makeRoom?.()
    },
    peers,
    onReturned: callback => void (onReturned = callback)
  }
}

/** Leads alone until it joins the others. */
function createReturningPeers(shared: Peers): { readonly peers: Peers; join(): void } {
  let isJoined = false
  let listen = () => undefined as void
  // A tab without the database must not hold the lock.
  shared.stepDown()
  return {
    peers: {
      hasLocks: shared.hasLocks,
      lead: (onGranted, onLost) => (isJoined ? shared.lead(onGranted, onLost) : onGranted()),
      steal() {
        if (isJoined) shared.steal()
      },
      stepDown: () => shared.stepDown(),
      post(message) {
        if (isJoined) shared.post(message)
      },
      listen: onMessage => void (listen = () => shared.listen(onMessage)),
      close: () => shared.close()
    },
    join() {
      isJoined = true
      listen()
    }
  }
}
