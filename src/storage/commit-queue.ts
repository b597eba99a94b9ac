/**
 * Commits and checkpoints run one after another. Transactions that are requested in one microtask,
 * or while a commit runs, share the next commit.
 */

import type { Checkpoint } from './checkpoint.ts'
import { commitTogether, type StorageTransaction } from './commit.ts'
import type { Journal } from './journal.ts'
import type { Storage } from './port.ts'

export function createCommitQueue(journal: Journal, checkpoint: Checkpoint) {
  let waiting: StorageTransaction[] = []
  let running: Promise<void> | undefined

  const start = (): void => void (running ??= run())

  async function run(): Promise<void> {
    await Promise.resolve()
    while (waiting.length > 0 || checkpoint.isCheckpointing()) {
      const transactions = waiting
      waiting = []
      if (transactions.length > 0) await commitTogether(journal, transactions)
      else await checkpoint.step()
    }
    running = undefined
    checkpoint.schedule(start)
  }

  const transact: Storage['transact'] = (queries, body, durability = 'strict') =>
    new Promise((resolve, reject) => {
      // Answers are in the order of the queries, each with rows of its table.
      const untyped = body as StorageTransaction['body']
      waiting.push({ queries, body: untyped, durability, resolve, reject })
      start()
    })

  return {
    transact,
    /** Starts a checkpoint in a quiet moment, if the journal has rows. */
    scheduleCheckpoint: () => checkpoint.schedule(start),
    /** Resolves when all transactions are committed. No checkpoint starts after that. */
    async end(): Promise<void> {
      checkpoint.end()
      await running
    }
  }
}
