/** When to try again, when to ask whether the server is there, and how much to ask for at once. Pure. */

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

/** A session that has lasted this long after catching up resets the back-off. */
export const steadyAfterMs = 10_000

/** Both sides compare their positions so often. A server that does not answer in time is given up. */
export const pingEveryMs = 30_000
export const answerWithinMs = 10_000
/** Where an answer is due and nothing has come for so long, a ping finds out whether the line is dead. */
export const probeAfterMs = 5000
/** After sleep most lines are dead: a ping finds out soon. */
export const answerAfterWakeWithinMs = 3000
/** A timer that fires so much later than planned: the device has slept, or its clock was set. */
const sleptMs = 2000
export const hasSlept = (plannedMs: number, nowMs: number): boolean => nowMs - plannedMs > sleptMs

/** A call that only storage has to answer is answered within this time, if need be with an error. */
export const storageWithinMs = 15_000
/** A flush ends when no verdict has come for so long. */
export const flushStuckAfterMs = 15_000

const shortestPingMs = 4000
/**
 * How often to ping. Proxies cut lines that were idle for too long: two cuts in a row after about the same idle time
 * give that time away.
 */
export function pingMsAfterCut(pingMs: number, idleMs: number, idleBeforeMs: number): number {
  const isSame = Math.abs(idleMs - idleBeforeMs) <= Math.max(1000, idleMs / 10)
  return isSame && idleMs >= shortestPingMs ? Math.min(pingMs, Math.max(shortestPingMs, Math.floor((idleMs * 2) / 3))) : pingMs
}

/** How many rows of members may be asked for and not have come. */
export const rowsUnderWay = { first: 1000, min: 50, max: 32_000 } as const
/** Fewer rows tell how long an answer takes, not how many the link carries. */
const rowsMeasuredMin = 100
const aheadMs = 2000
/** So many rows as the link has just shown to carry in two seconds, halfway from as many as there were. */
export function rowsAfterPages(rowsBefore: number, rows: number, tookMs: number): number {
  if (rows < rowsMeasuredMin) return rowsBefore
  const carried = (rows / Math.max(1, tookMs)) * aheadMs
  const next = Math.floor((rowsBefore + Math.min(carried, rowsUnderWay.max)) / 2)
  return Math.max(rowsUnderWay.min, next)
}
