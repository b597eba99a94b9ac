/** What became of an operation: the server's answer, exactly one per operation. */

import { scopeOf, type GroupError, type Scope } from './errors.ts'

export type Verdict =
  | {
      readonly kind: 'applied' | 'partial'
      readonly opID: string
      readonly groupID: string
      /** The position in the group's log that holds the effect. */
      readonly seq: number
      readonly result: unknown
    }
  | {
      readonly kind: 'rejected'
      readonly opID: string
      readonly groupID: string
      readonly error: GroupError
      readonly scope: Scope
      readonly cause?: Cause
    }

/** What made an operation impossible: who did what, and when, in seconds by the server's clock. */
export type Cause = { readonly reason: CauseReason; readonly by: string; readonly at: number }
export const causeReasons = ['quit', 'kicked', 'dismissed', 'demoted', 'predecessor'] as const
export type CauseReason = (typeof causeReasons)[number]

export function rejected({ opID, groupID }: { opID: string; groupID: string }, error: GroupError, cause?: Cause): Verdict {
  return { kind: 'rejected', opID, groupID, error, scope: scopeOf(error), ...(cause && { cause }) }
}
