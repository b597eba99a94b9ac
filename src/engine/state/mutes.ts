/** Timers for the ends of mutes: a mute ends by the server's clock, without a message. */

import type { MemberRow } from '../../kernel/model.ts'
import type { Host } from '../host.ts'
import { nothingTouched, touchMember, type Touched } from './touched.ts'

/** A browser's timer can last 24.8 days. A longer mute starts another timer when this one fires. */
const longestTimerMs = 86_400_000

type MuteOptions = Pick<Host, 'setTimer'> & {
  serverNowMs(): number
  publish(touched: Touched): void
}

/** A mute ends by the clock, and the row keeps its time. */
export const withoutEndedMute = (row: MemberRow, serverNowMs: number): MemberRow =>
  row.muteUntil > 0 && row.muteUntil * 1000 <= serverNowMs ? { ...row, muteUntil: 0 } : row

export type Mutes = ReturnType<typeof createMutes>

export function createMutes({ serverNowMs, setTimer, publish }: MuteOptions) {
  /** By group and user. */
  const timers = new Map<string, Map<string, () => void>>()

  function watch({ groupID, userID }: MemberRow, leftMs: number): void {
    const ofGroup = timers.get(groupID) ?? new Map<string, () => void>()
    timers.set(groupID, ofGroup)
    ofGroup.get(userID)?.()
    const end = () => {
      ofGroup.delete(userID)
      const touched = nothingTouched()
      touchMember(touched, groupID, userID)
      publish(touched)
    }
    ofGroup.set(userID, setTimer(end, Math.min(leftMs, longestTimerMs)))
  }

  return {
    /** The row, without a mute that has ended. For a mute that lasts, a timer publishes its end. */
    current(row: MemberRow): MemberRow {
      const nowMs = serverNowMs()
      const current = withoutEndedMute(row, nowMs)
      if (current.muteUntil > 0) watch(row, row.muteUntil * 1000 - nowMs)
      return current
    },
    stop(): void {
      for (const ofGroup of timers.values()) for (const stop of ofGroup.values()) stop()
      timers.clear()
    }
  }
}
