/** Submits pushed operations to their lanes, within the limits of the client. */

import type { PushedOperation } from '../../protocol/messages.ts'
import type { Account } from './accounts.ts'
import { submission, type Outcome } from '../authority/submission.ts'
import { holdInAll, type Budget } from './budget.ts'
import type { Lanes } from '../authority/lanes.ts'
import type { Replica } from './replica/replica.ts'

/** Twice the number that a client may have without a verdict. */
const operationsWaitingMax = 1000

type Actor = {
  readonly userID: string
  readonly isAppAdmin: boolean
  readonly account: Account
  readonly replica: Pick<Replica, 'addPushed'>
}

/** Returns `false` at the first operation beyond the limits. Those before it are judged. */
export function createPush(
  lanes: Lanes,
  {
    budgets,
    onOutcome
  }: { budgets(): readonly Budget[]; onOutcome(opID: string, outcome: Outcome): void }
) {
  let operationsWaiting = 0

  return (
    { userID, isAppAdmin, account, replica }: Actor,
    operations: readonly PushedOperation[]
  ): boolean =>
    operations.every(operation => {
      // The callback must not hold the operation: unknown arguments would stay in memory.
      const { opID } = operation
      const checked = submission({ userID, isAppAdmin, operation })
      const countDown =
        operationsWaiting < operationsWaitingMax ? account.holdOperation() : undefined
      const release = countDown && holdInAll(budgets(), checked.bytes)
      if (!release) {
        countDown?.()
        return false
      }
      operationsWaiting++
      replica.addPushed(opID)
      const settle = (outcome: Outcome) => {
        release()
        countDown()
        operationsWaiting--
        onOutcome(opID, outcome)
      }
      lanes.submit({ ...checked, settle })
      return true
    })
}
