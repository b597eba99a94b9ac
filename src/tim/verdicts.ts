/**
 * Reports verdicts that no call has answered, each by one `ERROR` event per device. A tab emits the
 * event after it has dismissed the verdict, so only one of several tabs emits it.
 *
 * A verdict on an operation of another tab may be the answer of a call there. That call dismisses it
 * at once, so this tab reports it only if it is still there later.
 */

import type { GroupStore } from '../client/group-store.ts'
import { isGroupError, type Applied, type VerdictEntry } from '../engine/api.ts'
import { setTimer } from '../host/timer.ts'
import { errors, type GroupError } from '../kernel/errors.ts'
import { EVENT } from './constants.ts'
import type { Events } from './events.ts'
import { IMError, ownError } from './im-error.ts'

const ofOthersAfterMs = 1_000
/** A device queues no more operations. */
const ownMax = 10_000

export type Verdicts = ReturnType<typeof createVerdicts>

export function createVerdicts(
  store: Pick<GroupStore, 'verdicts$' | 'dismissVerdict'>,
  events: Pick<Events, 'room' | 'emit'>,
  { waitMs = ofOthersAfterMs }: { readonly waitMs?: number } = {}
) {
  /** Calls without an operation ID yet. A verdict may arrive before the ID. */
  let applying = 0
  /** Operations of calls that wait for the verdict and answer with it. */
  const awaited = new Set<string>()
  /** Operations of this tab. */
  const own = new Set<string>()
  /** Verdicts on operations of other tabs or earlier sessions, that have been here for a while. */
  const left = new Set<string>()
  const waits = new Map<string, () => void>()
  const reporting = new Map<string, Promise<void>>()
  let isOver = false
  /** Reported by this tab. If storage refuses to dismiss a verdict, it is not reported twice. */
  const reported = new Set<string>()
  /** No longer stored. */
  const dismissed = new Set<string>()
  /** Dismissed when the handler had gone. */
  const unheard: IMError[] = []
  let entries: readonly VerdictEntry[] = []

  async function reportEntry(entry: VerdictEntry): Promise<void> {
    const { opID } = entry
    const refused = await store.dismissVerdict(opID)
    reporting.delete(opID)
    const isUnknown = refused?.code === errors.UnknownOperationID.code
    if (!refused || isUnknown) dismissed.add(opID)
    // Only an unknown ID means that another tab has reported it. After any other error, for example
    // of slow storage, no other tab emits the event.
    if (!isUnknown && !reported.has(opID)) {
      reported.add(opID)
      unheard.push(errorOf(entry))
      emit()
    }
    if (dismissed.has(opID)) report()
  }

  function emit(): void {
    while (events.room(EVENT.ERROR) > 0) {
      const next = unheard.shift()
      if (!next) return
      events.emit(EVENT.ERROR, next)
    }
  }

  function isDue({ opID }: VerdictEntry): boolean {
    if (awaited.has(opID) || reporting.has(opID) || dismissed.has(opID)) return false
    return own.has(opID) || left.has(opID)
  }

  function report(): void {
    if (isOver || applying > 0) return
    emit()
    // A handler of `once` gets one event. The other verdicts stay stored for the next handler.
    const room = Math.max(0, events.room(EVENT.ERROR) - reporting.size)
    for (const entry of entries.filter(isDue).slice(0, room))
      reporting.set(entry.opID, reportEntry(entry))
  }

  function wait({ opID }: VerdictEntry): void {
    if (own.has(opID) || left.has(opID) || waits.has(opID)) return
    const stopTimer = setTimer(() => {
      waits.delete(opID)
      left.add(opID)
      report()
    }, waitMs)
    waits.set(opID, stopTimer)
  }

  const watch = store.verdicts$.subscribe(next => {
    entries = next
    entries.forEach(wait)
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
        if (isGroupError(answer)) return answer
        own.add(answer.opID)
        const [oldest] = own
        if (oldest !== undefined && own.size > ownMax) own.delete(oldest)
        if (isAwaited || answer.result === undefined) awaited.add(answer.opID)
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
      for (const stopTimer of waits.values()) stopTimer()
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
