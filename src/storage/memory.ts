/** Storage that lives as long as its page: for tests, and for hosts that have no other. */

import { createLayer } from './layer.ts'
import type { StorageQuery, Storage } from './port.ts'

export function createMemoryStorage(): Storage {
  const layer = createLayer(true)
  let commits = 0
  let last: Promise<unknown> = Promise.resolve()

  // Asynchronous like any storage, and one after another like any transaction.
  const inTurn = <T>(work: () => T): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  const answer = (queries: readonly StorageQuery[]) => queries.map(query => layer.over(query, []))

  return {
    // `answer` keeps the order of the queries, each with rows of its table.
    read: queries => inTurn(() => ({ answers: answer(queries) as never, commitNumber: commits })),
    transact: (queries, body) =>
      inTurn(() => {
        body(answer(queries) as never).forEach(layer.take)
        return ++commits
      }),
    close: () => inTurn(() => undefined),
    destroy: () => inTurn(layer.clear)
  }
}
