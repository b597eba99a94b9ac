/** Promises of the UI thread that end in time. */

import { createBound } from '../kernel/bound.ts'

export const bound = createBound((callback, delayMs) => {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
})
