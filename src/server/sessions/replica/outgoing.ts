/**
 * The delta that is sent next. Each verdict waits for the rows it refers to, but for no other
 * verdict: rows must not be sent without the verdict whose effect they have.
 */

import type { DeltaMessage, FeedDelta, GroupDelta } from '../../../protocol/server-messages.ts'

export type Verdict = DeltaMessage['verdicts'][number]
/** `readsBefore`: the number of reads that had begun when the verdict was given. */
export type WaitingVerdict = { readonly verdict: Verdict; readonly readsBefore: number }

export type OutgoingDelta = {
  -readonly [K in keyof Omit<DeltaMessage, 'type' | 'serverTime'>]: DeltaMessage[K]
}
const emptyDelta = (): OutgoingDelta => ({ groups: [], verdicts: [], retry: [], caughtUp: false })

/** A delta holds about this many groups and rows. The next read brings the others. */
export const partMax = { groups: 100, rows: 2000 }

/** A group with more rows is not read together with hundreds of others. */
const lightRowsMax = 20

export type Outgoing = ReturnType<typeof createOutgoing>

export function createOutgoing() {
  let delta = emptyDelta()
  let verdicts: WaitingVerdict[] = []

  return {
    addFeed({ from, to, events }: FeedDelta): void {
      // A feed from the beginning replaces all events before it.
      const before = from === 0 ? undefined : delta.feed
      delta.feed = {
        from: before?.from ?? from,
        to,
        events: [...(before?.events ?? []), ...events]
      }
    },
    addGroup: (group: GroupDelta) => void delta.groups.push(group),
    addVerdict: (waiting: WaitingVerdict) => void verdicts.push(waiting),
    addRetry: (opID: string) => void delta.retry.push(opID),
    markCaughtUp: () => void (delta.caughtUp = true),

    isFull(): boolean {
      const rows = delta.groups.reduce(
        (sum, { members, gone }) => sum + members.length + gone.length,
        0
      )
      return delta.groups.length >= partMax.groups || rows >= partMax.rows
    },

    /** Whether its groups have few rows and tips on average. */
    isLight(): boolean {
      const rows = delta.groups.reduce(
        (sum, { members, gone, tips }) => sum + members.length + gone.length + tips.length,
        0
      )
      return rows <= delta.groups.length * lightRowsMax
    },

    hasVerdictOf: (groupID: string) => verdicts.some(({ verdict }) => verdict.groupID === groupID),

    /** Removes and returns the delta to send. `undefined`: it is empty. */
    next(isReady: (waiting: WaitingVerdict) => boolean): OutgoingDelta | undefined {
      delta.verdicts = verdicts.filter(isReady).map(({ verdict }) => verdict)
      verdicts = verdicts.filter(waiting => !isReady(waiting))
      const next = delta
      delta = emptyDelta()
      const isEmpty =
        !next.feed &&
        next.groups.length + next.verdicts.length + next.retry.length === 0 &&
        !next.caughtUp
      return isEmpty ? undefined : next
    }
  }
}
