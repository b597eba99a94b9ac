/** Schemas of verdicts and errors. */

import * as v from 'valibot'
import type { GroupError } from '../kernel/errors.ts'
import type { Effective, Verdict } from '../kernel/verdict.ts'
import { anything, id, natural, oneOf, short, where, word } from './fields.ts'

export const groupErrorSchema: v.GenericSchema<unknown, GroupError> = v.object({
  code: natural,
  reason: word,
  message: short
})

const outcomeFields = { opID: id, groupID: id, seq: natural }
const knownKinds: readonly unknown[] = ['applied', 'partial', 'rejected', 'unknown']
/**
 * Verdicts of operations that may have had an effect. A kind that only another build knows becomes
 * `unknown`, with its name as the word.
 */
export const effective: v.GenericSchema<unknown, Effective> = v.union([
  v.object({ ...outcomeFields, kind: oneOf('applied', 'partial'), result: anything }),
  v.object({ ...outcomeFields, kind: oneOf('unknown'), word }),
  v.pipe(
    where(
      v.object({ opID: id, groupID: id, kind: word, seq: v.exactOptional(natural, 0) }),
      ({ kind }) => !knownKinds.includes(kind)
    ),
    v.transform(({ kind, ...rest }) => ({ ...rest, kind: 'unknown' as const, word: kind }))
  )
])

export const verdictSchema: v.GenericSchema<unknown, Verdict> = v.union([
  effective,
  v.object({
    kind: oneOf('rejected'),
    opID: id,
    groupID: id,
    error: groupErrorSchema,
    scope: word,
    cause: v.exactOptional(v.object({ reason: word, by: short, atSeconds: natural }))
  })
])
