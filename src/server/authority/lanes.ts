/**
 * A lane per group: the waiting operations of a group are judged together in one transaction. Its
 * row lock excludes other servers that judge the same group.
 */

import type { Policy } from '../../kernel/limits.ts'
import { judge } from './judge.ts'
import type { Outcome, Submission } from './submission.ts'
import type { Announcement } from './announcement.ts'
import type { Database } from '../database/port.ts'

/**
 * A transaction judges one operation, and further ones up to these sums. All other users wait
 * during that time. Two operations with 500 users each fit.
 */
const transactionMax = { operations: 200, rows: 4096, bytes: 65_536 }

type Settle = (outcome: Outcome) => void
type Waiting = Submission & { readonly settles: Settle[] }

export type Lanes = {
  /**
   * Calls `settle` once the operation is committed, directly after its announcement, or with
   * `retry` if the transaction failed. An operation sent over two connections is judged once.
   */
  submit(submission: Submission & { settle: Settle }): void
  /** Resolves when no transaction is running. */
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
  /** Waiting operations by user, group and ID. */
  const byID = new Map<string, Waiting>()

  async function run(groupID: string, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, countOfNext(waiting))
      if (await attempt(groupID, batch, onError)) continue
      // The database may refuse the operations of one user. The others must still be judged.
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
      // Expected: the database is away, or a conflict. There is no commit, and the clients retry.
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

/** How many of the waiting operations the next transaction judges. */
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
