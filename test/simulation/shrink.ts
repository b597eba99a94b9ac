/** Leaves out events, halves first, as long as the same invariant is violated. */

import type { Outcome } from './simulation.ts'

const attemptsMax = 150
const msMax = 5_000

export async function shrink(
  failed: Outcome,
  attempt: (only: ReadonlySet<number>) => Promise<Outcome>
): Promise<number[]> {
  const invariant = failed.violation?.invariant
  const fails = async (events: readonly number[]) =>
    (await attempt(new Set(events))).violation?.invariant === invariant
  let events = Array.from({ length: failed.events }, (_, index) => index)
  let attempts = 0
  const started = performance.now()
  if (!(await fails(events))) return []
  for (
    let size = Math.ceil(events.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (
      let start = events.length - size;
      start > -size && attempts < attemptsMax && performance.now() - started < msMax;
      start -= size
    ) {
      const rest = events.filter((_, index) => index < start || index >= start + size)
      attempts++
      if (rest.length < events.length && (await fails(rest))) events = rest
    }
  }
  return events
}
