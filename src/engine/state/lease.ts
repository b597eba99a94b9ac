/** The row that the tabs share: the term of the leader, a logout, and the calls of `pause`. */

import type { Commit, Storage, Write } from '../../storage/port.ts'
import type { Lease } from '../../storage/tables.ts'
import { database, hasEnded, naming } from './database-id.ts'
import { parsed, storedRows } from './stored-rows.ts'
import { withRoom } from './with-room.ts'

export const lease = { table: 'lease', scope: '' } as const

export const leaseWrite = (row: Lease): Write => ({ ...lease, id: '', row })

/** If no row is stored, or a damaged one, its term is 0. */
export const leaseOf = (row: unknown): Lease => parsed(storedRows.lease, row) ?? { term: 0 }

/** Whether a logout has ended the database that a tab knows by its ID. */
export const isEndedDatabase = (row: unknown, named: unknown, knownID: string | undefined) =>
  leaseOf(row).isSealed === true || hasEnded(named, knownID)

/** A claim to lead: its term, and its commit. */
export type Claim = { readonly term: number; readonly commitNumber: number }

type LeaseOptions = {
  readonly storage: Storage
  newID(): string
  publish(commit: Commit): void
  /** Of the database whose rows are in memory. */
  databaseID(): string | undefined
  /** Another tab has logged out. */
  onEnded(): void
}

export function createLeaseWrites(options: LeaseOptions) {
  const { storage, newID, publish, databaseID, onEnded } = options

  /** Resolves with the commit number. `change` returns `undefined` to write nothing. */
  async function update(
    change: (stored: Lease | undefined, isEnded: boolean) => Lease | undefined
  ): Promise<number> {
    let named: Write[] = []
    const commitNumber = await storage.transact(
      [lease, database],
      ([[row], [stored]]) => {
        const isEnded = isEndedDatabase(row, stored, databaseID())
        const changed = change(parsed(storedRows.lease, row), isEnded)
        named = changed ? naming(stored, newID) : []
        return changed ? [leaseWrite(changed), ...named] : []
      },
      'relaxed'
    )
    // A tab that has read the empty database has to learn its ID.
    if (named.length > 0) publish({ commitNumber, writes: named })
    return commitNumber
  }

  return {
    /**
     * Raises the term, so that this tab becomes the leader. `isWanted` is called in the
     * transaction: a claim that was given up meanwhile must not depose the present leader.
     */
    async claimTerm(knownTerm: number, isWanted: () => boolean): Promise<Claim | undefined> {
      let claimed: number | undefined
      let isEnded: boolean | undefined
      const claim = () =>
        update((stored, isDatabaseEnded) => {
          isEnded = isDatabaseEnded
          claimed = isWanted() && !isEnded ? Math.max(stored?.term ?? 0, knownTerm) + 1 : undefined
          return claimed === undefined ? undefined : { ...stored, term: claimed }
        })
      // Only the leader evicts: it must not count removed members as stored.
      const commitNumber = await withRoom(async () => storage.makeRoom?.(), claim)
      if (isEnded) {
        onEnded()
        throw new Error('A tab has logged out.')
      }
      return claimed === undefined ? undefined : { term: claimed, commitNumber }
    },

    /** Numbers a call of `pause` or `resume`, later than all calls of all tabs. */
    async countPauseCall(least: number): Promise<number> {
      let calls = least
      await update(stored => {
        calls = Math.max(least, (stored?.pauseCalls ?? 0) + 1)
        return { term: 0, ...stored, pauseCalls: calls }
      })
      return calls
    }
  }
}
