/**
 * Calls that repeat an operation under its ID, because the answer to the first call was lost. They
 * get the answer of the first call, so the operation takes effect once.
 */

import type { Result } from '../kernel/decide.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { Applied } from './api.ts'
import type { State } from './state/state.ts'

type Answer = Applied | GroupError

export function createRepeatedCalls({ outbox, overlay, verdicts, version }: State) {
  /** Calls without an answer, by operation. */
  const underWay = new Map<string, Promise<Answer>>()

  return {
    /** The answer of an unfinished call with this ID, or else of `submit`. */
    once(opID: string, submit: () => Promise<Answer>): Promise<Answer> {
      const earlier = underWay.get(opID)
      if (earlier) return earlier
      const answering = submit().finally(() => underWay.delete(opID))
      underWay.set(opID, answering)
      return answering
    },

    /** The answer for an operation that is pending or settled. `undefined`: it is neither. */
    answerOf(opID: string): Answer | undefined {
      const pending = outbox.rows.get(opID)
      const verdict = pending?.applied ?? verdicts.known(opID)
      if (verdict?.kind === 'rejected') return verdict.error
      const { groupID } = pending ?? verdict ?? {}
      if (groupID === undefined) return verdicts.refusal(opID)
      const predicted = pending && !verdict ? overlay.resultOf(pending) : undefined
      // The server has run this operation, so the result has its shape.
      const result = verdict && 'result' in verdict ? (verdict.result as Result) : predicted
      return { opID, groupID, result, version: version() }
    }
  }
}
