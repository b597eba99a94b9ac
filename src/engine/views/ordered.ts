/**
 * The rows of a list, kept in its order. Rows are searched, inserted and removed by bisection.
 * Orders are total, so each row has exactly one place.
 */

import type { Window } from '../stream-api.ts'

export type Compare<R> = (a: R, b: R) => number

type Part = Pick<Window<string>, 'offset' | 'after' | 'limit'>

export type Ordered<R> = ReturnType<typeof createOrdered<R>>

export type OrderedOptions<R> = {
  readonly compare: Compare<R>
  isIn(row: R): boolean
  /** The last known row of an ID that is no longer among the rows. */
  lastKnown(id: string): R | undefined
}

export function createOrdered<R>(
  byID: ReadonlyMap<string, R>,
  { compare, isIn, lastKnown }: OrderedOptions<R>
) {
  const sorted = () => [...byID.values()].filter(isIn).sort(compare)
  let rows = sorted()
  /** Rows after which parts begin. An anchor stays after its row has left the list. */
  const anchors = new Map<string, R>()

  function indexOf(row: R): number {
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = rows[middle]
      if (other !== undefined && compare(other, row) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  function indexAfter(id: string): number {
    const anchor = byID.get(id) ?? anchors.get(id) ?? lastKnown(id)
    // Without the row, its place is unknown, so the part is empty.
    if (!anchor) return rows.length
    anchors.set(id, anchor)
    const index = indexOf(anchor)
    return rows[index] === anchor ? index + 1 : index
  }

  return {
    total: () => rows.length,
    refill: () => void (rows = sorted()),
    replace(before: R | undefined, after: R | undefined): void {
      if (before && isIn(before)) rows.splice(indexOf(before), 1)
      if (after && isIn(after)) rows.splice(indexOf(after), 0, after)
    },
    part({ offset = 0, after, limit = rows.length }: Part): R[] {
      const first = after === undefined ? offset : indexAfter(after)
      return rows.slice(first, first + limit)
    }
  }
}
