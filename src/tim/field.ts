/** A property of any value. Apps and versions of Tencent's SDK pass what they like. */
export const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
