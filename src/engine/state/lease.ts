/** The row that the tabs share: the term of the leader, a logout, and the calls of `pause`. */

import type { Storage } from '../../storage/port.ts'
import type { Lease } from '../../storage/tables.ts'
import { parsed, storedRows } from './stored-rows.ts'
import { withRoom } from './with-room.ts'

export const lease = { table: 'lease', scope: '' } as const

/** A claim to lead: its term, and its commit. */
export type Claim = { readonly term: number; readonly commitNumber: number }

type LeaseOptions = {
  readonly storage: Storage
  /** Removes rows that the server can send again. */
  makeRoom(): Promise<void>
  /** Another tab has logged out. */
  onSealed(): unknown
}

export function createLeaseWrites({ storage, makeRoom, onSealed }: LeaseOptions) {
  return {
    /**
     * Raises the term, so that this tab becomes the leader. `isWanted` is called in the
     * transaction: a claim that was given up meanwhile must not depose the present leader.
     */
    async claimTerm(knownTerm: number, isWanted: () => boolean): Promise<Claim | undefined> {
      let claimed: number | undefined
      let stored: Lease | undefined
      const claim = () =>
        storage.transact(
          [lease],
          ([[row]]) => {
            stored = parsed(storedRows.lease, row)
            claimed =
              isWanted() && !stored?.isSealed
                ? Math.max(stored?.term ?? 0, knownTerm) + 1
                : undefined
            return claimed === undefined
              ? []
              : [{ ...lease, id: '', row: { ...stored, term: claimed } }]
          },
          'relaxed'
        )
      const commitNumber = await withRoom(makeRoom, claim)
      if (stored?.isSealed) {
        onSealed()
        throw new Error('A tab has logged out.')
      }
      return claimed === undefined ? undefined : { term: claimed, commitNumber }
    },

    /** Numbers a call of `pause` or `resume`, later than all calls of all tabs. */
    async countPauseCall(least: number): Promise<number> {
      let calls = least
      await storage.transact(
        [lease],
        ([[row]]) => {
          const stored = parsed(storedRows.lease, row)
          calls = Math.max(least, (stored?.pauseCalls ?? 0) + 1)
          return [{ ...lease, id: '', row: { term: 0, ...stored, pauseCalls: calls } }]
        },
        'relaxed'
      )
      return calls
    }
  }
}
