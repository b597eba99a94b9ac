/** Says that a value cannot be missing here; if it is, that is a bug, and it shows where it is. */
export function must<T>(value: T | null | undefined, what = 'a value'): T {
  if (value === null || value === undefined) throw new Error(`${what} is missing`)
  return value
}
