/** Whether a change may alter the result of a query. */

import type { StreamQuery } from '../stream-api.ts'
import type { Touched } from '../state/touched.ts'

export function concerns(query: StreamQuery, touched: Touched): boolean {
  switch (query.kind) {
    case 'groups':
      return touched.groups.size > 0 || touched.members.size > 0 || touched.status
    case 'group':
    case 'members':
      return (
        touched.groups.has(query.groupID) || touched.members.has(query.groupID) || touched.status
      )
    case 'member': {
      const users = touched.members.get(query.groupID)
      return (
        touched.groups.has(query.groupID) || users === 'all' || Boolean(users?.has(query.userID))
      )
    }
    case 'tips':
      return touched.tips.has(query.groupID) || touched.status
    case 'attributes':
    case 'counters':
      return query.groupID === undefined
        ? touched.groups.size > 0 || touched.status
        : touched.groups.has(query.groupID) || touched.status
    case 'notices':
      return touched.notices || touched.status
    case 'undelivered':
      // A notice waits for the rows of its group.
      return touched.undelivered || touched.groups.size > 0
    case 'outbox':
    case 'verdicts':
    case 'status':
    case 'storage':
      return touched[query.kind]
  }
}
