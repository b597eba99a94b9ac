/** An operation that is to be judged. */

import { prepare } from '../../kernel/decide.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { PushedOperation } from '../../protocol/messages.ts'

export type Submission = {
  readonly userID: string
  readonly isAppAdmin: boolean
  /** The arguments are in `checked`, so unknown arguments are not held in memory. */
  readonly operation: Omit<PushedOperation, 'args'>
  readonly checked: ReturnType<typeof prepare>
  /** About this many bytes are held until the verdict. */
  readonly bytes: number
  /** The transaction that judges the operation loads this many rows. */
  readonly rows: number
}

/** `retry`: the operation was not judged, because its predecessor has not arrived. */
export type Outcome =
  { readonly kind: 'verdict'; readonly verdict: Verdict } | { readonly kind: 'retry' }

export function submission({
  userID,
  isAppAdmin,
  operation
}: {
  userID: string
  isAppAdmin: boolean
  operation: PushedOperation
}): Submission {
  const { args: _args, ...rest } = operation
  const checked = prepare(operation, userID)
  const bytes = Buffer.byteLength(
    JSON.stringify([rest, checked.ok ? checked.prepared.operation.args : checked.error])
  )
  const rows = checked.ok
    ? checked.prepared.needs(undefined).length + checked.prepared.counted.length
    : 0
  return { userID, isAppAdmin, operation: rest, checked, bytes, rows }
}
