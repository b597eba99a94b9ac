/**
 * The storage of one device. Each open engine has a door with a real connection. The writes of a
 * door happen in order, one transaction at a time, so a read can overtake waiting writes. The
 * checks read a copy of the rows.
 */

import type { StorageQuery, Storage, Write } from '../../src/storage/port.ts'
import type { TableName } from '../../src/storage/tables.ts'
import { createQuota } from './quota.ts'
import { createRows } from './rows.ts'
import { createTransactions } from './transactions.ts'
import type { World } from './world.ts'

/** Opens a connection to the database of that name. The first one creates it. */
export type OpenStorage = (name: string) => Promise<Storage>

export type Disk = ReturnType<typeof createDisk>
export type Door = Storage & {
  isClosed(): boolean
  isWriting(): boolean
  /** The time since the request of the oldest waiting write. */
  writingForMs(): number
  /** Whether storage has refused the last write. */
  isRefused(): boolean
  /** How often storage has refused a write. */
  refusals(): number
  /** Whether the tab has read or written a seal, when it last used the lease. */
  hasReadSeal(): boolean
  /** Whether the tab still waits for the answer of a read or a write. */
  isAnswered(): boolean
  /** Another connection removes the database: only transactions under way still happen. */
  cut(): void
  /** The browser has emptied the database, and ended the connection. */
  lose(): void
  /** The process dies, but some of its first writes happen. True if other tabs may miss them. */
  die(): boolean
}

export type DoorEvents = {
  /** A tab requests writes. */
  onWriting(writes: readonly Write[]): void
  onFailed(writes: readonly Write[]): void
  /** `askedAtMs`: the time of the request. The writes have no effect yet. */
  onCommit(writes: readonly Write[], askedAtMs: number): void
  onCommitted(writes: readonly Write[]): void
  /** A tab requests the removal of the database. */
  onDestroying(): void
  onDestroyed(): void
}

type Work = {
  /** The writes as computed at the request. */
  readonly asked: readonly Write[]
  readonly queries: readonly StorageQuery[]
  readonly generation: number
  readonly askedAtMs: number
  readonly body: (answers: never) => readonly Write[]
  resolve(commitNumber: number): void
  reject(error: unknown): void
}

const closedError = () =>
  new DOMException('The database connection is closing.', 'InvalidStateError')

export function createDisk(
  world: World,
  {
    name,
    open,
    onCommit
  }: {
    name: string
    open: OpenStorage
    onCommit(writes: readonly Write[], apply: () => void): void
  }
) {
  const random = world.random('disk', name)
  const rows = createRows()
  const quota = createQuota(world, rows)
  const doors = new Set<Door>()
  const failing = { writes: 0, reads: 0 }
  let fullUntil = 0
  let goneUntil = 0
  /** How often the database was emptied. */
  let generation = 0
  const currentName = () => (generation === 0 ? name : `${name} ${generation}`)
  let slowUntil = 0
  let latencyMs = 1
  let waiting = 0
  /** The last removal of the database. */
  let removal = Promise.resolve()
  const transactions = createTransactions(world, () => random.around(latencyMs))

  function openDoor(events: DoorEvents): Door {
    const { onWriting, onFailed, onCommitted, onDestroying, onDestroyed } = events
    let connection: Promise<Storage> | undefined
    const real = () => (connection ??= open(currentName()))
    let onConnectionLost: (error: Error) => void = () => {}
    /** The database is gone, and the tab has not learned it yet. */
    let isLost = false
    let isAlive = true
    /** The engine has closed its connection. */
    let isClosed = false
    /** Another connection removes the database, so waiting work gets no transaction. */
    let isCut = false
    let isRefused = false
    let refusals = 0
    let hasReadSeal = false
    /** Reads and writes whose answer has not arrived. */
    let unanswered = 0
    let lastAnswer = 0
    /** Waiting writes, in order. The first are in the transaction under way, if there is one. */
    const writing: Work[] = []
    let committing: { count: number; readonly takeBack: () => void } | undefined
    let onIdle = () => {}

    function note(used: readonly { readonly table: TableName }[]): void {
      if (used.some(({ table }) => table === 'lease'))
        hasReadSeal = rows.table('lease').get('')?.isSealed === true
    }

    function wait(count: number): void {
      unanswered += count
      waiting += count
    }

    /** Delivers answers in the order of their transactions. */
    function answer(settle: () => void): void {
      lastAnswer = Math.max(lastAnswer, world.now() + random.around(latencyMs / 4))
      world.at(lastAnswer, () => {
        if (!isAlive) return
        wait(-1)
        settle()
      })
    }

    /** Puts all waiting writes into one transaction, once the one before has ended. */
    function commitNext(): void {
      committing = undefined
      if (isCut)
        for (const { asked, reject } of writing.splice(0))
          refuse(asked, () => reject(closedError()))
      if (writing.length === 0) return onIdle()
      committing = { count: writing.length, takeBack: transactions.create(true, commitAll) }
    }

    async function commitAll(): Promise<void> {
      for (const work of writing.splice(0, committing?.count)) await commit(work)
      if (!isAlive) await hangUp()
      commitNext()
    }

    async function commit(work: Work): Promise<void> {
      const { asked, queries, body, resolve, reject } = work
      const refuseFull = () => {
        isRefused = true
        refusals++
        refuse(asked, () => reject(new DOMException('There is no room.', 'QuotaExceededError')))
      }
      // The writes of a dead process are gone with the database.
      if (work.generation !== generation) return
      if (isAlive && (failing.writes > 0 || world.now() < Math.max(fullUntil, goneUntil))) {
        failing.writes = Math.max(0, failing.writes - 1)
        return refuseFull()
      }
      let writes: readonly Write[] = []
      let isAdmitted: boolean | undefined
      const commitNumber = await (
        await real()
      ).transact(queries, answers => {
        writes = body(answers as never)
        isAdmitted = !isAlive || quota.admits(writes)
        return isAdmitted ? writes : []
      })
      if (isAdmitted === false) return refuseFull()
      events.onCommit(writes, work.askedAtMs)
      quota.use(writes)
      isRefused = false
      onCommit(writes, () => rows.write(writes))
      note([...queries, ...writes])
      onCommitted(writes)
      if (!isAlive) return
      wait(1)
      answer(() => {
        // Another commit was first, and the tab learns it only from this answer.
        if (writes.length === 0) onFailed(asked)
        resolve(commitNumber)
      })
    }

    function refuse(asked: readonly Write[], settle: () => void): void {
      if (!isAlive) return
      onFailed(asked)
      settle()
    }

    /** Resolves once all waiting writes have been written and answered. */
    const afterWrites = () =>
      new Promise<void>(resolve => {
        onIdle = () => world.at(Math.max(lastAnswer, world.now()), () => isAlive && resolve())
        if (!committing) onIdle()
      })

    const hangUp = () => connection?.then(each => each.close())

    async function remove(): Promise<void> {
      onDestroyed()
      rows.clear()
      await (await real()).destroy()
    }

    function requestRemoval(): Promise<void> {
      doors.delete(door)
      // Other connections close for a removal, which happens even if its caller dies now.
      for (const other of doors) other.cut()
      doors.clear()
      return new Promise(resolve => {
        transactions.create(true, async () => {
          await remove()
          world.at(world.now() + random.around(latencyMs / 4), resolve)
        })
      })
    }

    const door: Door = {
      read(queries) {
        if (isClosed || isLost) return Promise.reject(closedError())
        const asked = generation
        wait(1)
        return new Promise((resolve, reject) => {
          transactions.create(false, async () => {
            if (!isAlive) return
            if (asked !== generation) {
              wait(-1)
              return reject(closedError())
            }
            if (failing.reads > 0 || world.now() < goneUntil) {
              failing.reads = Math.max(0, failing.reads - 1)
              wait(-1)
              return reject(closedError())
            }
            const answers = await (await real()).read(queries)
            note(queries)
            answer(() => resolve(answers))
          })
        })
      },
      transact(queries, body) {
        // `body` reads the answers to its own queries.
        const asked = (body as Work['body'])(rows.expected(queries))
        const askedAtMs = world.now()
        const work = { asked, queries, generation, askedAtMs, body: body as Work['body'] }
        onWriting(asked)
        return new Promise((resolve, reject) => {
          if (isClosed || isLost)
            return void world.at(world.now(), () => refuse(asked, () => reject(closedError())))
          writing.push({ ...work, resolve, reject })
          if (!committing) commitNext()
        })
      },
      makeRoom() {
        if (isClosed || isLost) return Promise.reject(closedError())
        return new Promise(resolve => {
          transactions.create(true, () => {
            quota.makeRoom()
            world.at(world.now(), resolve)
            return Promise.resolve()
          })
        })
      },
      onLost: callback => void (onConnectionLost = callback),
      isClosed: () => isClosed,
      isWriting: () => writing.length > 0,
      writingForMs: () => world.now() - (writing[0]?.askedAtMs ?? world.now()),
      isRefused: () => isRefused,
      refusals: () => refusals,
      hasReadSeal: () => hasReadSeal,
      isAnswered: () => unanswered === 0 && writing.length === 0,
      cut: () => void (isClosed = isCut = true),
      close() {
        isClosed = true
        return afterWrites()
      },
      async destroy() {
        if (!isCut) onDestroying()
        isClosed = true
        await afterWrites()
        // A removal by another connection is waited for.
        if (!isCut) removal = requestRemoval()
        await removal
        if (!isAlive) await new Promise(() => {})
      },
      lose() {
        committing?.takeBack()
        committing = undefined
        for (const { asked, reject } of writing.splice(0))
          refuse(asked, () => reject(closedError()))
        void world.wait(Promise.resolve(hangUp()))
        connection = undefined
        isLost = true
        onIdle()
        // After the answers that are on their way.
        wait(1)
        answer(() => {
          isLost = false
          onConnectionLost(closedError())
        })
      },
      die() {
        const isHeard = unanswered === 0
        wait(-unanswered)
        isAlive = false
        isClosed = true
        doors.delete(door)
        const survivors = random.below(writing.length + 1)
        writing.splice(survivors)
        if (committing) committing.count = survivors
        if (survivors === 0) {
          committing?.takeBack()
          void world.wait(Promise.resolve(hangUp()))
        }
        return survivors > 0 || !isHeard
      }
    }
    doors.add(door)
    return door
  }

  function setLatency(ms: number): void {
    // A transaction that has begun stays slow.
    slowUntil = Math.max(slowUntil, world.now() + 6 * latencyMs)
    latencyMs = ms
  }

  return {
    openDoor,
    /** Whether a door waits for an answer, so that memory may differ from storage. */
    isWaiting: () => waiting > 0,
    isIdle: transactions.isIdle,
    /** Whether storage is slow or refuses. */
    isDisturbed: () =>
      latencyMs > 1 ||
      quota.isExhausted() ||
      failing.writes + failing.reads > 0 ||
      world.now() < Math.max(fullUntil, goneUntil, slowUntil),
    table: rows.table,
    /** Copies everything from another disk. */
    async fill(writes: readonly Write[]): Promise<void> {
      const real = await open(currentName())
      await real.transact([], () => writes)
      // The checkpoint begins before this read ends, and closing waits for it. If it came between
      // the first read and the claim of a tab, its commit number would make the tab read twice.
      await real.read([])
      await real.close()
      rows.write(writes)
    },
    /** All rows. */
    image: rows.image,
    failWrites: (count: number) => void (failing.writes += count),
    failReads: (count: number) => void (failing.reads += count),
    fillUp: (ms: number) => void (fullUntil = world.now() + ms),
    exhaustQuota: quota.exhaust,
    /** Makes storage unavailable for a while. */
    goAway: (ms: number) => void (goneUntil = world.now() + ms),
    /** The browser empties the database while it is open. */
    lose(): void {
      generation++
      rows.clear()
      for (const door of doors) door.lose()
    },
    latencyMs: () => latencyMs,
    setLatency,
    heal(): void {
      failing.writes = failing.reads = 0
      fullUntil = goneUntil = 0
      quota.heal()
      setLatency(1)
    }
  }
}
