/**
 * The pages of members that are under way: as many as the link brings quickly. A slow link with too much under way would
 * delay everything behind it, and the connection would be given up with all that is still to come.
 */

import { rowCount } from '../../protocol/column-block.ts'
import { frameLimits, type MembersMessage } from '../../protocol/messages.ts'
import { firstRate, rateAfter, rowsUnderWay } from './schedule.ts'

/** A server takes no more requests at a time than this, with room for others. */
const pagesMax = 64

type Page = {
  readonly membershipEpoch: number
  readonly rows: number
  readonly askedAtMs: number
  isStoring: boolean
}

export function createPages(now: () => number) {
  /** By group: of each, one page at a time. */
  const pages = new Map<string, Page>()
  let rate = firstRate
  let arrivedAtMs = -Infinity

  const onTheWay = () => [...pages.values()].filter(({ isStoring }) => !isStoring)

  return {
    has: (groupID: string) => pages.has(groupID),

    /** How many rows the next page may have; 0: it has to wait. */
    limit(): number {
      const rowsMax = rowsUnderWay(rate)
      const page = Math.min(rowsMax, frameLimits.membersPerPageMax)
      const underWay = onTheWay()
      const rows = underWay.reduce((sum, { rows }) => sum + rows, 0)
      return underWay.length < pagesMax && rows + page <= rowsMax ? page : 0
    },
    ask(groupID: string, page: Pick<Page, 'membershipEpoch' | 'rows'>): void {
      pages.set(groupID, { ...page, askedAtMs: now(), isStoring: false })
    },
    /** These pages have come together, and are being stored. */
    arrived(messages: readonly MembersMessage[]): void {
      let askedAtMs = Infinity
      for (const { groupID } of messages) {
        const page = pages.get(groupID)
        if (!page) continue
        page.isStoring = true
        askedAtMs = Math.min(askedAtMs, page.askedAtMs)
      }
      if (askedAtMs === Infinity) return
      const rows = messages.reduce((sum, { members }) => sum + rowCount(members), 0)
      rate = rateAfter(rate, rows, now() - Math.max(askedAtMs, arrivedAtMs))
      arrivedAtMs = now()
    },
    stored: (groupID: string) => pages.delete(groupID),
    /** Forgets pages that may get no answer. */
    keep(isDue: (groupID: string, membershipEpoch: number) => boolean): void {
      for (const [groupID, { membershipEpoch }] of pages)
        if (!isDue(groupID, membershipEpoch)) pages.delete(groupID)
    },
    /** The connection is over. If pages were still to come, they may have been too many. */
    lost(): void {
      if (onTheWay().length > 0) rate = { ...rate, rows: rate.rows / 2 }
      pages.clear()
    }
  }
}
