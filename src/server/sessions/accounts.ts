/** What all sessions of a user may hold together on this server, over any transport. */

import { createBudget, type Budget } from './budget.ts'

/** The oldest session of a user ends when there is one more. */
const sessionsPerUserMax = 20
/** Frames that wait, and operations that wait for their verdict. */
const userBytes = { slowAbove: 4_194_304, max: 16_777_216 }
const operationsPerUserMax = 2000
/** The same of all users together, so that many users cannot exhaust the memory of the server. */
const serverBytes = { slowAbove: 67_108_864, max: 268_435_456 }

export type Account = {
  /** Of this user, and of all users. */
  readonly budgets: readonly Budget[]
  /** Counts an operation until the returned function is called. `undefined`: too many wait already. */
  holdOperation(): (() => void) | undefined
  leave(): void
}

export type Accounts = {
  /** A session of this user begins. `end` ends it, when later ones need its place. */
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
