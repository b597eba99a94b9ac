/** A property of any value. Apps and versions of Tencent's SDK pass what they like. */
export function fieldOf(value: unknown, name: string): unknown {
  try {
    return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  } catch {
    // Expected: a getter or a proxy that throws. The check of the arguments refuses the value.
    return undefined
  }
}
