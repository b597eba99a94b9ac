/** Calls about verdicts: waiting for one, dismissing one, retrying its operation. */

import { groupError, storageFailed, type GroupError } from '../kernel/errors.ts'
import type { Settled } from '../storage/tables.ts'
import type { EngineApi } from './api.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Commits } from './state/commits.ts'
import type { State } from './state/state.ts'
import type { Submit } from './submit.ts'

type VerdictCallsOptions = {
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly commits: Commits
  readonly submit: Submit
}

type VerdictCalls = Pick<EngineApi, 'retry' | 'settled' | 'dismissVerdict'>

export function createVerdictCalls({
  lifecycle,
  state,
  commits,
  submit
}: VerdictCallsOptions): VerdictCalls {
  /** Refused operations that are being retried. */
  const retrying = new Set<string>()

  /** A verdict that `verdicts$` shows. */
  function shownVerdict(opID: string): Settled | undefined {
    const settled = state.verdicts.rows.get(opID)
    return settled?.verdict.kind === 'applied' ? undefined : settled
  }

  return {
    async retry(opID, args, options) {
      const error = await lifecycle.opened()
      if (error) return error
      const settled = shownVerdict(opID)
      if (!settled || retrying.has(opID)) return unknownID(opID)
      retrying.add(opID)
      const retriedArgs =
        args === undefined ? { groupID: settled.verdict.groupID, ...settled.args } : args
      return submit
        .apply(settled.name, retriedArgs, options, opID)
        .finally(() => retrying.delete(opID))
    },
    async settled(opID) {
      const late = await lifecycle.answer(lifecycle.ready)
      if (late) return late
      const verdict = await state.verdicts.of(opID)
      // The verdict was published in the frame of this version or an earlier one.
      if (verdict) return { verdict, version: state.version() }
      if (lifecycle.isClosing()) return groupError('NotReady')
      // Without storage, nothing is known of earlier runs.
      return lifecycle.error() ?? unknownID(opID)
    },
    async dismissVerdict(opID) {
      const error = await lifecycle.opened()
      if (error) return error
      if (!shownVerdict(opID)) return unknownID(opID)
      const dismissed = commits
        .dismissVerdict(opID)
        .then(isMine => (isMine ? null : unknownID(opID)), storageFailed)
      return lifecycle.answer(dismissed)
    }
  }
}

/** JavaScript may pass any value, even one that cannot become a text. */
const unknownID = (opID: unknown): GroupError =>
  groupError('UnknownOperationID', typeof opID === 'string' ? opID.slice(0, 64) : typeof opID)
