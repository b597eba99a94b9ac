/** How many verdicts are stored. */

import type { Verdict } from '../../kernel/verdict.ts'
import type { Write } from '../../storage/port.ts'
import type { Settled } from '../../storage/tables.ts'

/**
 * The newest of each kind. Applied ones only answer `settled`. Refusals stay until dismissed: as
 * many as a full outbox that is refused as a whole, and far more than an app shows.
 */
const storedMax: Readonly<Record<Verdict['kind'], number>> = {
  applied: 1000,
  partial: 1000,
  unknown: 1000,
  rejected: 10_000
}

/** Removals of the oldest verdicts beyond the limits, when `writes` add others. */
export function outdatedVerdicts(
  writes: readonly Write[],
  stored: ReadonlyMap<string, Settled>
): Write[] {
  if (!writes.some(write => write.table === 'verdicts')) return []
  const all = [...stored.values()]
  return (Object.keys(storedMax) as Verdict['kind'][]).flatMap(kind => {
    const ofKind = all.filter(({ verdict }) => verdict.kind === kind)
    if (ofKind.length <= storedMax[kind]) return []
    const oldest = ofKind.sort((a, b) => b.askedAtMs - a.askedAtMs).slice(storedMax[kind])
    return oldest.map(({ verdict: { opID } }): Write => ({
      table: 'verdicts',
      scope: '',
      id: opID,
      row: null
    }))
  })
}
