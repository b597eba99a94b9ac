/** Named timers. Starting a running timer replaces it. */

import type { Host } from '../host.ts'

export function createTimers<Name extends string>({ setTimer }: Pick<Host, 'setTimer'>) {
  const stops = new Map<Name, () => void>()
  const stop = (name: Name) => stops.get(name)?.()

  return {
    start(name: Name, callback: () => void, delayMs: number): void {
      stop(name)
      stops.set(name, setTimer(callback, delayMs))
    },
    stop,
    stopAll(): void {
      for (const stop of stops.values()) stop()
    }
  }
}
