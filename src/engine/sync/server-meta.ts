/** The stored facts about the server: epoch, receipt, policy and clock. */

import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { Meta } from '../../storage/tables.ts'

/** A smaller difference of clocks is ignored: a frame may need as long to arrive. */
const clockToleranceMs = 2000

type Welcome = Extract<ServerMessage, { type: 'welcome' }>
type Pong = Extract<ServerMessage, { type: 'pong' }>

/** The facts from a welcome. Positions do not change. */
export function metaAfterWelcome(
  { userID, epoch, receipt, kernel, isAppAdmin, policy, serverTime }: Welcome,
  before: Meta | undefined,
  nowMs: number
): Meta {
  const { feed = 0, noticeCount = 0, noticeSeq = 0, undeliveredCount = 0 } = before ?? {}
  return {
    userID,
    epoch,
    ...(receipt !== undefined && { receipt }),
    feed,
    noticeCount,
    noticeSeq,
    undeliveredCount,
    kernel,
    isAppAdmin,
    policy,
    clockOffsetMs: serverTime - nowMs,
    serverTimeMs: serverTime
  }
}

/** The facts from a pong. `undefined`: no fact has changed. */
export function metaAfterPong(
  meta: Meta,
  { serverTime, receipt = '' }: Pong,
  nowMs: number
): Meta | undefined {
  const clockOffsetMs = serverTime - nowMs
  const isClockRight = Math.abs(clockOffsetMs - meta.clockOffsetMs) < clockToleranceMs
  if (isClockRight && receipt === (meta.receipt ?? '')) return undefined
  return { ...meta, receipt, serverTimeMs: serverTime, ...(!isClockRight && { clockOffsetMs }) }
}
