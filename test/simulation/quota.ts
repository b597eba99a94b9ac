/**
 * An exhausted quota, as in browsers: storage refuses every transaction that puts something, and
 * accepts deletions. Room is made by the deletion of a reserve, and of rows that a commit removed.
 */

import type { Write } from '../../src/storage/port.ts'
import type { createRows } from './rows.ts'
import type { World } from './world.ts'

/** The deleted rows of one group make room for so many commits. */
const commitsPerGroup = 10

export function createQuota(world: World, rows: ReturnType<typeof createRows>) {
  let exhaustedUntil = 0
  /** Commits that still fit. */
  let room = 0
  let hasReserve = true
  /** Groups whose members were removed since room was last made. */
  let emptied = 0

  const isExhausted = () => world.now() < exhaustedUntil
  const puts = (write: Write) => 'block' in write || ('row' in write && write.row !== null)
  /** A user is part of each of the groups, so one row remains. */
  const frees = (write: Write) =>
    write.table === 'members' && 'empty' in write && rows.table('members', write.scope).size > 1

  return {
    isExhausted,
    exhaust(ms: number): void {
      exhaustedUntil = world.now() + ms
      room = emptied = 0
      hasReserve = true
    },
    admits: (writes: readonly Write[]): boolean => !isExhausted() || room > 0 || !writes.some(puts),
    /** Before the writes take effect. */
    use(writes: readonly Write[]): void {
      if (!isExhausted()) return
      if (writes.some(puts)) room--
      emptied += writes.filter(frees).length
    },
    makeRoom(): void {
      if (!isExhausted()) return
      room += (hasReserve ? 1 : 0) + commitsPerGroup * emptied
      hasReserve = emptied > 0
      emptied = 0
    },
    heal: () => void (exhaustedUntil = 0)
  }
}
