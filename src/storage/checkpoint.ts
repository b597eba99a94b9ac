/**
 * Checkpoints write the rows of the journal into pages, and remove its records. A checkpoint starts
 * after 5 s without commits, or at once if the journal has grown too long. So removed rows leave
 * the disk 5 s after the last commit.
 */

import type { Journal } from './journal.ts'
import { openPages } from './page-store.ts'
import { keepReserve } from './make-room.ts'
import { paintKey } from './paint-cache.ts'

const quietMs = 5000
/** Scopes per transaction. Commits and reads wait for it. */
const scopesPerStep = 64

export type Checkpoint = ReturnType<typeof createCheckpoint>

/** `textMax`: the length of the journal, in characters, that starts a checkpoint. */
export function createCheckpoint(journal: Journal, textMax: number) {
  let isCheckpointing = false
  let isRefused = false
  let isEnded = false
  let timer: ReturnType<typeof setTimeout> | undefined

  return {
    isCheckpointing: () => isCheckpointing,

    /** Writes some scopes in one transaction. Commits may come between two steps. */
    async step(): Promise<void> {
      try {
        await journal.append('relaxed', async stores => {
          await journal.readNew(stores)
          const { scopes } = journal.memtable
          const step = [...scopes].slice(0, scopesPerStep)
          const isLast = step.length === scopes.size
          if (isLast) isCheckpointing = false
          await openPages(stores.pages).write(step.map(([, writes]) => writes))
          // The cached paint may show rows that this checkpoint removes.
          stores.pages.delete(paintKey)
          // A checkpoint that was refused must not be refused again because of the reserve.
          if (isLast && !isRefused) await keepReserve(stores.pages)
          if (isLast) stores.journal.delete(IDBKeyRange.upperBound(journal.commitNumber()))
          return { checkpointed: isLast ? 'all' : step.map(([key]) => key), writes: [] }
        })
        isRefused = false
      } catch {
        // Expected: the disk is full. The journal still has all rows, and the timer retries.
        isCheckpointing = false
        isRefused = true
      }
    },

    /** Call it after commits. `start` must run steps until `isCheckpointing` is false. */
    schedule(start: () => void): void {
      clearTimeout(timer)
      if (isEnded) return
      const begin = () => {
        isCheckpointing = true
        start()
      }
      if (journal.textHeld() > textMax && !isRefused) begin()
      else if (journal.textHeld() > 0) timer = setTimeout(begin, quietMs)
    },

    /** Prevents further steps. */
    end(): void {
      isEnded = true
      clearTimeout(timer)
      isCheckpointing = false
    }
  }
}
