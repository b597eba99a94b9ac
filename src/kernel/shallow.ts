/** Deeper values could overflow the stack of code that walks, copies or stores them. */
export const isShallow = (value: unknown, depthMax = 8): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (depthMax > 0 && Object.values(value).every(each => isShallow(each, depthMax - 1)))
