/** Counts bytes that the server holds for somebody: over a first limit it is slowed, over a second refused. */

export type Budget = {
  /** Counts `bytes` until the returned function is called. `undefined`: they would be over the limit. */
  hold(bytes: number): (() => void) | undefined
  /** Resolves when fewer than `slowBytes` are held; `undefined`: that is so now. */
  room(): Promise<void> | undefined
}

export function createBudget({ slowBytes, bytesMax }: { slowBytes: number; bytesMax: number }): Budget {
  let heldBytes = 0
  const waiting: (() => void)[] = []
  return {
    hold(bytes) {
      if (heldBytes + bytes > bytesMax) return undefined
      heldBytes += bytes
      return () => {
        heldBytes -= bytes
        if (heldBytes <= slowBytes) for (const resolve of waiting.splice(0)) resolve()
      }
    },
    room: () => (heldBytes <= slowBytes ? undefined : new Promise(resolve => waiting.push(resolve)))
  }
}

/** Counts bytes in several budgets at once, in all of them or in none. */
export function holdInAll(budgets: readonly Budget[], bytes: number): (() => void) | undefined {
  const releases = budgets.map(budget => budget.hold(bytes))
  const release = () => {
    for (const each of releases) each?.()
  }
  if (releases.every(each => each !== undefined)) return release
  release()
  return undefined
}

/** Resolves when all budgets have room; `undefined`: they have now. */
export function roomInAll(budgets: readonly Budget[]): Promise<void> | undefined {
  const full = budgets.map(budget => budget.room()).find(room => room !== undefined)
  return full?.then(() => roomInAll(budgets))
}
