/** Promises of the UI thread that end in time. */

import { createBound } from '../engine/api.ts'

export const bound = createBound((callback, delayMs) => {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
})
