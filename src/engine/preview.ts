/** Previews: whether `apply` would accept an operation now. Nothing is shown or stored. */

import type { Result } from '../kernel/decide.ts'
import type { Decision } from '../kernel/decision.ts'
import { groupError } from '../kernel/errors.ts'
import type { Preview } from './api.ts'
import type { Checked, Decisions } from './decisions.ts'
import type { Host } from './host.ts'
import { noAnswer, type Lifecycle } from './lifecycle.ts'
import { storageWithinMs } from './limits.ts'
import type { Time } from './state/time.ts'

type PreviewOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly decisions: Decisions
  readonly time: Time
}

export function createPreview({ host, lifecycle, decisions, time }: PreviewOptions) {
  async function preview(checked: Checked): Promise<Preview> {
    const error = lifecycle.error() ?? (lifecycle.isClosing() ? groupError('NotReady') : undefined)
    if (error) return { kind: 'no', error }
    if (!checked.ok) return { kind: 'no', error: checked.error }
    const failure = await decisions.load(checked.prepared)
    if (failure) return { kind: 'no', error: failure }
    return previewOf(decisions.decide(checked.prepared, time.serverNowSeconds()))
  }

  /** Resolves with an error if storage is too slow. */
  return (name: string, args: unknown): Promise<Preview> => {
    const checked = decisions.check(name, args, host.newID())
    const late = (): Preview => ({ kind: 'no', error: noAnswer() })
    return lifecycle.bound(
      lifecycle.ready.then(() => preview(checked)),
      storageWithinMs,
      late
    )
  }
}

function previewOf(decision: Decision<Result>): Preview {
  if (decision.kind === 'accept')
    return { kind: 'yes', outcome: decision.outcome, result: decision.result }
  return decision.kind === 'reject' ? { kind: 'no', error: decision.error } : decision
}
