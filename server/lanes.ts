/**
 * A lane per group: operations that wait on the same group are judged together, in one transaction. The row lock that
 * the transaction takes keeps lanes of other nodes apart.
 */

import type { Policy } from '../src/kernel/limits.ts'
import { judge, type Outcome, type Submission } from './authority.ts'
import type { Announcement } from './batch.ts'
import type { Database } from './port.ts'

const operationsPerTransactionMax = 200

type Waiting = Submission & { settle(outcome: Outcome): void }

export type Lanes = {
  /**
   * Calls `settle` once the operation is judged and committed, right after the announcement of what it changed, or
   * with `retry` when the transaction failed.
   */
  submit(waiting: Waiting): void
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
  }: { now(): number; policy: Policy; announce(announcement: Announcement): void; onError(error: unknown): void }
): Lanes {
  const lanes = new Map<string, Waiting[]>()
  const running = new Set<Promise<void>>()

  async function run(groupID: string, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) await settle(groupID, waiting.splice(0, operationsPerTransactionMax))
    lanes.delete(groupID)
  }

  async function settle(groupID: string, batch: Waiting[]): Promise<void> {
    try {
      const { outcomes, announcement } = await database.transaction(tx => judge(tx, groupID, batch, { nowMs: now(), policy }))
      if (announcement) announce(announcement)
      batch.forEach((each, index) => each.settle(outcomes[index] ?? { kind: 'retry' }))
    } catch (error) {
      // Expected: the database is away, or two nodes met. Nothing was committed; the clients send again.
      onError(error)
      const users = new Set(batch.map(({ userID }) => userID))
      // An operation that cannot be judged must not hold up those of other users.
      if (users.size > 1)
        for (const user of users)
          await settle(
            groupID,
            batch.filter(({ userID }) => userID === user)
          )
      else for (const each of batch) each.settle({ kind: 'retry' })
    }
  }

  return {
    submit(waiting) {
      const { groupID } = waiting.operation
      const lane = lanes.get(groupID)
      if (lane) {
        lane.push(waiting)
        return
      }
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
