/** Timers, messages, frames and answers of a tab. A frozen tab receives them when it thaws. */

import type { Random } from './random.ts'
import type { World } from './world.ts'

export type Source = 'timer' | 'message' | 'frame' | 'storage' | 'lock' | 'app'
export type Gate = ReturnType<typeof createGate>

const betweenLateEventsMs = 5

export function createGate(world: World, random: Random) {
  /** Each source keeps its order. A browser runs events of different sources in any order. */
  const queues = new Map<Source, (() => void)[]>()
  let isFrozen = false
  let thawedAtMs = -Infinity

  function runLate(source: Source): void {
    world.at(world.now() + random.around(betweenLateEventsMs), () => {
      if (isFrozen) return
      const queue = queues.get(source) ?? []
      queue.shift()?.()
      if (queue.length === 0) queues.delete(source)
      else runLate(source)
    })
  }

  return {
    pass(source: Source, run: () => void): void {
      const queue = queues.get(source)
      if (queue) queue.push(run)
      else if (isFrozen) queues.set(source, [run])
      else run()
    },
    isFrozen: () => isFrozen,
    /** Whether events from before the thaw have still to run. */
    isLate: () => queues.size > 0,
    /** How long the tab has run since it was frozen. */
    awakeMs: () => (isFrozen ? 0 : world.now() - thawedAtMs),
    freeze: () => void (isFrozen = true),
    thaw(): void {
      isFrozen = false
      thawedAtMs = world.now()
      for (const source of queues.keys()) runLate(source)
    }
  }
}
