/** Rows that are in a list, kept in its order; found, put and taken out by halving. Orders are total, so each row has one place. */

export type Compare<R> = (a: R, b: R) => number

/** A part of a list: `limit` rows from position `offset` on, or those that follow the row of the ID `after`. */
export type Part = {
  readonly offset?: number | undefined
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

export type Ordered<R> = ReturnType<typeof createOrdered<R>>

export type OrderedOptions<R> = {
  readonly compare: Compare<R>
  isIn(row: R): boolean
  /** The row of an ID that is not among the rows any more, as it was last known. */
  lastKnown(id: string): R | undefined
}

export function createOrdered<R>(
  byID: ReadonlyMap<string, R>,
  { compare, isIn, lastKnown }: OrderedOptions<R>
) {
  const sorted = () => [...byID.values()].filter(isIn).sort(compare)
  let rows = sorted()
  /** Where parts begin, also when the row has gone meanwhile. */
  const anchors = new Map<string, R>()

  function place(row: R): number {
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

  function following(id: string): number {
    const anchor = byID.get(id) ?? anchors.get(id) ?? lastKnown(id)
    // Nobody knows where it would stand: nothing follows it.
    if (!anchor) return rows.length
    anchors.set(id, anchor)
    const at = place(anchor)
    return rows[at] === anchor ? at + 1 : at
  }

  return {
    total: () => rows.length,
    /** All rows may have changed. */
    refill: () => void (rows = sorted()),
    replace(before: R | undefined, after: R | undefined): void {
      if (before && isIn(before)) rows.splice(place(before), 1)
      if (after && isIn(after)) rows.splice(place(after), 0, after)
    },
    part({ offset = 0, after, limit = rows.length }: Part): R[] {
      const first = after === undefined ? offset : following(after)
      return rows.slice(first, first + limit)
    }
  }
}
