/** A session ends with its token, even if the client sends nothing. */

import type { SessionContext } from './session-port.ts'

/** A timer of more milliseconds fires at once. */
const timerMsMax = 2 ** 31 - 1

export function createExpiry(
  { now, setTimer }: Pick<SessionContext, 'now' | 'setTimer'>,
  onExpiry: () => void
) {
  let expiresAtMs = 0
  let stopTimer: (() => void) | undefined
  const isExpired = () => now() >= expiresAtMs

  function start(): void {
    stopTimer?.()
    const expire = () => (isExpired() ? onExpiry() : start())
    stopTimer = setTimer(expire, Math.min(expiresAtMs - now(), timerMsMax))
  }
  return {
    isExpired,
    set(newExpiresAtMs: number): void {
      expiresAtMs = newExpiresAtMs
      start()
    },
    stop: () => stopTimer?.()
  }
}
