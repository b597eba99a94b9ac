/**
 * Rows of one kind, packed: field by field instead of row by row, and where all have the same, once; objects in a field
 * likewise. Half as many characters, which are written and parsed in less than half the time.
 */

export type Packed = { readonly count: number; readonly columns: { readonly [field: string]: readonly unknown[] | Packed } }

/** Rows that do not all have the same fields, or do not differ in any, stay as they are. */
export function pack<R extends object>(rows: readonly R[]): Packed | readonly R[] {
  const fields = Object.keys(rows[0] ?? {}) as (keyof R & string)[]
  if (!rows.every(row => Object.keys(row).join() === fields.join())) return rows
  const columns = fields.map((field): readonly [string, readonly unknown[] | Packed] => {
    const column: unknown[] = rows.map(row => row[field])
    const [first] = column
    if (column.every(value => value === first)) return [field, [first]]
    return [field, column.every(isObject) ? pack(column) : column] as const
  })
  const isVaried = columns.some(([, column]) => 'columns' in column || column.length > 1)
  return isVaried ? { count: rows.length, columns: Object.fromEntries(columns) } : rows
}

/** The rows, or those that have a field wanted, where it is packed value by value; of what is not packed, the same. */
export function unpack(packed: unknown, only?: { readonly field: string; isWanted(value: unknown): boolean }): unknown {
  if (!isObject(packed)) return packed
  const { count, columns } = packed as { count?: unknown; columns?: unknown }
  const named = Object.entries(columns ?? {}).flatMap(([field, column]) =>
    field === '__proto__' ? [] : [[field, unpack(column)] as [string, unknown[]]]
  )
  // A number by itself must not bring about rows without end.
  const lengths = new Set(named.map(([, column]) => (Array.isArray(column) ? column.length : 0)))
  if (typeof count !== 'number' || !lengths.has(count) || [...lengths].some(length => length !== 1 && length !== count))
    return packed
  const indexes = Array.from({ length: count }, (_, index) => index)
  const values = named.find(([field]) => field === only?.field)?.[1]
  const wanted = only && values?.length === count ? indexes.filter(index => only.isWanted(values[index])) : indexes
  return wanted.map(index => {
    const row: { [field: string]: unknown } = {}
    for (const [field, column] of named) row[field] = column[column.length === 1 ? 0 : index]
    return row
  })
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
