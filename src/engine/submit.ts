/** Taking operations: checked, decided, shown, made durable, in the order of their calls. */

import { generatedIDPrefix } from '../kernel/args.ts'
import { prepare, type Operation, type Prepared } from '../kernel/decide.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Pending, Write } from '../storage/port.ts'
import type { Applied, Status } from './api.ts'
import type { Host } from './host.ts'
import type { State } from './state.ts'

const outboxLimits = { operationsMax: 1000, bytesMax: 1_048_576 } as const

export type SubmitOptions = {
  readonly host: Host
  readonly state: State
  readonly userID: string
  status(): Status
  /** The version of the frame that shows what has just changed. */
  version(): number
  /** The operation is durable. */
  onQueued(write: Write): void
}

export type Submit = (name: string, args: unknown) => Promise<Applied | GroupError>

export function createSubmit({ host, state, userID, status, version, onQueued }: SubmitOptions): Submit {
  const { base, overlay } = state
  /** Operations of one group are decided in the order of their calls. */
  const deciding = new Map<string, Promise<unknown>>()
  let order = 0

  async function queue(prepared: Prepared): Promise<Applied | GroupError> {
    const { operation, undecidedOffline } = prepared
    const now = Math.floor((host.now() + status().clockOffsetMs) / 1000)
    const decision = overlay.decide(prepared, now)
    if (decision.kind === 'reject') return decision.error
    if (decision.kind === 'unknown' && undecidedOffline === 'refuse' && status().connection === 'offline')
      return groupError('NoNetwork')
    const isFull = state.outbox.size >= outboxLimits.operationsMax
    if (isFull || state.outboxBytes() + JSON.stringify(operation.args).length > outboxLimits.bytesMax)
      return groupError('QueueFull')

    const pending = pendingOf(operation, now)
    state.show(pending, prepared, decision)
    const shown = version()
    const write: Write = { table: 'outbox', scope: '', id: pending.opID, row: pending }
    try {
      await host.storage.transact([], () => [write])
    } catch (error) {
      // Expected: storage refuses. The operation never was, and its caller is told.
      state.retract(pending)
      return groupError('StorageFailed', String(error))
    }
    state.confirm(pending)
    onQueued(write)
    const { opID, groupID } = pending
    return { opID, groupID, result: decision.kind === 'accept' ? decision.result : undefined, version: shown }
  }

  function pendingOf(operation: Operation, now: number): Pending {
    order = Math.max(order, state.operations().at(-1)?.order ?? 0) + 1
    const seen = base.groups.get(operation.groupID)?.seq ?? 0
    return { opID: host.newID(), order, ...operation, at: host.now(), now, seen }
  }

  return async (name, args) => {
    const groupID = groupIDOf(args) ?? `${generatedIDPrefix}${host.newID()}`
    const checked = prepare({ name, args, groupID }, userID)
    if (!checked.ok) return checked.error
    const { prepared } = checked
    const users = memberNeeds(prepared, overlay.group(groupID))
    const before = deciding.get(groupID)
    if (before || !base.isLoaded(groupID, users)) {
      const loaded = Promise.all([before, base.load(groupID, users)])
      deciding.set(groupID, loaded)
      await loaded
      if (deciding.get(groupID) === loaded) deciding.delete(groupID)
    }
    return queue(prepared)
  }
}

/** The members whose rows it takes to decide. */
export const memberNeeds = ({ needs }: Prepared, group: GroupRow | null): string[] =>
  needs(group).flatMap(({ table, id }) => (table === 'members' ? id : []))

const groupIDOf = (args: unknown): string | undefined => {
  const groupID = typeof args === 'object' && args !== null && 'groupID' in args ? args.groupID : undefined
  return typeof groupID === 'string' && groupID !== '' ? groupID : undefined
}
