/** Writes that end an operation. */

import { groupError } from '../../kernel/errors.ts'
import { rejected, type Verdict } from '../../kernel/verdict.ts'
import type { Write } from '../../storage/port.ts'
import type { Pending } from '../../storage/tables.ts'

/** Moves the operation from the outbox to the verdicts. */
export const settle = ({ opID, name, args, askedAtMs }: Pending, verdict: Verdict): Write[] => [
  { table: 'outbox', scope: '', id: opID, row: null },
  { table: 'verdicts', scope: '', id: opID, row: { verdict, name, args, askedAtMs } }
]

/** A logout discards the operation. */
export const discarded = (pending: Pending): Write[] =>
  settle(pending, pending.applied ?? rejected(pending, groupError('Discarded')))
