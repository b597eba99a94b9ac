/** The writes of a logout (logout.ts): they seal the database, and give its operations verdicts. */

import type { Storage, Write } from '../../storage/port.ts'
import type { Commits } from './commits.ts'
import { database } from './database-id.ts'
import { lease, leaseOf, leaseWrite } from './lease.ts'
import { discarded, settle } from './settle.ts'
import type { State } from './state.ts'

export type SealOptions = { readonly isDiscarding: boolean; isWanted(): boolean }

export function createSeal(storage: Storage, state: State, { publish }: Commits) {
  return {
    makeRoom: async () => storage.makeRoom?.(),

    /**
     * Seals the database, for a logout: no tab can enqueue an operation any more, and none leads.
     * If operations are pending, their number is the answer and nothing is written, unless they are
     * discarded: then each gets a verdict in the same transaction. `isWanted` is called in the
     * transaction.
     */
    async seal({ isDiscarding, isWanted }: SealOptions): Promise<number> {
      let pendingCount = 0
      let isLate: boolean | undefined
      let writes: Write[] = []
      const commitNumber = await storage.transact([outboxQuery, lease], ([pending, [row]]) => {
        isLate = !isWanted()
        if (isLate) return []
        pendingCount = isDiscarding ? 0 : pending.length
        writes = isDiscarding ? pending.flatMap(discarded) : []
        return pendingCount > 0 ? [] : [...writes, sealed(row)]
      })
      if (isLate) throw new Error('The logout was refused already.')
      if (writes.length > 0) publish({ commitNumber, writes })
      return pendingCount
    },

    async countPending(): Promise<number> {
      const { answers } = await storage.read([outboxQuery])
      return answers[0].length
    },

    /**
     * Another tab removes the database, and every operation is discarded. This tab or another one
     * may have written its rows again meanwhile. Resolves with `true` if the database is sealed and
     * has to be removed. That of a later login is left alone.
     */
    async discardAll(): Promise<boolean> {
      let isKnownDatabase: boolean | undefined
      const ids = [...state.outbox.rows.keys()]
      const discarding = storage.transact(
        [outboxQuery, lease, database],
        ([pending, [row], [named]]) => {
          isKnownDatabase = named === undefined || named.databaseID === state.databaseID()
          const discardable = isKnownDatabase
            ? pending
            : pending.filter(({ opID }) => ids.includes(opID))
          return [...discardable.flatMap(discarded), ...(isKnownDatabase ? [sealed(row)] : [])]
        }
      )
      const isSealed = await discarding.then(
        () => isKnownDatabase === true,
        // Expected: the database is gone.
        () => false
      )
      state.settle(state.outbox.inOrder().flatMap(discarded))
      return isSealed
    },

    /** Whether a tab has logged out. Its verdicts reach this tab, if their message did not. */
    async readSeal(): Promise<boolean> {
      const ids = [...state.outbox.rows.keys()]
      const { answers } = await storage.read([lease, { table: 'verdicts', scope: '', ids }])
      const [[row], verdicts] = answers
      state.settle(
        verdicts.flatMap(({ verdict }) => {
          const pending = state.outbox.rows.get(verdict.opID)
          return pending ? settle(pending, verdict) : []
        })
      )
      return row?.isSealed === true
    }
  }
}

/** No tab leads any more, so the term rises. */
function sealed(row: unknown): Write {
  const stored = leaseOf(row)
  return leaseWrite({ ...stored, term: stored.term + 1, isSealed: true })
}

const outboxQuery = { table: 'outbox', scope: '' } as const
