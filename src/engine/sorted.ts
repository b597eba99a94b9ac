/** Rows kept in order: found, put and taken out by halving. Orders are total, so each row has one place. */

export type Compare<R> = (a: R, b: R) => number

function place<R>(rows: readonly R[], row: R, compare: Compare<R>): number {
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

export const insertSorted = <R>(rows: R[], row: R, compare: Compare<R>) => void rows.splice(place(rows, row, compare), 0, row)
export const removeSorted = <R>(rows: R[], row: R, compare: Compare<R>) => void rows.splice(place(rows, row, compare), 1)
