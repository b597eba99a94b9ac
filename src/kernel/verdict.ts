/** What became of an operation: the server's answer, exactly one per operation. */

import { scopeOf, type GroupError, type Scope } from './errors.ts'
import type { OrOther } from './model.ts'

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
      readonly scope: OrOther<Scope>
      readonly cause?: Cause
    }
  | {
      /** The server says `word`, which only another build knows. The operation is settled all the same. */
      readonly kind: 'unknown'
      readonly word: string
      readonly opID: string
      readonly groupID: string
      readonly seq: number
    }

/** The rows have to reach the position of such a verdict before its operation leaves the view. */
export type Effective = Exclude<Verdict, { kind: 'rejected' }>

/** What made an operation impossible: who did what, and when, in seconds by the server's clock. */
export type Cause = {
  readonly reason: OrOther<CauseReason>
  readonly by: string
  readonly at: number
}
export const causeReasons = ['quit', 'kicked', 'dismissed', 'demoted', 'predecessor'] as const
export type CauseReason = (typeof causeReasons)[number]

export function rejected(
  { opID, groupID }: { opID: string; groupID: string },
  error: GroupError,
  cause?: Cause
): Verdict {
  return { kind: 'rejected', opID, groupID, error, scope: scopeOf(error), ...(cause && { cause }) }
}
