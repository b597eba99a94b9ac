/** Timers and clock of a test by hand, while the network of this machine works as always. */

import { vi } from 'vitest'
import type { GroupStore } from '../../src/mini-program.ts'

const realTimer = setTimeout

export function useVirtualTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
}

/** The store closes in real time. */
export async function closeInRealTime(store: GroupStore): Promise<void> {
  vi.useRealTimers()
  await store.close()
}

/** Time for the network, but not for timers. */
const networkTurn = (): Promise<void> => new Promise(resolve => realTimer(resolve, 2))

/** Timers fire, until the condition holds. */
export async function passUntil(condition: () => boolean, limitMs = 120_000): Promise<void> {
  for (let passedMs = 0; !condition(); passedMs += 100) {
    if (passedMs >= limitMs)
      throw new Error(`still not so after ${limitMs} ms: ${String(condition)}`)
    await vi.advanceTimersByTimeAsync(100)
    await networkTurn()
  }
}

/** The result of a call that needs timers. */
export async function passing<T>(call: Promise<T>, limitMs?: number): Promise<T> {
  let isSettled = false
  const settle = () => void (isSettled = true)
  void call.then(settle, settle)
  await passUntil(() => isSettled, limitMs)
  return call
}
