/**
 * What one device keeps, and its doors: each open engine has one of its own. A request takes its time; writes of one
 * door happen in their order, a read may overtake them, as in IndexedDB. Beside the real storage stands a copy of the
 * rows for the checks to look at.
 */

import type { Query, Storage, TableName, Tables, Write } from '../../src/storage/port.ts'
import { idOf } from '../../src/storage/pages.ts'
import type { World } from './world.ts'

export type Row = Tables[TableName]
/** Opens empty storage. */
export type OpenStorage = () => Promise<Storage>

export type Disk = Awaited<ReturnType<typeof createDisk>>
export type Door = Storage & {
  /** The process dies: of what is under way, some of the first writes still happen; answers whether others may have missed some. */
  die(): boolean
}

export type DoorEvents = {
  /** Writes are asked for. */
  onWriting(writes: readonly Write[]): void
  onFailed(writes: readonly Write[]): void
  onDestroyed(): void
}

const closedError = () => new DOMException('The database connection is closing.', 'InvalidStateError')
const none: ReadonlyMap<string, never> = new Map<string, never>()

export async function createDisk(
  world: World,
  { name, open, onCommit }: { name: string; open: OpenStorage; onCommit(writes: readonly Write[], apply: () => void): void }
) {
  const random = world.random('disk', name)
  let real = await open()
  let rows = new Map<string, Map<string, Row>>()
  /** How often everything was removed: what was asked of an earlier database never gets into a later one. */
  let era = 0
  const failing = { writes: 0, reads: 0 }
  let fullUntil = 0
  let latencyMs = 1
  let waiting = 0

  const at = (table: TableName, scope: string) => `${table}/${scope}`

  function copy(writes: readonly Write[]): void {
    for (const write of writes) {
      const key = at(write.table, write.scope)
      const scope = rows.get(key) ?? new Map<string, Row>()
      rows.set(key, scope)
      if ('empty' in write) scope.clear()
      else if ('run' in write) for (const row of write.run) scope.set(row.userID, row)
      else if (write.row) scope.set((idOf[write.table] as (row: Row) => string)(write.row), write.row)
      else scope.delete(write.id)
    }
  }

  async function perform(queries: readonly Query[], body: (answers: never) => readonly Write[]): Promise<void> {
    let writes: readonly Write[] = []
    await real.transact(queries, answers => (writes = body(answers as never)))
    onCommit(writes, () => copy(writes))
  }

  function openDoor({ onWriting, onFailed, onDestroyed }: DoorEvents): Door {
    const openedIn = era
    let isAlive = true
    let isClosed = false
    /** Reads whose answer, and writes whose success has not arrived. */
    let unanswered = 0
    let last = 0
    let lastAnswer = 0
    const writing: (() => Promise<void>)[] = []

    /** After what was asked for before, or not. */
    function soon(inOrder: boolean, run: () => void): void {
      const time = Math.max(world.now() + random.around(latencyMs), inOrder ? last : 0)
      last = Math.max(last, time)
      world.at(time, () => isAlive && run())
    }

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

    const afterAnswers = (tell: () => void) => world.at(Math.max(lastAnswer, world.now()), tell)

    return {
      read(queries) {
        wait(1)
        return new Promise((resolve, reject) => {
          soon(false, () => {
            if (failing.reads > 0 || isClosed) {
              failing.reads = Math.max(0, failing.reads - 1)
              wait(-1)
              reject(closedError())
            } else void world.wait(real.read(queries)).then(answers => answer(() => resolve(answers)), reject)
          })
        })
      },
      transact(queries, body) {
        if (isClosed) return Promise.reject(closedError())
        const work = () => perform(queries, body)
        if (queries.length === 0) onWriting(body([] as never))
        writing.push(work)
        return new Promise((resolve, reject) => {
          soon(true, () => {
            writing.splice(writing.indexOf(work), 1)
            if (failing.writes > 0 || world.now() < fullUntil) {
              failing.writes = Math.max(0, failing.writes - 1)
              if (queries.length === 0) onFailed(body([] as never))
              reject(new DOMException('There is no room.', 'QuotaExceededError'))
            } else {
              wait(1)
              void world.wait(work()).then(() => answer(resolve), reject)
            }
          })
        })
      },
      close() {
        isClosed = true
        return new Promise(resolve => soon(true, () => afterAnswers(resolve)))
      },
      destroy() {
        isClosed = true
        return new Promise((resolve, reject) => {
          soon(true, () => {
            rows = new Map()
            era++
            onDestroyed()
            void world.wait(real.destroy().then(async () => (real = await open()))).then(() => afterAnswers(resolve), reject)
          })
        })
      },
      die() {
        const isHeard = unanswered === 0
        wait(-unanswered)
        isAlive = false
        const survivors = openedIn === era ? writing.slice(0, random.below(writing.length + 1)) : []
        for (const work of survivors) void world.wait(work())
        return survivors.length > 0 || !isHeard
      }
    }
  }

  return {
    openDoor,
    /** Whether answers are outstanding at any door, so that memory may not be what storage is. */
    isWaiting: () => waiting > 0,
    table: <T extends TableName>(table: T, scope = '') => (rows.get(at(table, scope)) ?? none) as ReadonlyMap<string, Tables[T]>,
    scopes: (table: TableName): string[] =>
      [...rows].flatMap(([key, scope]) => (key.startsWith(`${table}/`) && scope.size > 0 ? key.slice(table.length + 1) : [])),
    /** Takes over everything from another disk. */
    async fill(writes: readonly Write[]): Promise<void> {
      await real.transact([], () => writes)
      copy(writes)
    },
    /** Everything on it. */
    image: (): Write[] =>
      [...rows].flatMap(([key, scope]) => {
        const [table = '', ...rest] = key.split('/')
        return [...scope].map(([id, row]) => ({ table, scope: rest.join('/'), id, row }) as Write)
      }),
    real: () => real,
    failWrites: (count: number) => void (failing.writes += count),
    failReads: (count: number) => void (failing.reads += count),
    fillUp: (ms: number) => void (fullUntil = world.now() + ms),
    setLatency: (ms: number) => void (latencyMs = ms),
    heal(): void {
      failing.writes = failing.reads = 0
      fullUntil = 0
      latencyMs = 1
    }
  }
}
