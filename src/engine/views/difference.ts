/**
 * The patch from the result that was sent last to the current one. Results are compared by content,
 * so an acknowledgement alone sends no frame.
 */

import type { Patch } from '../stream-api.ts'
import { editsOf } from './edits.ts'
import type { StreamResult } from './views.ts'

/** `undefined`: the results are equal. */
export function differenceOf(
  before: StreamResult | undefined,
  after: StreamResult
): Patch | undefined {
  if (after.kind === 'value') return isEqual(before, after) ? undefined : after
  const { rows, ...rest } = after
  const { rows: sent, ...last } = before?.kind === 'list' ? before : { rows: [] }
  const edits = editsOf(sent, rows)
  return edits.length === 0 && isEqual(last, rest) ? undefined : { ...rest, edits }
}

const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
