/**
 * The clocks of a mini-program. It has no monotonic clock, so one is made of short steps: a change
 * of the device's clock moves it by one step at most. It stops while the program is suspended.
 */

import { setTimer } from '../host/timer.ts'
import { hasSlept } from '../engine/sync/schedule.ts'

const tickMs = 3000
const stepMsMax = 2 * tickMs

export type Clock = {
  elapsedMs(): number
  /** Calls back after a suspension. Returns a function that ends this. */
  onWake(callback: () => void): () => void
}

export function createClock(now: () => number): Clock {
  let elapsed = 0
  let lastMs = now()

  function elapsedMs(): number {
    const nowMs = now()
    elapsed += Math.min(Math.max(0, nowMs - lastMs), stepMsMax)
    lastMs = nowMs
    return elapsed
  }

  return {
    elapsedMs,
    onWake(callback) {
      let plannedMs = now() + tickMs
      let stopTimer = setTimer(tick, tickMs)
      function tick(): void {
        elapsedMs()
        const nowMs = now()
        const slept = hasSlept(plannedMs, nowMs)
        plannedMs = nowMs + tickMs
        stopTimer = setTimer(tick, tickMs)
        if (slept) callback()
      }
      return () => stopTimer()
    }
  }
}
