/**
 * Reads that are requested in one microtask, or while other reads run, share a transaction: a
 * transaction costs more than the pages it reads.
 */

import { runTransaction, storeNames } from './database.ts'
import type { Journal } from './journal.ts'
import type { ConsistentRead, StorageQuery } from './port.ts'
import { readQueries } from './read-transaction.ts'

type WaitingRead = {
  readonly queries: readonly StorageQuery[]
  resolve(read: ConsistentRead): void
  reject(error: unknown): void
}

/** The number of concurrent transactions. Further reads wait and share the next one. */
const transactionsMax = 2

export function createReadQueue(database: IDBDatabase, journal: Journal, onFirstRead: () => void) {
  let waiting: WaitingRead[] = []
  let transactions = 0
  let hasRead = false

  async function answerWaiting(): Promise<void> {
    await Promise.resolve()
    while (waiting.length > 0) {
      const reads = waiting
      waiting = []
      try {
        const transaction = database.transaction(storeNames, 'readonly')
        const { answers, commitNumber } = await runTransaction(transaction, async stores => ({
          answers: await readQueries(
            { journal, stores },
            reads.map(({ queries }) => queries)
          ),
          commitNumber: journal.commitNumber()
        }))
        reads.forEach(({ resolve }, index) =>
          // Answers are in the order of the queries, each with rows of its table.
          resolve({ answers: answers[index] as never, commitNumber })
        )
        if (!hasRead) onFirstRead()
        hasRead = true
      } catch (error) {
        for (const { reject } of reads) reject(error)
      }
    }
    transactions--
  }

  return {
    read: <const Q extends readonly StorageQuery[]>(queries: Q): Promise<ConsistentRead<Q>> =>
      new Promise((resolve, reject) => {
        waiting.push({ queries, resolve: resolve as WaitingRead['resolve'], reject })
        if (transactions === transactionsMax) return
        transactions++
        void answerWaiting()
      })
  }
}
