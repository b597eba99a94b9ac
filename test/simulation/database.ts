/**
 * The database of one server process. Every call takes time and may fail. Each commit is recorded
 * at once. With one connection a transaction is one step. With several, each statement is a step,
 * and transactions interleave.
 */

import type { Connections } from '../../src/server/database/memory-connections.ts'
import type { MemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database, GroupWrites, Transaction } from '../../src/server/database/port.ts'
import type { World } from './world.ts'

/** A database that can be restored, and that can have several connections. */
export type Restorable = Database & {
  copy?(epoch: string): Restorable
  connect?: MemoryDatabase['connect']
}
export type Failure = 'crash before commit' | 'crash after commit' | 'refuse'
export type Written = { readonly writes: GroupWrites; readonly tails: ReadonlyMap<string, number> }

export type DatabaseOptions = {
  readonly isAlive: () => boolean
  /** The failure of the next transaction. Called once per transaction. */
  nextFailure(): Failure | undefined
  crash(): void
  onCommitted(written: Written): void
}

const connectionsMax = 4
/** Mean milliseconds per statement. Slower statements interleave more. */
const statementMs = [2, 10, 50] as const
const away = () => new Error('the database is away')
/** The answer to a dead process. */
const never = <T>() => new Promise<T>(() => undefined)

export function serialDatabase(
  world: World,
  database: Restorable,
  options: DatabaseOptions
): Database {
  const { isAlive, nextFailure, crash, onCommitted } = options
  const latency = world.random('server latency')

  /** A call begins after a delay, in which the process may die. */
  function call<T>(isWriting: boolean, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      world.at(world.now() + latency.around(1), () => {
        if (!isAlive()) return
        const fails = isWriting ? nextFailure() : undefined
        if (fails === 'crash before commit') return crash()
        if (fails === 'refuse') return reject(away())
        const answer = (value: T) =>
          world.at(world.now() + latency.around(0.5), () => isAlive() && resolve(value))
        void world.wait(work()).then(value => (fails ? crash() : void answer(value)), reject)
      })
    })
  }

  return {
    epoch: database.epoch,
    renewEpoch: from => database.renewEpoch(from),
    transaction: work =>
      call(true, async () => {
        let written: Written | undefined
        const answer = await database.transaction(tx =>
          work(watched(tx, found => (written = found)))
        )
        if (written) onCommitted(written)
        return answer
      }),
    snapshot: (work, options) => call(false, () => database.snapshot(work, options)),
    compact: before => database.compact(before),
    close: () => database.close()
  }
}

export function pooledDatabase(
  world: World,
  connect: (connections: Connections) => ReturnType<MemoryDatabase['connect']>,
  { isAlive, nextFailure, crash, onCommitted }: DatabaseOptions
): Database {
  const latency = world.random('server latency')
  const meanMs = world.random('statements').pick(statementMs)
  const pause = () =>
    new Promise<void>(
      resolve => void world.at(world.now() + latency.around(meanMs), () => isAlive() && resolve())
    )
  const database = connect({ count: connectionsMax, pause })
  return {
    ...database,
    transaction(work) {
      let written: Written | undefined
      const fails = nextFailure()
      return database.transaction(
        async tx => {
          const answer = await work(watched(tx, found => (written = found)))
          if (fails === 'refuse') throw away()
          if (fails !== 'crash before commit') return answer
          crash()
          return never()
        },
        () => {
          if (written) onCommitted(written)
          if (fails === 'crash after commit') crash()
        }
      )
    }
  }
}

/** Records the writes of a transaction. */
function watched(tx: Transaction, onWrite: (written: Written) => void): Transaction {
  let tails: ReadonlyMap<string, number> = new Map()
  return {
    ...tx,
    async appendFeeds(events, atSeconds) {
      return (tails = await tx.appendFeeds(events, atSeconds))
    },
    write(writes) {
      onWrite({ writes, tails })
      return tx.write(writes)
    }
  }
}
