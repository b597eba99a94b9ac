/**
 * The journal: one record per commit, until a superblock holds the commit. In memory it lies over
 * the pages. An append is one call of the host if the record fits into one value.
 */

import { createMemtable } from '../memtable.ts'
import type { Commit, Write } from '../port.ts'
import type { Budget } from './budget.ts'
import { encodeCommit } from './commit-record.ts'
import { commitKey, type Key } from './keys.ts'
import { sizeOf, type SealedValues } from './sealed-values.ts'

export type Journal = ReturnType<typeof createJournal>

type JournalOptions = {
  readonly values: SealedValues
  readonly budget: Budget
  /** The commits after the superblock, in their order. */
  readonly commits: readonly Commit[]
  /** The last commit in the superblock. */
  readonly base: number
  /** Lower than the number of the next commit. */
  readonly lastNumber: number
}

export function createJournal({ values, budget, commits, base, lastNumber: last }: JournalOptions) {
  const memtable = createMemtable()
  let lastNumber = last
  let commitNumber = base
  /** The stored records: their lengths by commit number. */
  const records = new Map<number, number>()

  const receive = (commit: Commit, characters: number) => {
    commitNumber = commit.commitNumber
    records.set(commitNumber, characters)
    commit.writes.forEach(memtable.write)
  }
  for (const commit of commits) receive(commit, 0)

  return {
    memtable,
    /** The last commit. */
    commitNumber: () => commitNumber,
    /** The highest number of a record, also of a failed one. */
    lastNumber: () => lastNumber,
    /** The length of the journal. */
    size: () => ({
      records: records.size,
      characters: [...records.values()].reduce((sum, characters) => sum + characters, 0)
    }),

    async append(writes: readonly Write[]): Promise<void> {
      const text = encodeCommit({ previous: commitNumber, writes })
      budget.check(sizeOf(text))
      // A failed `set` may take effect later, so its key is never used again.
      const next = ++lastNumber
      try {
        await values.write(commitKey(next), text)
      } catch (error) {
        records.set(next, 0)
        // Expected: the host fails again. The next commit does not name this one, so recovery skips
        // it. Only as the last record it would return after a restart.
        await values.remove(commitKey(next)).catch(() => undefined)
        throw error
      }
      receive({ commitNumber: next, writes }, text.length)
    },

    /** The key of the last stored record. `undefined`: there is none. */
    lastKey(): Key | undefined {
      return records.has(commitNumber) ? commitKey(commitNumber) : undefined
    },
    /** The host has lost all records. The next commit is the first one. */
    forget(): void {
      memtable.clear()
      commitNumber = 0
    },

    /** The keys that may be removed after a superblock with this base was stored. */
    collectUpTo(newBase: number): Key[] {
      const held = [...records.keys()].filter(number => number <= newBase)
      for (const number of held) records.delete(number)
      return held.map(commitKey)
    }
  }
}
