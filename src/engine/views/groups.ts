/** The visible groups, and lists of them. */

import { sameRow } from '../../kernel/model.ts'
import type { Group } from '../api.ts'
import { keepLast } from '../state/keep-last.ts'
import type { Ordered } from './ordered.ts'
import { finder, groupOrders } from './orders.ts'
import { createSource, listName, listOf, replace, type GroupsQuery } from './source.ts'
import type { Visible } from './visible.ts'

export function createGroups(visible: Visible) {
  const source = createSource<Group>()
  /** Groups that the user has left: a window may begin after one of them. */
  const left = new Map<string, Group>()

  return {
    get: (groupID: string): Group | undefined => source.byID.get(groupID),
    ids: (): string[] => [...source.byID.keys()],

    refresh(groupID: string): void {
      const before = source.byID.get(groupID)
      const after = visible.group(groupID)
      if (before && after && sameRow(before, after)) return
      replace(source, groupID, after)
      if (before && !after) keepLast(left, groupID, before)
    },

    /**
     * A group without `selfInfo` is an AVChatRoom that its owner has not joined: it is not listed.
     */
    list(query: GroupsQuery): Ordered<Group> {
      const isFound = finder(query.search ?? '')
      return listOf(source, query, {
        compare: groupOrders[query.orderBy ?? 'lastInfoTime'],
        isIn: ({ selfInfo, name, groupID }) => (selfInfo ? isFound(name, groupID) : false),
        lastKnown: groupID => left.get(groupID)
      })
    },
    dropList: (query: GroupsQuery) => void source.lists.delete(listName(query))
  }
}
