/** Collects the changes of a few milliseconds, and sends them in one delta. */

import type { SessionContext } from './session-port.ts'
import type { createTasks } from './tasks.ts'

const coalesceMs = 5

export function createFlush(
  setTimer: SessionContext['setTimer'],
  tasks: ReturnType<typeof createTasks>,
  flush: () => Promise<void>
) {
  let isAdded = false
  let stopTimer: (() => void) | undefined
  return {
    /** Adds one task, which sends all changes until its start. */
    soon(): void {
      if (isAdded) return
      stopTimer ??= setTimer(() => {
        stopTimer = undefined
        isAdded = true
        tasks.add(() => {
          isAdded = false
          return flush()
        })
      }, coalesceMs)
    },
    stop: () => stopTimer?.()
  }
}
