/** The verdicts of earlier operations: an operation that is sent twice gets one verdict. */

import type { StoredVerdict, Transaction } from '../database/port.ts'
import type { Submission } from './submission.ts'

export type KnownVerdicts = Awaited<ReturnType<typeof knownVerdicts>>

export async function knownVerdicts(tx: Transaction, submissions: readonly Submission[]) {
  const ids = new Map<string, Set<string>>()
  for (const { userID, operation } of submissions) {
    const { opID, after = opID } = operation
    ids.set(userID, new Set([...(ids.get(userID) ?? []), opID, after]))
  }
  const known = new Map<string, Map<string, StoredVerdict>>()
  // All transactions lock in the same order, so they cannot deadlock.
  for (const [userID, opIDs] of [...ids].sort(([a], [b]) => (a < b ? -1 : 1)))
    known.set(userID, await tx.verdicts(userID, [...opIDs]))
  return {
    of: ({ userID }: Submission, opID: string) => known.get(userID)?.get(opID),
    add: ({ userID }: Submission, opID: string, verdict: StoredVerdict) =>
      void known.get(userID)?.set(opID, verdict)
  }
}
