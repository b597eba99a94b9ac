/**
 * A clock for tests. Time passes only by its methods, so tests wait for nothing and repeat exactly.
 */

/** Virtual time in milliseconds. Timers fire in the order of their times. */
export type TestClock = {
  now(): number
  setTimer(callback: () => void, delayMs: number): () => void
  /** Waits until all work is done that needs no time to pass. */
  settle(): Promise<void>
  /** Moves the time forward, and fires the timers on the way. */
  advance(ms: number): Promise<void>
  /**
   * Moves the time forward until `condition` holds. Rejects if it does not hold after `limitMs`
   * (default: 120,000) of virtual time.
   */
  until(condition: () => boolean | Promise<boolean>, limitMs?: number): Promise<void>
}

/**
 * Creates a clock that starts at `startMs`.
 *
 * @example
 * const testClock = createTestClock()
 * let isOver = false
 * testClock.setTimer(() => (isOver = true), 60_000)
 * await testClock.advance(60_000)
 * console.log(isOver) // true
 */
export function createTestClock(startMs = 1_600_000_000_000): TestClock {
  let time = startMs
  let count = 0
  const timers = new Map<number, { atMs: number; callback: () => void }>()

  const settle = async () => {
    // Storage may need several turns of the event loop to answer.
    for (let turn = 0; turn < 12; turn++) await new Promise(resolve => setImmediate(resolve))
  }

  function next(): [number, { atMs: number; callback: () => void }] | undefined {
    let first: [number, { atMs: number; callback: () => void }] | undefined
    for (const timer of timers) if (!first || timer[1].atMs < first[1].atMs) first = timer
    return first
  }

  async function step(limit: number): Promise<boolean> {
    await settle()
    const timer = next()
    if (!timer || timer[1].atMs > limit) return false
    const [id, { atMs, callback }] = timer
    timers.delete(id)
    time = Math.max(time, atMs)
    callback()
    return true
  }

  return {
    now: () => time,
    setTimer(callback, delayMs) {
      const id = count++
      timers.set(id, { atMs: time + Math.max(0, delayMs), callback })
      return () => void timers.delete(id)
    },
    settle,
    async advance(ms) {
      const end = time + ms
      while (await step(end));
      time = end
    },
    async until(condition, limitMs = 120_000) {
      const end = time + limitMs
      for (;;) {
        await settle()
        if (await condition()) return
        if (!(await step(end)))
          throw new Error(`still not so after ${limitMs} ms: ${condition.toString()}`)
      }
    }
  }
}
