/** Limits on the number of stored verdicts. */

import type { Verdict } from '../../kernel/verdict.ts'
import type { Write } from '../../storage/port.ts'
import type { Settled } from '../../storage/tables.ts'

/**
 * The newest of each kind are stored. Applied ones serve only `settled`. Refusals stay until they
 * are dismissed: there is room for a full outbox of them, far more than an app shows.
 */
const storedMax: Readonly<Record<Verdict['kind'], number>> = {
  applied: 1000,
  partial: 1000,
  unknown: 1000,
  rejected: 10_000
}

/** Writes that remove the oldest verdicts if `writes` exceed the limits. */
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
