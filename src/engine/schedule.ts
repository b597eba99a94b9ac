/** When to try again: pure. */

import { errors, type GroupError } from '../kernel/errors.ts'

const firstDelayMs = 500
const longestDelayMs = 30_000

/** Full jitter: anything up to a bound that doubles with each failure, so that many clients do not come back at once. */
export function backoffMs(failures: number, random: number): number {
  return Math.round(random * Math.min(longestDelayMs, firstDelayMs * 2 ** failures))
}

/** Where the reason says when: after a login that failed never, until the app brings another token. */
export function retryMs(error: GroupError | null): number | 'never' | undefined {
  if (error === null) return undefined
  if (error.code >= errors.TokenExpired.code) return 'never'
  return error.code === errors.ProtocolTooOld.code ? longestDelayMs : undefined
}

/** Both sides compare where they stand so often; who does not answer is given up. */
export const pingEveryMs = 30_000
export const answerWithinMs = 10_000

/** A session that has lasted this long after catching up resets the back-off. */
export const steadyAfterMs = 10_000
