/** Taking operations: checked, decided, shown, made durable, in the order of their calls. */

import { generatedIDPrefix } from '../kernel/args.ts'
import {
  kernelVersion,
  prepare,
  type Operation,
  type Prepared,
  type Result
} from '../kernel/decide.ts'
import { unknown, type Decision } from '../kernel/decision.ts'
import { groupError, type GroupError, storageFailed } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Commit, Write } from '../storage/port.ts'
import type { Pending } from '../storage/tables.ts'
import type { Applied, Preview, Status } from './api.ts'
import type { Host } from './host.ts'
import { bytesOf, type State } from './state/state.ts'
import type { Time } from './state/time.ts'

const outboxLimits = { operationsMax: 10_000, bytesMax: 4_194_304 } as const

export type SubmitOptions = {
  readonly host: Host
  readonly state: State
  readonly userID: string
  readonly time: Time
  status(): Status
  /** The version of the frame that shows what has just changed. */
  version(): number
  /** Whether operations are still taken. */
  isOpen(): boolean
  /** The operation is durable. */
  onQueued(commit: Commit): void
  /** The operation could not be stored: nothing has to wait for it. */
  onRetracted(): void
  /** Nor could this one, and its caller has been told that it waits. */
  onLost(pending: Pending, error: GroupError): void
}

type Checked = ReturnType<typeof prepare>

/**
 * How far a call has come, and whether its caller has been given an answer. `retried`: the operation that it asks for
 * again. Its verdict goes in the transaction that queues the new one, so that it is done again once.
 */
export type Call = {
  isShown: boolean
  readonly isLate: boolean
  readonly retried: string | undefined
}

export function createSubmit({
  host,
  state,
  userID,
  time,
  status,
  version,
  isOpen,
  onQueued,
  onRetracted,
  onLost
}: SubmitOptions) {
  const { base, overlay } = state
  /** Operations of one group are decided in the order of their calls. */
  const deciding = new Map<string, Promise<unknown>>()
  let order = 0

  /** Where the server goes by other rules, a refusal here is only a guess. */
  function decide(prepared: Prepared, now: number): Decision<Result> {
    const decision = overlay.decide(prepared, now)
    const kernel = base.meta()?.kernel ?? kernelVersion
    return decision.kind === 'reject' && kernel !== kernelVersion ? unknown([]) : decision
  }

  async function queue(given: Prepared, call: Call): Promise<Applied | GroupError> {
    const prepared = overlay.complete(given)
    const { operation, undecidedOffline } = prepared
    const now = time.serverNowSeconds()
    const decision = decide(prepared, now)
    if (decision.kind === 'reject') return decision.error
    if (
      decision.kind === 'unknown' &&
      undecidedOffline === 'refuse' &&
      status().connection === 'offline'
    )
      return groupError('NoNetwork')
    const isFull =
      state.outbox.size >= outboxLimits.operationsMax ||
      state.outboxBytes() + bytesOf(operation) > outboxLimits.bytesMax
    if (isFull) return groupError('QueueFull')

    const pending = pendingOf(operation, now)
    state.show(pending, prepared, decision)
    call.isShown = true
    const frame = version()
    const { opID, groupID } = pending
    const retried = call.retried === undefined ? [] : [call.retried]
    let writes: readonly Write[] = []
    let commitNumber: number
    try {
      const queries = retried.map(id => ({ table: 'verdicts', scope: '', ids: [id] }) as const)
      commitNumber = await host.storage.transact(queries, answers => {
        if (answers.some(found => found.length === 0)) return (writes = [])
        writes = [
          { table: 'outbox', scope: '', id: opID, row: pending },
          ...retried.map(id => ({ table: 'verdicts', scope: '', id, row: null }) as const)
        ]
        return writes
      })
    } catch (error) {
      // Expected: storage refuses. The operation never was, and its caller is told.
      const failure = storageFailed(error)
      state.retract(pending)
      if (call.isLate) onLost(pending, failure)
      else state.answerWaiting(opID, undefined)
      onRetracted()
      return failure
    }
    if (writes.length === 0) {
      // Another tab was first.
      state.retract(pending)
      state.answerWaiting(opID, undefined)
      return groupError('UnknownOperationID', call.retried)
    }
    state.confirm(pending, { commitNumber, writes })
    onQueued({ commitNumber, writes })
    return {
      opID,
      groupID,
      result: decision.kind === 'accept' ? decision.result : undefined,
      version: frame
    }
  }

  function pendingOf(operation: Operation, now: number): Pending {
    order = Math.max(order, state.operations().at(-1)?.order ?? 0) + 1
    const opID = host.newID()
    return {
      opID,
      order,
      ...operation,
      askedAtMs: host.now(),
      askedAtServerSeconds: now,
      ...time.queued(opID),
      seen: base.groups.get(operation.groupID)?.seq ?? 0
    }
  }

  /** Loads the rows to judge by, and waits for who came before. */
  async function load(prepared: Prepared): Promise<GroupError | undefined> {
    const { groupID } = prepared.operation
    const users = memberNeeds(prepared, overlay.group(groupID))
    const before = deciding.get(groupID)
    if (!before && base.isLoaded(groupID, users)) return undefined
    // At once, as they are read together; what others have let go of meanwhile, again.
    const loaded = Promise.allSettled([before, base.load(groupID, users)]).then(() =>
      base.load(groupID, users)
    )
    deciding.set(groupID, loaded)
    const outcome = await Promise.allSettled([loaded])
    if (deciding.get(groupID) === loaded) deciding.delete(groupID)
    return outcome[0].status === 'rejected' ? groupError('StorageFailed') : undefined
  }

  return {
    check: (name: string, args: unknown): Checked =>
      prepare(
        { name, args, groupID: groupIDOf(args) ?? `${generatedIDPrefix}${host.newID()}` },
        userID
      ),

    async apply(checked: Checked, call: Call): Promise<Applied | GroupError> {
      if (!checked.ok) return checked.error
      const failed = await load(checked.prepared)
      return (
        failed ??
        (isOpen() && !call.isLate ? queue(checked.prepared, call) : groupError('NotReady'))
      )
    },

    /** What `apply` would answer now, without doing anything. */
    async preview(checked: Checked): Promise<Preview> {
      if (!checked.ok) return { kind: 'no', error: checked.error }
      const failed = await load(checked.prepared)
      if (failed) return { kind: 'no', error: failed }
      const decision = decide(checked.prepared, time.serverNowSeconds())
      if (decision.kind === 'accept')
        return { kind: 'yes', outcome: decision.outcome, result: decision.result }
      return decision.kind === 'reject' ? { kind: 'no', error: decision.error } : decision
    }
  }
}

/** The members whose rows it takes to decide. */
export const memberNeeds = ({ needs }: Prepared, group: GroupRow | null): string[] =>
  needs(group).flatMap(({ table, id }) => (table === 'members' ? id : []))

const groupIDOf = (args: unknown): string | undefined => {
  const groupID =
    typeof args === 'object' && args !== null && 'groupID' in args ? args.groupID : undefined
  return typeof groupID === 'string' && groupID !== '' ? groupID : undefined
}
