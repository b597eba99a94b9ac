/**
 * The order of transactions on one database, as IndexedDB has it over all connections: one that writes waits for all that
 * were created before it, one that reads for those of them that write. What runs takes its time; what it does, it does
 * in its last moment, when nothing that could disturb it runs beside it.
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
    /** The returned function takes it back. */
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
