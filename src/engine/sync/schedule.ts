/** When to try again, when to ask whether the server is there, and how much to ask for at once. Pure. */

import { errors, isLoginError, type GroupError } from '../../kernel/errors.ts'

const firstDelayMs = 500
const longestDelayMs = 30_000

/** Full jitter: anything up to a bound that doubles with each failure, so that many clients do not come back at once. */
export function backoffMs(failures: number, random: number): number {
  return Math.round(random * Math.min(longestDelayMs, firstDelayMs * 2 ** failures))
}

/** Where the reason says when: after a login that failed never, until the app brings another token. */
export function retryMs(error: GroupError | null): number | 'never' | undefined {
  if (error === null) return undefined
  if (isLoginError(error)) return 'never'
  return error.code === errors.ProtocolTooOld.code ? longestDelayMs : undefined
}

/** Where a queued operation is a reason to retry sooner, attempts keep this distance. */
export const hurriedRetryMs = 3000

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
  return isSame && idleMs >= shortestPingMs
    ? Math.min(pingMs, Math.max(shortestPingMs, Math.floor((idleMs * 2) / 3)))
    : pingMs
}

/** Rows of members that a link has carried, and in what time. Older ones count less. */
export type Rate = { readonly rows: number; readonly ms: number }
export const firstRate: Rate = { rows: 1000, ms: 2000 }
const olderCounts = 0.8
export const rateAfter = (rate: Rate, rows: number, tookMs: number): Rate => ({
  rows: rate.rows * olderCounts + rows,
  ms: Math.max(1, rate.ms * olderCounts + Math.max(0, tookMs))
})

const aheadMs = 2000
const [rowsMin, rowsMax] = [50, 32_000]
/** How many rows may be asked for and not have come: as many as the link carries in two seconds. */
export const rowsUnderWay = ({ rows, ms }: Rate): number =>
  Math.min(rowsMax, Math.max(rowsMin, Math.floor((rows / ms) * aheadMs)))
