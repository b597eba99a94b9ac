/** When to try again: pure. */

const firstDelayMs = 500
const longestDelayMs = 30_000

/** Full jitter: anything up to a bound that doubles with each failure, so that many clients do not come back at once. */
export function backoffMs(failures: number, random: number): number {
  return Math.round(random * Math.min(longestDelayMs, firstDelayMs * 2 ** failures))
}

/** The server is pinged when nothing has been heard for a while, and given up when nothing comes then either. */
export const pingAfterMs = 30_000
export const answerWithinMs = 10_000
