/** I19: in the end a server holds nothing for its users. A refused operation leaves one verdict. */

import type { Account, Accounts } from '../../src/server/sessions/accounts.ts'
import type { Budget } from '../../src/server/sessions/budget.ts'
import type { Written } from './database.ts'

export type CountedAccounts = Accounts & {
  /** Describes all that is held for users. Empty if nothing is held. */
  held(): string[]
}

/** Accounts that count the bytes of each budget, and operations. */
export function countedAccounts(accounts: Accounts): CountedAccounts {
  const bytes = new Map<string, number>()
  const operations = new Map<string, number>()

  return {
    enter(userID, end): Account {
      const { budgets, holdOperation, leave } = accounts.enter(userID, end)
      return {
        budgets: budgets.map(budget => countedBudget(budget, amount => add(bytes, userID, amount))),
        holdOperation() {
          const release = holdOperation()
          if (!release) return undefined
          add(operations, userID, 1)
          return () => {
            add(operations, userID, -1)
            release()
          }
        },
        leave
      }
    },
    held: () => [
      ...[...bytes].map(([userID, count]) => `${count} bytes of ${userID} are held`),
      ...[...operations].map(([userID, count]) => `${count} operations of ${userID} are held`)
    ]
  }
}

function countedBudget({ hold, room }: Budget, add: (amount: number) => void): Budget {
  return {
    hold(amount) {
      const release = hold(amount)
      if (!release) return undefined
      add(amount)
      return () => {
        add(-amount)
        release()
      }
    },
    room
  }
}

function add(counts: Map<string, number>, key: string, amount: number): void {
  const count = (counts.get(key) ?? 0) + amount
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

/** The rows of a transaction that its accepted operations do not explain. */
export function excessRows({ writes, tails }: Written): string | undefined {
  const { groupID, state, log, members, dissolved, others, tips, memberships } = writes
  if (log.length > 0) return undefined
  const rows = members.length + others.length + tips.length + memberships.length + tails.size
  if (rows > 0 || dissolved)
    return `${groupID}: refused operations leave ${rows} rows at ${state.seq}`
  return undefined
}
