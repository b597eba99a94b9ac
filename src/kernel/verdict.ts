/** The server's answer to an operation, exactly one per operation. */

import { scopeOf, type GroupError, type Scope } from './errors.ts'
import type { OrOther } from './model.ts'

/**
 * The verdict on an operation. `applied`: it took effect. `partial`: only a part of it did, and
 * `result` says which. `rejected`: it had no effect, because of `error` and, if known, `cause`.
 */
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
      /** `word` is a kind of verdict of another build. The operation is settled. */
      readonly kind: 'unknown'
      readonly word: string
      readonly opID: string
      readonly groupID: string
      readonly seq: number
    }

/** The operation leaves the overlay when the base rows reach the position of this verdict. */
export type Effective = Exclude<Verdict, { kind: 'rejected' }>

/**
 * The event that made an operation impossible. `by` is the ID of its author. `atSeconds` is its
 * time by the server's clock.
 */
export type Cause = {
  readonly reason: OrOther<CauseReason>
  readonly by: string
  readonly atSeconds: number
}
/**
 * The actor left, was removed or lost the role of an admin, the group was dismissed, or an earlier
 * operation that this one depends on was refused.
 */
export type CauseReason = 'quit' | 'kicked' | 'dismissed' | 'demoted' | 'predecessor'

export function rejected(
  { opID, groupID }: { opID: string; groupID: string },
  error: GroupError,
  cause?: Cause
): Verdict {
  return { kind: 'rejected', opID, groupID, error, scope: scopeOf(error), ...(cause && { cause }) }
}
