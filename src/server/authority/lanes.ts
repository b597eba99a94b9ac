/**
 * A lane per group: operations that wait on the same group are judged together, in one transaction. The row lock that
 * the transaction takes keeps lanes of other nodes apart.
 */

import type { Policy } from '../../kernel/limits.ts'
import { judge } from './judge.ts'
import type { Outcome, Submission } from './submission.ts'
import type { Announcement } from './announcement.ts'
import type { Database } from '../database/port.ts'

/**
 * A transaction judges one operation, and further ones up to these sums. Everybody else waits while
 * the server computes them. Two operations that name 500 users each fit.
 */
const transactionMax = { operations: 200, rows: 4096, bytes: 65_536 }

type Settle = (outcome: Outcome) => void
type Waiting = Submission & { readonly settles: Settle[] }

export type Lanes = {
  /**
   * Calls `settle` once the operation is judged and committed, right after the announcement of what it changed, or
   * with `retry` when the transaction failed. An operation that waits already, because it came over another
   * connection, waits once.
   */
  submit(submission: Submission & { settle: Settle }): void
  /** Waits for the transactions under way. */
  idle(): Promise<void>
}

export function createLanes(
  database: Database,
  {
    now,
    policy,
    announce,
    onError
  }: {
    now(): number
    policy: Policy
    announce(announcement: Announcement): void
    onError(error: unknown): void
  }
): Lanes {
  const lanes = new Map<string, Waiting[]>()
  const running = new Set<Promise<void>>()
  /** Operations that wait, by user, group and ID. */
  const byID = new Map<string, Waiting>()

  async function run(groupID: string, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, countOfNext(waiting))
      if (await attempt(groupID, batch, onError)) continue
      // Two nodes may have met, or one user's operations be what the database refuses: others need not wait for that.
      const users = byUser(batch)
      for (const ofUser of users) {
        const isDone = users.length > 1 && (await attempt(groupID, ofUser, () => undefined))
        if (!isDone) for (const each of ofUser) settle(each, { kind: 'retry' })
      }
    }
    lanes.delete(groupID)
  }

  async function attempt(
    groupID: string,
    batch: readonly Waiting[],
    onFailure: typeof onError
  ): Promise<boolean> {
    try {
      const { outcomes, announcement } = await database.transaction(tx =>
        judge(tx, groupID, batch, { nowMs: now(), policy })
      )
      if (announcement) announce(announcement)
      batch.forEach((each, index) => settle(each, outcomes[index] ?? { kind: 'retry' }))
      return true
    } catch (error) {
      // Expected: the database is away, or two nodes met. Nothing was committed; the clients send again.
      onFailure(error)
      return false
    }
  }

  function settle(waiting: Waiting, outcome: Outcome): void {
    byID.delete(keyOf(waiting))
    for (const each of waiting.settles) each(outcome)
  }

  return {
    submit({ settle: settleOne, ...submission }) {
      const { groupID } = submission.operation
      const same = byID.get(keyOf(submission))
      if (same) return void same.settles.push(settleOne)
      const waiting: Waiting = { ...submission, settles: [settleOne] }
      byID.set(keyOf(waiting), waiting)
      const lane = lanes.get(groupID)
      if (lane) return void lane.push(waiting)
      const started = [waiting]
      lanes.set(groupID, started)
      const done = run(groupID, started).finally(() => running.delete(done))
      running.add(done)
    },
    async idle() {
      await Promise.all(running)
    }
  }
}

/** How many of the waiting operations one transaction judges. */
function countOfNext(waiting: readonly Waiting[]): number {
  const sum = { operations: 0, rows: 0, bytes: 0 }
  const tooMany = waiting.findIndex(({ rows, bytes }) => {
    sum.operations++
    sum.rows += rows
    sum.bytes += bytes
    return (
      sum.operations > transactionMax.operations ||
      sum.rows > transactionMax.rows ||
      sum.bytes > transactionMax.bytes
    )
  })
  return tooMany < 0 ? waiting.length : Math.max(1, tooMany)
}

const keyOf = ({ userID, operation: { groupID, opID } }: Submission): string =>
  `${userID}\n${groupID}\n${opID}`

function byUser(batch: readonly Waiting[]): Waiting[][] {
  const users = new Map<string, Waiting[]>()
  for (const each of batch) users.set(each.userID, [...(users.get(each.userID) ?? []), each])
  return [...users.values()]
}
