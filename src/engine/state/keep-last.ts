/** A map as a bounded cache of its newest entries. */

const defaultMax = 1000

/** Puts an entry as the newest. If the map is full, its oldest entry is removed. */
export function keepLast<R>(rows: Map<string, R>, id: string, row: R, max = defaultMax): void {
  rows.delete(id)
  rows.set(id, row)
  const [oldest] = rows.keys()
  if (rows.size > max && oldest !== undefined) rows.delete(oldest)
}
