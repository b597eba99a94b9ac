/** The time of the next attempt to connect. */

import type { GroupError } from '../../kernel/errors.ts'
import type { Host } from '../host.ts'
import { backoffMs, hurriedRetryMs, retryMs, steadyAfterMs } from './schedule.ts'
import { createTimers } from './timers.ts'

export function createRetry(host: Host, connect: () => void) {
  const timers = createTimers<'retry' | 'steady'>(host)
  let failures = 0
  let nextRetryAtMs: number | null = null
  /** The last attempt and the next one, by the monotonic clock. */
  let triedAtElapsedMs = -Infinity
  let retryAtElapsedMs = Infinity

  function retryIn(delayMs: number): void {
    nextRetryAtMs = host.now() + delayMs
    retryAtElapsedMs = host.elapsedMs() + delayMs
    timers.start('retry', connect, delayMs)
  }

  return {
    nextRetryAtMs: () => nextRetryAtMs,
    isFirstAttempt: () => failures === 0,
    /** Call it with each attempt. */
    attempt(): void {
      timers.stop('retry')
      nextRetryAtMs = null
      triedAtElapsedMs = host.elapsedMs()
    },
    plan(lastError: GroupError | null): void {
      const delayMs = retryMs(lastError) ?? backoffMs(failures, host.random())
      failures++
      if (delayMs !== 'never') retryIn(delayMs)
    },
    /**
     * Retries before the back-off ends, because an operation waits. It keeps a distance from the
     * last attempt: users may enqueue hundreds of operations.
     */
    hurry(lastError: GroupError | null): void {
      if (retryMs(lastError) !== undefined) return
      const soonestMs = triedAtElapsedMs + hurriedRetryMs
      if (soonestMs < retryAtElapsedMs) retryIn(Math.max(0, soonestMs - host.elapsedMs()))
    },
    /**
     * Resets the back-off after the session has lasted for a while: a server may accept clients and
     * then fail.
     */
    resetWhenSteady: () => timers.start('steady', () => (failures = 0), steadyAfterMs),
    cancel(): void {
      nextRetryAtMs = null
      timers.stopAll()
    },
    reset: () => void (failures = 0)
  }
}
