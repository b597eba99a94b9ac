/**
 * Decides local operations, for `apply` and `preview` alike: checks the arguments, loads the rows
 * that decide, and asks the rules.
 */

import { kernelVersion, prepare, type Prepared, type Result } from '../kernel/decide.ts'
import { unknown, type Decision } from '../kernel/decision.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import { generatedIDPrefix } from '../kernel/ids.ts'
import { allEnded } from './all-ended.ts'
import { neededMembers } from './state/reload.ts'
import type { State } from './state/state.ts'

export type Checked = ReturnType<typeof prepare>

export type Decisions = ReturnType<typeof createDecisions>

export function createDecisions({ base, overlay }: State, userID: string) {
  /** Loads under way, by group: operations of one group are decided in the order of their calls. */
  const loading = new Map<string, Promise<unknown>>()

  return {
    /** The ID of a group that the store generates follows from the ID of the operation. */
    check: (name: string, args: unknown, opID: string): Checked =>
      prepare({ name, args, groupID: groupIDOf(args) ?? `${generatedIDPrefix}${opID}` }, userID),

    /** Loads the rows that decide an operation, and waits for earlier calls of its group. */
    async load(prepared: Prepared): Promise<GroupError | undefined> {
      const { groupID } = prepared.operation
      const users = neededMembers(prepared, overlay.group(groupID))
      const before = loading.get(groupID)
      if (!before && base.isLoaded(groupID, users)) return undefined
      // The first read starts at once, so several calls share a transaction. Meanwhile rows may
      // have been released, and the second read loads those.
      const loaded = allEnded([before, base.load(groupID, users)]).then(() =>
        base.load(groupID, users)
      )
      loading.set(groupID, loaded)
      const isLoaded = await loaded.then(
        () => true,
        () => false
      )
      if (loading.get(groupID) === loaded) loading.delete(groupID)
      return isLoaded ? undefined : groupError('StorageFailed')
    },

    decide(prepared: Prepared, nowSeconds: number): Decision<Result> {
      const decision = overlay.decide(prepared, nowSeconds)
      const serverKernel = base.meta()?.kernel ?? kernelVersion
      // A server with other rules may accept it.
      return decision.kind === 'reject' && serverKernel !== kernelVersion ? unknown([]) : decision
    }
  }
}

const groupIDOf = (args: unknown): string | undefined => {
  const groupID =
    typeof args === 'object' && args !== null && 'groupID' in args ? args.groupID : undefined
  return typeof groupID === 'string' && groupID !== '' ? groupID : undefined
}
