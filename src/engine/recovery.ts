/**
 * Storage that fails is tried again, with back-off and for ever: a full disk is emptied, a phone
 * wakes up, another tab closes. Meanwhile calls answer the error at once, this tab does not lead,
 * and memory is kept.
 */

import { failUnanswered } from '../kernel/bound.ts'
import type { Host } from './host.ts'
import type { Lifecycle } from './lifecycle.ts'
import { storageRetryMaxMs, storageRetryMinMs, storageWithinMs } from './limits.ts'

/** `onRecovered`: everything works again. */
export function createRecovery(
  { setTimer }: Host,
  lifecycle: Lifecycle,
  { reload, onRecovered }: { reload(): Promise<void>; onRecovered(): void }
) {
  let isPlanned = false
  let failures = 0

  async function attempt(): Promise<void> {
    try {
      await lifecycle.bound(reload(), storageWithinMs, failUnanswered)
    } catch (error) {
      // Expected: storage is still away.
      isPlanned = false
      return lifecycle.isClosing() ? undefined : lifecycle.fail(error)
    }
    isPlanned = false
    failures = 0
    if (lifecycle.isClosing()) return
    lifecycle.recover()
    onRecovered()
  }

  return {
    /** Storage has failed. */
    begin(): void {
      if (isPlanned) return
      isPlanned = true
      const delayMs = Math.min(storageRetryMinMs * 2 ** failures++, storageRetryMaxMs)
      setTimer(() => void attempt(), delayMs)
    }
  }
}
