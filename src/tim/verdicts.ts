/**
 * Reports verdicts that no call has answered, each by one `ERROR` event per device. A tab emits the
 * event after it has dismissed the verdict, so only one of several tabs emits it.
 */

import type { GroupStore } from '../client/group-store.ts'
import { isGroupError, type Applied, type VerdictEntry } from '../engine/api.ts'
import { errors, type GroupError } from '../kernel/errors.ts'
import { EVENT } from './constants.ts'
import type { Events } from './events.ts'
import { IMError, ownError } from './im-error.ts'

export type Verdicts = ReturnType<typeof createVerdicts>

export function createVerdicts(
  store: Pick<GroupStore, 'verdicts$' | 'dismissVerdict'>,
  events: Pick<Events, 'has' | 'emit'>
) {
  /** Calls without an operation ID yet. A verdict may arrive before the ID. */
  let applying = 0
  /** Operations of calls that wait for the verdict and answer with it. */
  const awaited = new Set<string>()
  const reporting = new Map<string, Promise<void>>()
  let isOver = false
  /** Reported by this tab. If storage refuses to dismiss a verdict, it is not reported twice. */
  const reported = new Set<string>()
  let entries: readonly VerdictEntry[] = []

  async function reportEntry(entry: VerdictEntry): Promise<void> {
    const { opID } = entry
    const refused = await store.dismissVerdict(opID)
    reporting.delete(opID)
    // Only an unknown ID means that another tab has reported it. After any other error, for example
    // of slow storage, no other tab emits the event.
    if (refused?.code === errors.UnknownOperationID.code || reported.has(opID)) return
    reported.add(opID)
    events.emit(EVENT.ERROR, errorOf(entry))
  }

  function report(): void {
    if (isOver || applying > 0 || !events.has(EVENT.ERROR)) return
    for (const entry of entries)
      if (!awaited.has(entry.opID) && !reporting.has(entry.opID))
        reporting.set(entry.opID, reportEntry(entry))
  }

  const watch = store.verdicts$.subscribe(next => {
    entries = next
    report()
  })

  return {
    /** Call it when the app adds a handler for `ERROR`: verdicts wait for one. */
    report,
    /**
     * Passes on the answer of `apply`. Without a result, or if `isAwaited`, the call waits for the
     * verdict.
     */
    async awaiting<A extends Omit<Applied, 'version'>>(
      answering: Promise<A | GroupError>,
      isAwaited = false
    ): Promise<A | GroupError> {
      applying++
      try {
        const answer = await answering
        if (!isGroupError(answer) && (isAwaited || answer.result === undefined))
          awaited.add(answer.opID)
        return answer
      } finally {
        applying--
        report()
      }
    },
    /** The call answers with the verdict. */
    async answered(opID: string): Promise<void> {
      reported.add(opID)
      await store.dismissVerdict(opID)
      awaited.delete(opID)
    },
    /** The call no longer waits for the verdict, so an event reports it. */
    abandon(opID: string): void {
      awaited.delete(opID)
      report()
    },
    /**
     * The next session reports further verdicts. Those that are being dismissed would be lost to it,
     * so their events still come. `undefined`: there are none.
     */
    end(): Promise<unknown> | undefined {
      isOver = true
      watch.unsubscribe()
      return reporting.size > 0 ? Promise.all(reporting.values()) : undefined
    }
  }
}

function errorOf({ name: operation, verdict }: VerdictEntry): IMError {
  const { groupID } = verdict
  if (verdict.kind === 'rejected')
    return new IMError(verdict.error, { groupID, operation, cause: verdict.cause ?? null })
  if (verdict.kind === 'unknown')
    return new IMError(ownError('BadFrame', verdict.word), { groupID, operation })
  return new IMError(ownError('PartlyDone'), { groupID, operation, result: verdict.result })
}
