/** Sends the changes of a short time together. */

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
    /** Adds one task for all changes until it starts. */
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
