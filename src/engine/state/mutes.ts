/** Mutes end by the server's clock and without a message; somebody has to notice. */

import type { MemberRow } from '../../kernel/model.ts'

/** Timers do not reach further; a longer mute is looked at again then. */
const longestTimerMs = 86_400_000

export type MuteOptions = {
  /** The server's time, in milliseconds. */
  now(): number
  setTimer(callback: () => void, delayMs: number): () => void
  /** The mute of a member may have ended. */
  onEnd(groupID: string, userID: string): void
}

export function createMutes({ now, setTimer, onEnd }: MuteOptions) {
  const timers = new Map<string, () => void>()

  return {
    /** The row as it counts now: of a mute that has ended, nothing is left. One that lasts is watched. */
    shown(row: MemberRow): MemberRow {
      if (row.muteUntil === 0) return row
      const leftMs = row.muteUntil * 1000 - now()
      if (leftMs <= 0) return { ...row, muteUntil: 0 }
      const name = `${row.groupID}\n${row.userID}`
      timers.get(name)?.()
      const end = () => {
        timers.delete(name)
        onEnd(row.groupID, row.userID)
      }
      timers.set(name, setTimer(end, Math.min(leftMs, longestTimerMs)))
      return row
    },
    end(): void {
      for (const stop of timers.values()) stop()
      timers.clear()
    }
  }
}
