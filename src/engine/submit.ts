/**
 * A local operation, from the call to the outbox: check, load the rows that decide it, decide,
 * show, store, send. Its effect is shown before it is durable, and the call resolves after.
 *
 * The caller may give the ID of the operation. If the answer is lost, a second call with the same
 * ID gets the answer of the first one, so the operation takes effect once. The ID of a group that
 * the store generates follows from that ID, so both calls create the same group.
 */

import { lastOf } from '../kernel/model.ts'
import { isOperationID } from '../kernel/operation-id.ts'
import type { Operation, Prepared, Result } from '../kernel/decide.ts'
import type { Decision } from '../kernel/decision.ts'
import { groupError, type GroupError, storageFailed } from '../kernel/errors.ts'
import type { Commit } from '../storage/port.ts'
import type { Pending } from '../storage/tables.ts'
import type { Applied, CallOptions } from './api.ts'
import type { Checked, Decisions } from './decisions.ts'
import type { Host } from './host.ts'
import type { Leadership } from './leadership.ts'
import { noAnswer, type Lifecycle } from './lifecycle.ts'
import type { Commits } from './state/commits.ts'
import { createRepeatedCalls } from './repeated-calls.ts'
import { discarded } from './state/settle.ts'
import type { State } from './state/state.ts'
import type { Time } from './state/time.ts'
import { storageWithinMs } from './limits.ts'
import type { Sync } from './sync/sync.ts'

type SubmitOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly state: State
  readonly commits: Commits
  readonly sync: Sync
  readonly leadership: Leadership
  readonly decisions: Decisions
  readonly time: Time
}

/** `isLate`: the caller has its answer already. `retried`: the refused operation, for a retry. */
type Call = {
  readonly opID: string
  readonly isNew: boolean
  readonly retried: string | undefined
  isLate: boolean
}

export type Submit = ReturnType<typeof createSubmit>

export function createSubmit(options: SubmitOptions) {
  const { host, lifecycle, state, commits, sync, leadership, decisions, time } = options
  const { base, overlay, outbox } = state
  const repeated = createRepeatedCalls(state)
  let lastOrder = 0

  async function submit(checked: Checked, call: Call): Promise<Applied | GroupError> {
    if (!checked.ok) return checked.error
    const failure = await decisions.load(checked.prepared)
    if (failure) return failure
    const answered = repeated.answerOf(call.opID)
    if (answered) return answered
    if (lifecycle.isClosing()) return groupError('NotReady')
    if (call.isLate) return noAnswer()

    const prepared = overlay.complete(checked.prepared)
    const nowSeconds = time.serverNowSeconds()
    const decision = decisions.decide(prepared, nowSeconds)
    const refusal = refusalOf(prepared, decision)
    if (refusal) return refusal

    const pending = pendingOf(prepared.operation, nowSeconds, call)
    const version = state.show(pending, prepared, decision)
    const refused = await store(pending, call)
    // If the operation was refused, the later ones in its lane no longer wait for it.
    sync.push()
    if (refused) return refused
    const { opID, groupID } = pending
    const result = decision.kind === 'accept' ? decision.result : undefined
    return { opID, groupID, result, version }
  }

  function refusalOf(
    { operation, undecidedOffline }: Prepared,
    decision: Decision<Result>
  ): GroupError | undefined {
    if (decision.kind === 'reject') return decision.error
    if (decision.kind === 'unknown' && undecidedOffline === 'refuse' && leadership.isOffline())
      return groupError('NoNetwork')
    return outbox.hasRoomFor(operation) ? undefined : groupError('QueueFull')
  }

  function pendingOf(operation: Operation, nowSeconds: number, { opID, isNew }: Call): Pending {
    lastOrder = Math.max(lastOrder, lastOf(outbox.inOrder())?.order ?? 0) + 1
    return {
      opID,
      order: lastOrder,
      ...operation,
      askedAtMs: host.now(),
      askedAtServerSeconds: nowSeconds,
      ...time.markEnqueued(opID),
      ...(!isNew && { isRepeated: true }),
      seen: base.groups.get(operation.groupID)?.seq ?? 0
    }
  }

  /** Stores an operation that is shown, or retracts it if storage refuses. */
  async function store(pending: Pending, call: Call): Promise<GroupError | undefined> {
    let commit: Commit | GroupError
    try {
      commit = await commits.enqueue(pending, call.retried)
    } catch (error) {
      lifecycle.probe()
      // A read has found it: storage has stored it nevertheless.
      if (outbox.isDurable(pending.opID)) return undefined
      // Expected: storage refuses.
      commit = storageFailed(error)
    }
    if (!('code' in commit)) {
      commits.confirm(pending, commit)
      return undefined
    }
    state.retract(pending)
    // After `StillWaiting` the caller knows the operation as pending, so it needs a verdict.
    if (!call.isLate) state.verdicts.abandon(pending.opID)
    else if (commit.reason === 'NotReady') state.settle(discarded(pending))
    else refuseEventually(pending, commit)
    return commit
  }

  function refuseEventually(pending: Pending, error: GroupError): void {
    state.verdicts.refuse(pending.opID, error)
    void commits.refuse(pending, error).catch(() => {
      // Expected: storage refuses the verdict as well.
      if (!lifecycle.isClosing())
        host.setTimer(() => refuseEventually(pending, error), storageWithinMs)
    })
  }

  return {
    /** Resolves with an error if storage does not answer in time. */
    async apply(
      name: string,
      args: unknown,
      options?: CallOptions | null,
      retried?: string
    ): Promise<Applied | GroupError> {
      const given: unknown = options?.opID
      if (given !== undefined && !isOperationID(given)) return groupError('IllegalArgument', 'opID')
      const opID = given ?? host.newID()
      const isNew = given === undefined || options?.isNew === true
      const call: Call = { opID, isNew, retried, isLate: false }
      const checked = decisions.check(name, args, opID)
      const submitting = lifecycle.ready.then(
        () => lifecycle.error() ?? repeated.once(opID, () => submit(checked, call))
      )
      return lifecycle.bound(lifecycle.track(submitting), storageWithinMs, () => {
        call.isLate = true
        // An operation that is not durable is being stored. A read may have found another one.
        return outbox.isDurable(opID)
          ? (repeated.answerOf(opID) ?? noAnswer())
          : groupError('StillWaiting')
      })
    }
  }
}
