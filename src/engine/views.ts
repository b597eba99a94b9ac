/** What queries show: the visible rows, put together and in order. Only what was touched is looked at again. */

import { sameRow, type MemberRow } from '../kernel/model.ts'
import type { Group, List, PendingOperation, Query, Row, Status, VerdictEntry } from './api.ts'
import type { State } from './state.ts'
import type { Touched } from './touched.ts'

export type Result = { readonly kind: 'value'; readonly value: Row | Status | null } | ({ readonly kind: 'list' } & List<Row>)

type MemberList = { readonly byID: Map<string, MemberRow>; readonly rows: MemberRow[]; isHidden: boolean }

export type Views = ReturnType<typeof createViews>

export function createViews(state: State, userID: string, status: () => Status) {
  const { base, overlay } = state
  const groups = new Map<string, Group>()
  const groupList: Group[] = []
  const memberLists = new Map<string, MemberList>()

  function refreshGroup(groupID: string): void {
    const before = groups.get(groupID)
    const row = overlay.isVisible(groupID) ? overlay.group(groupID) : null
    const self = row && overlay.member(groupID, userID)
    const selfInfo = self && { role: self.role, joinTime: self.joinTime, nameCard: self.nameCard, muteUntil: self.muteUntil }
    const after = row && { ...row, selfInfo }
    if (before && after && sameGroup(before, after)) return
    if (before?.selfInfo) removeSorted(groupList, before, byActivity)
    if (after?.selfInfo) insertSorted(groupList, after, byActivity)
    if (after) groups.set(groupID, after)
    else groups.delete(groupID)
  }

  function buildMembers(groupID: string): void {
    const isHidden = overlay.hidesBase(groupID)
    const users = [...overlay.predictedMembers(groupID), ...(isHidden ? [] : [...base.members(groupID)].map(row => row.userID))]
    const byID = new Map<string, MemberRow>()
    for (const user of users) {
      const row = overlay.member(groupID, user)
      if (row) byID.set(user, row)
    }
    memberLists.set(groupID, { byID, rows: [...byID.values()].sort(byJoinTime), isHidden })
  }

  function refreshMembers(groupID: string, list: MemberList, touched: Touched): void {
    const users = touched.members.get(groupID)
    if (users === 'all' || overlay.hidesBase(groupID) !== list.isHidden) buildMembers(groupID)
    else for (const user of users ?? []) refreshMember(groupID, list, user)
  }

  function refreshMember(groupID: string, { byID, rows }: MemberList, user: string): void {
    const before = byID.get(user)
    const after = overlay.member(groupID, user)
    if (before && after && sameRow(before, after)) return
    if (before) removeSorted(rows, before, byJoinTime)
    if (after) insertSorted(rows, after, byJoinTime)
    if (after) byID.set(user, after)
    else byID.delete(user)
  }

  function members({ groupID, offset, limit }: Extract<Query, { kind: 'members' }>): Result | undefined {
    const group = groups.get(groupID)
    const held = base.groups.get(groupID)
    if (!group) return list([], { total: 0, complete: true })
    const complete = held ? held.membersUpTo === null : true
    const found = memberLists.get(groupID)
    if (!found) return undefined
    return list(found.rows.slice(offset, offset + limit), { total: complete ? found.rows.length : group.memberNum, complete })
  }

  const list = (rows: readonly Row[], { total = rows.length, complete = true } = {}): Result => ({
    kind: 'list',
    rows,
    total,
    complete,
    stale: !status().caughtUp
  })
  const value = (row: Row | Status | null): Result => ({ kind: 'value', value: row })

  return {
    refresh(touched: Touched): void {
      for (const groupID of new Set([...touched.groups, ...touched.members.keys()])) {
        refreshGroup(groupID)
        const members = memberLists.get(groupID)
        if (members) refreshMembers(groupID, members, touched)
      }
    },

    /** Loads what a query shows; its `result` is undefined before. */
    async load(query: Query): Promise<void> {
      if (query.kind === 'members') {
        await base.load(query.groupID, 'all')
        if (!memberLists.has(query.groupID)) buildMembers(query.groupID)
      }
      if (query.kind === 'member') await base.load(query.groupID, [query.userID])
    },

    /** Forgets the members of a group that no query shows any more. */
    release(groupID: string): void {
      memberLists.delete(groupID)
      if (![...state.outbox.values()].some(pending => pending.groupID === groupID)) base.release(groupID)
    },

    result(query: Query): Result | undefined {
      switch (query.kind) {
        case 'groups':
          return list(groupList.slice())
        case 'group':
          return value(groups.get(query.groupID) ?? null)
        case 'members':
          return members(query)
        case 'member':
          return base.isLoaded(query.groupID, [query.userID]) ? value(overlay.member(query.groupID, query.userID)) : undefined
        case 'outbox':
          return list(
            state.operations().map(({ opID, name, args, groupID, at }): PendingOperation => ({ opID, name, args, groupID, at }))
          )
        case 'verdicts':
          return list(
            [...state.verdicts.values()].flatMap((settled): VerdictEntry[] => {
              const { verdict, name, args, at } = settled
              return verdict.kind === 'applied' ? [] : [{ opID: verdict.opID, name, args, groupID: verdict.groupID, at, verdict }]
            })
          )
        case 'status':
          return value(status())
      }
    }
  }
}

const sameGroup = ({ selfInfo: a, ...before }: Group, { selfInfo: b, ...after }: Group): boolean =>
  sameRow(before, after) && JSON.stringify(a) === JSON.stringify(b)

type Compare<R> = (a: R, b: R) => number
const byActivity: Compare<Group> = (a, b) =>
  b.lastInfoTime - a.lastInfoTime || b.createTime - a.createTime || (a.groupID < b.groupID ? -1 : a.groupID > b.groupID ? 1 : 0)
const byJoinTime: Compare<MemberRow> = (a, b) =>
  a.joinTime - b.joinTime || (a.userID < b.userID ? -1 : a.userID > b.userID ? 1 : 0)

function place<R>(rows: readonly R[], row: R, compare: Compare<R>): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = rows[middle]
    if (other !== undefined && compare(other, row) < 0) low = middle + 1
    else high = middle
  }
  return low
}

const insertSorted = <R>(rows: R[], row: R, compare: Compare<R>) => void rows.splice(place(rows, row, compare), 0, row)
const removeSorted = <R>(rows: R[], row: R, compare: Compare<R>) => void rows.splice(place(rows, row, compare), 1)
