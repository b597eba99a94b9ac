/**
 * The database port in memory, for tests and simulations, without real time or disks. It runs one
 * transaction at a time or, with `connections`, several concurrently as PostgreSQL does.
 */

import { sideBySide, type ConnectedDatabase, type Connections } from './memory-connections.ts'
import { compact, emptyData, mapAt, reader, renewEpoch, writer, type Data } from './memory-data.ts'
import type { Database } from './port.ts'

/**
 * `copy`: the present data under another epoch, as after restoring a backup. `connect`: further
 * connections to the same data, as of another process.
 */
export type MemoryDatabase = Database & {
  copy(epoch: string): MemoryDatabase
  connect(connections: Connections): ConnectedDatabase
}

export function createMemoryDatabase(epoch: string, connections?: Connections): MemoryDatabase {
  return openMemoryDatabase(epoch, emptyData(epoch), connections)
}

function openMemoryDatabase(epoch: string, data: Data, connections?: Connections): MemoryDatabase {
  const access = connections ? sideBySide(data, connections) : oneByOne(data)
  return {
    epoch,
    copy(other) {
      const copy = structuredClone(data)
      copy.identity = { ...copy.identity, epoch: other }
      return openMemoryDatabase(other, copy, connections)
    },
    connect: others => ({ epoch, ...sideBySide(data, others) }),
    ...access
  }
}

/** One transaction at a time, so reads are consistent and every group is locked. */
function oneByOne(data: Data): Omit<Database, 'epoch'> {
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work)
    turn = result.catch(() => undefined)
    return result
  }
  return {
    renewEpoch: from => inTurn(async () => renewEpoch(data, from)),
    transaction: work =>
      inTurn(async () => {
        // Writes happen at the end, after the last step that can fail.
        const writes: (() => void)[] = []
        const result = await work({ ...reader(data), ...writer(data, writes, mapAt) })
        for (const write of writes) write()
        return result
      }),
    snapshot: work => inTurn(() => work(reader(data))),
    compact: before => inTurn(async () => compact(data, before, mapAt)),
    close: () => inTurn(() => Promise.resolve())
  }
}
