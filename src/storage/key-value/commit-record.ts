/**
 * Commit records: one per commit, under a number of its own. A record names the commit before it,
 * because the numbers have gaps: after a failed `set`, its number is never used again.
 */

import { areWrites, damagedWrites, decodeWrites, encodeWrites } from '../journal-format.ts'
import { parseRecord } from '../page-format.ts'
import type { Commit } from '../port.ts'

export type CommitRecord = Commit & {
  /** The number of the commit before. 0: none. */
  readonly previous: number
}

export const encodeCommit = ({ previous, writes }: Omit<CommitRecord, 'commitNumber'>): string =>
  `${previous} ${encodeWrites(writes)}`

export function decodeCommit(commitNumber: number, text: string): CommitRecord {
  const [, previous, encoded] = /^(\d+) ([^]*)$/.exec(text) ?? []
  const writes = decodeWrites(parseRecord(encoded))
  return {
    commitNumber,
    previous: Number(previous ?? commitNumber - 1),
    writes: areWrites(writes) ? writes : damagedWrites({ commitNumber, writes })
  }
}

/** In place of a commit that is damaged or lost, although later ones exist. */
export const damagedCommit = (commitNumber: number): Commit => ({
  commitNumber,
  writes: damagedWrites({ commitNumber, writes: 'damaged' })
})

/**
 * The commits after `base`, in their order. A crash during the last commit leaves no valid record
 * of it. Storage has never acknowledged this commit, so it is skipped.
 */
export function chainOf(valid: ReadonlyMap<number, CommitRecord>, base: number): Commit[] {
  const numbers = [...valid.keys()].sort((a, b) => a - b)
  const highestBelow = (limit: number): number => {
    while (numbers.length > 0 && (numbers[numbers.length - 1] ?? 0) >= limit) numbers.pop()
    return numbers[numbers.length - 1] ?? base
  }
  const chain: Commit[] = []
  let commitNumber = highestBelow(Infinity)
  while (commitNumber > base) {
    const record = valid.get(commitNumber)
    chain.push(record ?? damagedCommit(commitNumber))
    commitNumber = record ? record.previous : highestBelow(commitNumber)
  }
  return chain.reverse()
}
