/**
 * The order of transactions on one database, as in IndexedDB over all connections. A write waits
 * for all earlier transactions, a read for earlier writes. A transaction takes time and has its
 * effect in its last moment, when no conflicting transaction runs.
 */

import type { World } from './world.ts'

type Transaction = {
  readonly isWriting: boolean
  readonly work: () => Promise<void>
  stop?: () => void
}

export function createTransactions(world: World, duration: () => number) {
  const created: Transaction[] = []

  function advance(): void {
    for (const [index, transaction] of created.entries()) {
      if (transaction.isWriting && index > 0) return
      transaction.stop ??= world.at(
        world.now() + duration(),
        () => void world.wait(finish(transaction))
      )
      if (transaction.isWriting) return
    }
  }

  async function finish(transaction: Transaction): Promise<void> {
    await transaction.work()
    remove(transaction)
  }

  function remove(transaction: Transaction): void {
    created.splice(created.indexOf(transaction), 1)
    advance()
  }

  return {
    /** The returned function cancels the transaction. */
    create(isWriting: boolean, work: () => Promise<void>): () => void {
      const transaction: Transaction = { isWriting, work }
      created.push(transaction)
      advance()
      return () => {
        transaction.stop?.()
        remove(transaction)
      }
    },
    isIdle: () => created.length === 0
  }
}
