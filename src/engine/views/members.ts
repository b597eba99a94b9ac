/** The visible members of groups that are shown, and lists of them. */

import { sameRow, type MemberRow } from '../../kernel/model.ts'
import type { State } from '../state/state.ts'
import type { Touched } from '../state/touched.ts'
import type { Ordered } from './ordered.ts'
import { finder, memberOrders } from './orders.ts'
import {
  createSource,
  listName,
  listOf,
  replace,
  type MembersQuery,
  type Source
} from './source.ts'
import type { Visible } from './visible.ts'

type MemberSource = Source<MemberRow> & { hidesBase: boolean }

export function createMembers({ base, overlay }: State, visible: Visible) {
  const sources = new Map<string, MemberSource>()

  function build(groupID: string): MemberSource {
    const hidesBase = overlay.hidesBase(groupID)
    const stored = hidesBase ? [] : [...base.members.all(groupID)].map(row => row.userID)
    // The lists stay, because they remember the rows after which windows begin.
    const source = sources.get(groupID) ?? { ...createSource<MemberRow>(), hidesBase }
    source.hidesBase = hidesBase
    source.byID.clear()
    for (const user of [...overlay.predictedMembers(groupID), ...stored]) {
      const row = visible.member(groupID, user)
      if (row) source.byID.set(user, row)
    }
    for (const list of source.lists.values()) list.refill()
    sources.set(groupID, source)
    return source
  }

  function refreshMember(groupID: string, source: MemberSource, user: string): void {
    const before = source.byID.get(user)
    const after = visible.member(groupID, user)
    if (!before || !after || !sameRow(before, after)) replace(source, user, after)
  }

  return {
    has: (groupID: string): boolean => sources.has(groupID),

    refresh(groupID: string, touched: Touched): void {
      const source = sources.get(groupID)
      if (!source) return
      const users = touched.members.get(groupID)
      if (users === 'all' || overlay.hidesBase(groupID) !== source.hidesBase) build(groupID)
      else for (const user of users ?? []) refreshMember(groupID, source, user)
    },

    list(query: MembersQuery): Ordered<MemberRow> {
      const isFound = finder(query.search ?? '')
      return listOf(sources.get(query.groupID) ?? build(query.groupID), query, {
        compare: memberOrders[query.orderBy ?? 'joinTime'],
        isIn: ({ nameCard, userID, role }) =>
          (!query.role || role === query.role) && isFound(nameCard, userID),
        lastKnown: user => base.lastKnownMember(query.groupID, user)
      })
    },
    dropList: (query: MembersQuery) =>
      void sources.get(query.groupID)?.lists.delete(listName(query)),

    /**
     * Call it when no stream shows the members. Those that decide pending operations stay loaded.
     */
    drop(groupID: string): void {
      sources.delete(groupID)
      if (!overlay.hasLane(groupID)) base.members.release(groupID)
    }
  }
}
