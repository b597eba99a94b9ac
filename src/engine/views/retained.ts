/** Counts the open streams that need a row or a list in memory. */

import type { StreamQuery } from '../stream-api.ts'
import { listName } from './source.ts'

/** Whether, after a release, no stream needs the list or the rows. */
type Unused = { readonly list: boolean; readonly rows: boolean }

type Counts = Map<string, number>

export type Retained = ReturnType<typeof createRetained>

export function createRetained() {
  const groupLists: Counts = new Map()
  /** By group, then by list. */
  const memberLists = new Map<string, Counts>()
  /** By group. */
  const memberRows: Counts = new Map()
  const tips: Counts = new Map()

  return {
    hasMembers: (groupID: string): boolean => memberRows.has(groupID),
    groupsWithShownMembers: (): string[] => [...memberLists.keys()],

    retain(query: StreamQuery): void {
      if (query.kind === 'groups') increment(groupLists, listName(query))
      if (query.kind === 'members') {
        const lists: Counts = memberLists.get(query.groupID) ?? new Map()
        memberLists.set(query.groupID, lists)
        increment(lists, listName(query))
      }
      if (query.kind === 'members' || query.kind === 'member') increment(memberRows, query.groupID)
      if (query.kind === 'tips') increment(tips, query.groupID)
    },

    release(query: StreamQuery): Unused {
      switch (query.kind) {
        case 'groups':
          return { list: decrement(groupLists, listName(query)), rows: false }
        case 'members': {
          const { groupID } = query
          const lists: Counts = memberLists.get(groupID) ?? new Map()
          const list = decrement(lists, listName(query))
          if (lists.size === 0) memberLists.delete(groupID)
          return { list, rows: decrement(memberRows, groupID) }
        }
        case 'member':
          return { list: false, rows: decrement(memberRows, query.groupID) }
        case 'tips':
          return { list: false, rows: decrement(tips, query.groupID) }
        case 'group':
        case 'attributes':
        case 'counters':
        case 'notices':
        case 'undelivered':
        case 'outbox':
        case 'verdicts':
        case 'status':
        case 'storage':
          return { list: false, rows: false }
      }
    }
  }
}

function increment(counts: Counts, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Returns whether the count has become 0. */
function decrement(counts: Counts, key: string): boolean {
  const count = counts.get(key) ?? 0
  if (count > 1) counts.set(key, count - 1)
  else counts.delete(key)
  return count === 1
}
