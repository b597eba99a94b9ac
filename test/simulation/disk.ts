/**
 * What one device keeps, and its doors: each open engine has one of its own, with a real connection behind it. Writes of
 * one door happen in their order, one transaction at a time, so a read may overtake those that wait for theirs. Beside the
 * real storage stands a copy of the rows for the checks to look at.
 */

import type { StorageQuery, Storage, Write } from '../../src/storage/port.ts'
import { createRows } from './rows.ts'
import { createTransactions } from './transactions.ts'
import type { World } from './world.ts'

/** Opens a connection to the database of that name; the first of them creates it. */
export type OpenStorage = (name: string) => Promise<Storage>

export type Disk = ReturnType<typeof createDisk>
export type Door = Storage & {
  isClosed(): boolean
  isWriting(): boolean
  /** The database is to be removed by somebody else: what is under way still happens, and nothing more. */
  cut(): void
  /** The process dies: of what is under way, some of the first writes still happen; answers whether others may have missed some. */
  die(): boolean
}

export type DoorEvents = {
  /** Writes are asked for. */
  onWriting(writes: readonly Write[]): void
  onFailed(writes: readonly Write[]): void
  onDestroyed(): void
}

type Work = {
  /** What it would write when it is asked for. */
  readonly asked: readonly Write[]
  readonly queries: readonly StorageQuery[]
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
  const doors = new Set<Door>()
  const failing = { writes: 0, reads: 0 }
  let fullUntil = 0
  let goneUntil = 0
  let slowUntil = 0
  let latencyMs = 1
  let waiting = 0
  const transactions = createTransactions(world, () => random.around(latencyMs))

  function openDoor({ onWriting, onFailed, onDestroyed }: DoorEvents): Door {
    let connection: Promise<Storage> | undefined
    const real = () => (connection ??= open(name))
    let isAlive = true
    /** Nothing more is asked for here. */
    let isClosed = false
    /** Another connection removes the database: what has no transaction yet gets none. */
    let isCut = false
    /** Reads whose answer, and writes whose success has not arrived. */
    let unanswered = 0
    let lastAnswer = 0
    /** What is to be written, in order; the first of it in the transaction under way, if there is one. */
    const writing: Work[] = []
    let committing: { count: number; readonly takeBack: () => void } | undefined
    let onIdle = () => {}

    function wait(count: number): void {
      unanswered += count
      waiting += count
    }

    /** In the order in which things were done. */
    function answer(tell: () => void): void {
      lastAnswer = Math.max(lastAnswer, world.now() + random.around(latencyMs / 4))
      world.at(lastAnswer, () => {
        if (!isAlive) return
        wait(-1)
        tell()
      })
    }

    /** All that waits goes into one transaction, which is created when the one before it is over. */
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

    async function commit({ asked, queries, body, resolve, reject }: Work): Promise<void> {
      if (isAlive && (failing.writes > 0 || world.now() < Math.max(fullUntil, goneUntil))) {
        failing.writes = Math.max(0, failing.writes - 1)
        return refuse(asked, () =>
          reject(new DOMException('There is no room.', 'QuotaExceededError'))
        )
      }
      let writes: readonly Write[] = []
      const commitNumber = await (
        await real()
      ).transact(queries, answers => (writes = body(answers as never)))
      onCommit(writes, () => rows.write(writes))
      if (!isAlive) return
      wait(1)
      answer(() => {
        // Another commit was first: until this answer, the tab cannot know.
        if (writes.length === 0) onFailed(asked)
        resolve(commitNumber)
      })
    }

    function refuse(asked: readonly Write[], tell: () => void): void {
      if (!isAlive) return
      onFailed(asked)
      tell()
    }

    /** Once what is to be written is, and has been told of. */
    const afterWrites = () =>
      new Promise<void>(resolve => {
        onIdle = () => world.at(Math.max(lastAnswer, world.now()), () => isAlive && resolve())
        if (!committing) onIdle()
      })

    const hangUp = () => connection?.then(each => each.close())

    async function remove(): Promise<void> {
      rows.clear()
      onDestroyed()
      await (await real()).destroy()
    }

    const door: Door = {
      read(queries) {
        if (isClosed) return Promise.reject(closedError())
        wait(1)
        return new Promise((resolve, reject) => {
          transactions.create(false, async () => {
            if (!isAlive) return
            if (failing.reads > 0 || world.now() < goneUntil) {
              failing.reads = Math.max(0, failing.reads - 1)
              wait(-1)
              return reject(closedError())
            }
            const answers = await (await real()).read(queries)
            answer(() => resolve(answers))
          })
        })
      },
      transact(queries, body) {
        // `body` answers for the queries that it comes with.
        const asked = (body as Work['body'])(rows.expected(queries))
        const work = { asked, queries, body: body as Work['body'] }
        onWriting(asked)
        return new Promise((resolve, reject) => {
          if (isClosed)
            return void world.at(world.now(), () => refuse(asked, () => reject(closedError())))
          writing.push({ ...work, resolve, reject })
          if (!committing) commitNext()
        })
      },
      isClosed: () => isClosed,
      isWriting: () => writing.length > 0,
      cut: () => void (isClosed = isCut = true),
      close() {
        isClosed = true
        return afterWrites()
      },
      async destroy() {
        isClosed = true
        await afterWrites()
        doors.delete(door)
        // They close when they hear that the database is to go; it goes also if whoever asks for it dies now.
        for (const other of doors) other.cut()
        doors.clear()
        await new Promise<void>(resolve => {
          transactions.create(true, async () => {
            await remove()
            world.at(world.now() + random.around(latencyMs / 4), () => isAlive && resolve())
          })
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
    /** Whether answers are outstanding at any door, so that memory may not be what storage is. */
    isWaiting: () => waiting > 0,
    isIdle: transactions.isIdle,
    /** Whether storage is slow or refuses. */
    isDisturbed: () =>
      latencyMs > 1 ||
      failing.writes + failing.reads > 0 ||
      world.now() < Math.max(fullUntil, goneUntil, slowUntil),
    table: rows.table,
    /** Takes over everything from another disk. */
    async fill(writes: readonly Write[]): Promise<void> {
      const real = await open(name)
      await real.transact([], () => writes)
      await real.close()
      rows.write(writes)
    },
    /** Everything on it. */
    image: rows.image,
    failWrites: (count: number) => void (failing.writes += count),
    failReads: (count: number) => void (failing.reads += count),
    fillUp: (ms: number) => void (fullUntil = world.now() + ms),
    /** Nothing can be read or written for a while. */
    goAway: (ms: number) => void (goneUntil = world.now() + ms),
    latencyMs: () => latencyMs,
    setLatency,
    heal(): void {
      failing.writes = failing.reads = 0
      fullUntil = goneUntil = 0
      setLatency(1)
    }
  }
}
