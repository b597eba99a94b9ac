/** The limits that all sessions of a user on this server share, over any transport. */

import { createBudget, type Budget } from './budget.ts'

/** Above this number, the oldest session of the user ends. */
const sessionsPerUserMax = 20
/** Waiting frames and unjudged operations. */
const userBytes = { slowAbove: 4_194_304, max: 16_777_216 }
const operationsPerUserMax = 2000
/** The same for all users together: many users must not exhaust the server's memory. */
const serverBytes = { slowAbove: 67_108_864, max: 268_435_456 }

export type Account = {
  /** The user's budget and the budget of all users. */
  readonly budgets: readonly Budget[]
  /** Counts an operation until the returned function is called. `undefined`: too many wait. */
  holdOperation(): (() => void) | undefined
  leave(): void
}

export type Accounts = {
  /** Counts a new session of the user. `end` is called if a later session needs its place. */
  enter(userID: string, end: () => void): Account
}

type Entry = { readonly budget: Budget; readonly sessions: Set<() => void>; operations: number }

export function createAccounts(bytes = serverBytes): Accounts {
  const total = createBudget(bytes)
  const entries = new Map<string, Entry>()

  return {
    enter(userID, end) {
      const entry = entries.get(userID) ?? {
        budget: createBudget(userBytes),
        sessions: new Set(),
        operations: 0
      }
      entries.set(userID, entry)
      const forget = () => {
        if (entry.sessions.size === 0 && entry.operations === 0) entries.delete(userID)
      }
      const [oldest] = entry.sessions
      if (entry.sessions.size === sessionsPerUserMax) oldest?.()
      entry.sessions.add(end)
      return {
        budgets: [entry.budget, total],
        holdOperation() {
          if (entry.operations === operationsPerUserMax) return undefined
          entry.operations++
          return () => {
            entry.operations--
            forget()
          }
        },
        leave() {
          entry.sessions.delete(end)
          forget()
        }
      }
    }
  }
}
