/**
 * The budget of a database: storage refuses commits before the platform does. A checkpoint needs
 * room for copies of the pages that it replaces, and the platform counts in a way of its own. Other
 * values of the app are not counted.
 *
 *   0 ────── commits ────── 80 % ── reserve ── 90 % ── checkpoints ── all bytes
 *
 * In full storage, `makeRoom` opens the reserve for one commit, which can remove rows.
 */

import type { SealedValues } from './sealed-values.ts'

const commitShare = 0.8
const reserveShare = 0.9

export type Budget = ReturnType<typeof createBudget>

export function createBudget(values: SealedValues, bytesInAll: number) {
  let isReserveOpen = false

  return {
    /** Throws if a commit of this size has no room. */
    check(bytes: number): void {
      const total = values.usedBytes() + bytes
      if (total <= commitShare * bytesInAll) return
      if (!isReserveOpen || total > reserveShare * bytesInAll) throw quotaError()
      isReserveOpen = false
    },
    openReserve: () => void (isReserveOpen = true)
  }
}

function quotaError(): Error {
  const error = new Error('The storage of the platform is full.')
  error.name = 'QuotaExceededError'
  return error
}
