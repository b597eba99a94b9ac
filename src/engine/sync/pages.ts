/**
 * The requested pages of members: only as many as the link carries quickly. On a slow link more
 * pages would delay every other frame, and the silence would end the connection with all pages.
 */

import { rowCount } from '../../protocol/column-block.ts'
import { frameLimits } from '../../protocol/messages.ts'
import type { MembersMessage } from '../../protocol/server-messages.ts'
import { firstRate, rateAfter, rowsUnderWay } from './schedule.ts'

/** Servers accept a few more requests at a time. The difference is for other questions. */
const pagesMax = 64

type Page = {
  readonly membershipEpoch: number
  readonly rows: number
  readonly askedAtElapsedMs: number
  isStoring: boolean
}

export function createPages(elapsedMs: () => number) {
  /** By group: one page at a time, because each begins after the last. */
  const pages = new Map<string, Page>()
  let rate = firstRate
  let arrivedAtElapsedMs = -Infinity

  const underWay = () => [...pages.values()].filter(({ isStoring }) => !isStoring)

  return {
    has: (groupID: string) => pages.has(groupID),

    /** How many rows the next page may have. 0: no page may be requested yet. */
    limit(): number {
      const rowsMax = rowsUnderWay(rate)
      const page = Math.min(rowsMax, frameLimits.membersPerPageMax)
      const asked = underWay()
      const rows = asked.reduce((sum, { rows }) => sum + rows, 0)
      return asked.length < pagesMax && rows + page <= rowsMax ? page : 0
    },
    ask(groupID: string, page: Pick<Page, 'membershipEpoch' | 'rows'>): void {
      pages.set(groupID, { ...page, askedAtElapsedMs: elapsedMs(), isStoring: false })
    },
    /** Measures the link by pages that have arrived together. */
    arrived(messages: readonly MembersMessage[]): void {
      let firstAskedMs = Infinity
      for (const { groupID } of messages) {
        const page = pages.get(groupID)
        if (!page) continue
        page.isStoring = true
        firstAskedMs = Math.min(firstAskedMs, page.askedAtElapsedMs)
      }
      if (firstAskedMs === Infinity) return
      const rows = messages.reduce((sum, { members }) => sum + rowCount(members), 0)
      rate = rateAfter(rate, rows, elapsedMs() - Math.max(firstAskedMs, arrivedAtElapsedMs))
      arrivedAtElapsedMs = elapsedMs()
    },
    stored: (groupID: string) => pages.delete(groupID),
    /** Removes pages that may get no answer. */
    keep(isDue: (groupID: string, membershipEpoch: number) => boolean): void {
      for (const [groupID, { membershipEpoch }] of pages)
        if (!isDue(groupID, membershipEpoch)) pages.delete(groupID)
    },
    /** Call it when the connection is lost. Its pages may have been too many for the link. */
    lost(): void {
      if (underWay().length > 0) rate = { ...rate, rows: rate.rows / 2 }
      pages.clear()
    }
  }
}
