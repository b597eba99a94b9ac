/** Counts held bytes or frames. Above a limit the client is slowed, above a second one refused. */

export type Budget = {
  /** Counts `amount` until the returned function is called. `undefined`: above the limit. */
  hold(amount: number): (() => void) | undefined
  /** Resolves when at most `slowAbove` is held. `undefined`: there is room now. */
  room(): Promise<void> | undefined
}

export function createBudget({ slowAbove, max }: { slowAbove: number; max: number }): Budget {
  let held = 0
  const waiting: (() => void)[] = []
  return {
    hold(amount) {
      if (held + amount > max) return undefined
      held += amount
      return () => {
        held -= amount
        if (held <= slowAbove) for (const resolve of waiting.splice(0)) resolve()
      }
    },
    room: () => (held <= slowAbove ? undefined : new Promise(resolve => waiting.push(resolve)))
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

/** Resolves when all budgets have room. `undefined`: they have room now. */
export function roomInAll(budgets: readonly Budget[]): Promise<void> | undefined {
  const full = budgets.map(budget => budget.room()).find(room => room !== undefined)
  return full?.then(() => roomInAll(budgets))
}
