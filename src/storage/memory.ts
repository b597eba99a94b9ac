/** The storage port in memory. */

import { createMemtable } from './memtable.ts'
import type { Storage, StorageQuery } from './port.ts'

/** Creates empty storage in memory. Its rows are lost with the process. */
export function createMemoryStorage(): Storage {
  const memtable = createMemtable(true)
  let commitNumber = 0
  let lastCall: Promise<unknown> = Promise.resolve()

  // Calls are asynchronous and run one after another, as on a disk.
  const inTurn = <T>(call: () => T): Promise<T> => {
    const turn = lastCall.then(call)
    lastCall = turn.catch(() => undefined)
    return turn
  }
  // `never`: each answer has rows of the query's table, which the type cannot express.
  const answer = (queries: readonly StorageQuery[]) =>
    queries.map(query => memtable.read(query, [])) as never

  return {
    read: queries => inTurn(() => ({ answers: answer(queries), commitNumber })),
    transact: (queries, body) =>
      inTurn(() => {
        const writes = body(answer(queries))
        writes.forEach(memtable.write)
        // As IndexedDB does: without writes, there is no commit.
        return writes.length > 0 ? ++commitNumber : commitNumber
      }),
    close: () => inTurn(() => undefined),
    destroy: () => inTurn(memtable.clear)
  }
}
