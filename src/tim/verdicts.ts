/**
 * Tells the app of verdicts that no call has answered: by an `ERROR` event, each once per device. Whoever dismisses a
 * verdict tells of it, so of several tabs one does.
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
  /** Calls whose operation is not known yet: its verdict may come first. */
  let applying = 0
  /** Operations whose call still waits for the verdict, and tells of it. */
  const awaited = new Set<string>()
  const telling = new Set<string>()
  /** Told by this tab. Where storage refuses to dismiss them, they are not told again. */
  const told = new Set<string>()
  let entries: readonly VerdictEntry[] = []

  async function tellOf(entry: VerdictEntry): Promise<void> {
    const { opID } = entry
    telling.add(opID)
    const refused = await store.dismissVerdict(opID)
    telling.delete(opID)
    // It may be dismissed later: storage was slow, or the store was closed. Nobody else tells of it then.
    if (refused?.code === errors.UnknownOperationID.code || told.has(opID)) return
    told.add(opID)
    events.emit(EVENT.ERROR, errorOf(entry))
  }

  function tell(): void {
    if (applying > 0 || !events.has(EVENT.ERROR)) return
    for (const entry of entries)
      if (!awaited.has(entry.opID) && !telling.has(entry.opID)) void tellOf(entry)
  }

  const watch = store.verdicts$.subscribe(next => {
    entries = next
    tell()
  })

  return {
    /** Somebody has begun to listen for errors. */
    tell,
    /** The answer to a call; where the device could not decide, the call waits for the verdict itself. */
    async awaiting<A extends Omit<Applied, 'version'>>(
      answering: Promise<A | GroupError>
    ): Promise<A | GroupError> {
      applying++
      try {
        const answer = await answering
        if (!isGroupError(answer) && answer.result === undefined) awaited.add(answer.opID)
        return answer
      } finally {
        applying--
        tell()
      }
    },
    /** The call has its verdict, and tells of it. */
    async answered(opID: string): Promise<void> {
      told.add(opID)
      await store.dismissVerdict(opID)
      awaited.delete(opID)
    },
    /** The call waits no longer. */
    abandon(opID: string): void {
      awaited.delete(opID)
      tell()
    },
    unsubscribe: () => watch.unsubscribe()
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
