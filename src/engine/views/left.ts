/** Rows that are gone, kept so that windows which begin after them stay where they are. */

const rowsMax = 1000

/** Keeps a row as the newest; the oldest makes room. */
export function keepLast<R>(rows: Map<string, R>, id: string, row: R, keptMax = rowsMax): void {
  rows.delete(id)
  rows.set(id, row)
  const [oldest] = rows.keys()
  if (rows.size > keptMax && oldest !== undefined) rows.delete(oldest)
}
