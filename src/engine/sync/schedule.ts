/** The times of retries and pings, and the number of rows to request at once. Pure. */

import { errors, isLoginError, type GroupError } from '../../kernel/errors.ts'

const firstDelayMs = 500
const longestDelayMs = 30_000

/**
 * Full jitter: a random delay up to a bound that doubles with each failure. Many clients that lost
 * the same server do not come back at the same time.
 */
export function backoffMs(failures: number, random: number): number {
  return Math.round(random * Math.min(longestDelayMs, firstDelayMs * 2 ** failures))
}

/** `'never'`: the app has to provide another token. `undefined`: the normal back-off. */
export function retryMs(error: GroupError | null): number | 'never' | undefined {
  if (error === null) return undefined
  if (isLoginError(error)) return 'never'
  return error.code === errors.ProtocolTooOld.code ? longestDelayMs : undefined
}

/** An operation that waits shortens the back-off, but attempts keep this distance. */
export const hurriedRetryMs = 3000

/** A session that lasts this long after catching up resets the back-off. */
export const steadyAfterMs = 10_000

/** Client and server compare their positions at this interval. */
export const pingEveryMs = 30_000
/** A connection without a frame in this time is lost. */
export const answerWithinMs = 10_000
/** If an answer is due and no frame arrives for so long, a ping tests the connection. */
export const probeAfterMs = 5000
/** After sleep most connections are dead, and the user is waiting. */
export const answerAfterWakeWithinMs = 3000
/**
 * If a timer fires this much later than planned, the device has slept, or its clock has changed.
 */
const sleptMs = 2000
export const hasSlept = (plannedMs: number, nowMs: number): boolean => nowMs - plannedMs > sleptMs

const shortestPingMs = 4000
/**
 * Proxies cut idle connections. Two cuts in a row after about the same idle time reveal the limit
 * of a proxy, and pings become more frequent than that.
 */
export function pingMsAfterCut(pingMs: number, idleMs: number, idleBeforeMs: number): number {
  const isSame = Math.abs(idleMs - idleBeforeMs) <= Math.max(1000, idleMs / 10)
  return isSame && idleMs >= shortestPingMs
    ? Math.min(pingMs, Math.max(shortestPingMs, Math.floor((idleMs * 2) / 3)))
    : pingMs
}

/**
 * Rows of members that the link has carried, and in how many milliseconds. Older rows count less.
 */
type Rate = { readonly rows: number; readonly ms: number }
export const firstRate: Rate = { rows: 1000, ms: 2000 }
const olderWeight = 0.8
export const rateAfter = (rate: Rate, rows: number, tookMs: number): Rate => ({
  rows: rate.rows * olderWeight + rows,
  ms: Math.max(1, rate.ms * olderWeight + Math.max(0, tookMs))
})

const aheadMs = 2000
const [rowsMin, rowsMax] = [50, 32_000]
/** How many rows may be requested at once: as many as the link carries in two seconds. */
export const rowsUnderWay = ({ rows, ms }: Rate): number =>
  Math.min(rowsMax, Math.max(rowsMin, Math.floor((rows / ms) * aheadMs)))
