/** What is walked, copied or stored as it is must not be so deep that it overflows somebody's stack. */
export const isShallow = (value: unknown, depthMax = 8): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (depthMax > 0 && Object.values(value).every(each => isShallow(each, depthMax - 1)))
