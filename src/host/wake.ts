/** Calls back when the network may be back: by the browser's events, or after the device slept. */

import { hasSlept } from '../engine/sync/schedule.ts'

const checkEveryMs = 3000
const wakeEvents = ['online', 'pageshow']

/**
 * Returns a function that ends this. Workers get no event after sleep, so a timer that fires late
 * shows it.
 */
export function onWake(callback: () => void): () => void {
  let plannedMs = Date.now() + checkEveryMs
  const timer = setInterval(() => {
    const nowMs = Date.now()
    if (hasSlept(plannedMs, nowMs)) callback()
    plannedMs = nowMs + checkEveryMs
  }, checkEveryMs)
  // Hosts other than browsers have no events.
  const hasEvents = 'addEventListener' in globalThis
  if (hasEvents) for (const name of wakeEvents) addEventListener(name, callback)
  return () => {
    clearInterval(timer)
    if (hasEvents) for (const name of wakeEvents) removeEventListener(name, callback)
  }
}
