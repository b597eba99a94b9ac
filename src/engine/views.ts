/** What queries show: the visible rows, put together and in order. Only what was touched is looked at again. */

import { sameRow, type MemberRow } from '../kernel/model.ts'
import { noticeTypes } from '../kernel/notices.ts'
import type { HeldNotice, HeldTip } from '../storage/port.ts'
import type { Group, List, Notice, PendingOperation, Query, Row, Status, Tip, VerdictEntry } from './api.ts'
import type { createMutes } from './mutes.ts'
import { insertSorted, removeSorted, type Compare } from './sorted.ts'
import type { State } from './state.ts'
import type { Touched } from './touched.ts'

export type Result = { readonly kind: 'value'; readonly value: Row | Status | null } | ({ readonly kind: 'list' } & List<Row>)

type MemberList = { readonly byID: Map<string, MemberRow>; readonly rows: MemberRow[]; readonly isHidden: boolean }

export type ViewOptions = {
  readonly state: State
  readonly userID: string
  readonly mutes: ReturnType<typeof createMutes>
  status(): Status
}

export type Views = ReturnType<typeof createViews>

export function createViews({ state, userID, mutes, status }: ViewOptions) {
  const { base, overlay } = state
  const groups = new Map<string, Group>()
  const groupList: Group[] = []
  const memberLists = new Map<string, MemberList>()

  function visibleMember(groupID: string, user: string): MemberRow | null {
    const row = overlay.member(groupID, user)
    return row && mutes.shown(row)
  }

  function refreshGroup(groupID: string): void {
    const before = groups.get(groupID)
    const after = visibleGroup(groupID)
    if (before && after && sameGroup(before, after)) return
    if (before?.selfInfo) removeSorted(groupList, before, byActivity)
    if (after?.selfInfo) insertSorted(groupList, after, byActivity)
    if (after) groups.set(groupID, after)
    else groups.delete(groupID)
  }

  function visibleGroup(groupID: string): Group | null {
    const row = overlay.isVisible(groupID) ? overlay.group(groupID) : null
    if (!row) return null
    const self = visibleMember(groupID, userID)
    if (!self) return { ...row, selfInfo: null }
    const { role, joinTime, nameCard, muteUntil } = self
    const messageRemindType = overlay.settings(groupID)?.messageRemindType ?? 'AcceptAndNotify'
    return { ...row, selfInfo: { role, joinTime, nameCard, muteUntil, messageRemindType } }
  }

  function buildMembers(groupID: string): void {
    const isHidden = overlay.hidesBase(groupID)
    const stored = isHidden ? [] : [...base.members.all(groupID)].map(row => row.userID)
    const byID = new Map<string, MemberRow>()
    for (const user of [...overlay.predictedMembers(groupID), ...stored]) {
      const row = visibleMember(groupID, user)
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
    const after = visibleMember(groupID, user)
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

  function notice(held: HeldNotice): Notice {
    const { number: _number, handled, ...row } = held
    const application = row.operationType === noticeTypes.applied ? overlay.application(row.groupID, row.operatorID) : null
    const decided = handled?.state ?? (application && application.applyTime === row.time ? application.state : 'pending')
    return { ...row, application: row.operationType === noticeTypes.applied ? decided : null }
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
        const found = memberLists.get(groupID)
        if (found) refreshMembers(groupID, found, touched)
      }
    },

    /** Loads what a query shows; its `result` is undefined before. */
    async load(query: Query): Promise<void> {
      if (query.kind === 'members') {
        await base.loadAll(query.groupID)
        if (!memberLists.has(query.groupID)) buildMembers(query.groupID)
      }
      if (query.kind === 'member') await base.load(query.groupID, [query.userID])
      if (query.kind === 'tips') await base.tips.load(query.groupID, 'all')
    },

    /** Forgets what of a group no query shows any more. */
    release(kind: 'members' | 'tips', groupID: string): void {
      if (kind === 'tips') return base.tips.release(groupID)
      memberLists.delete(groupID)
      if (![...state.outbox.values()].some(pending => pending.groupID === groupID)) base.members.release(groupID)
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
          return base.isLoaded(query.groupID, [query.userID]) ? value(visibleMember(query.groupID, query.userID)) : undefined
        case 'tips':
          return list([...base.tips.all(query.groupID)].sort(byNumber).map(tip))
        case 'notices':
          return list([...base.notices.values()].sort(byNumber).map(notice))
        case 'arrivals':
          return list([...base.arrivals.values()].sort(byNumber))
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

const byID = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const byActivity: Compare<Group> = (a, b) =>
  b.lastInfoTime - a.lastInfoTime || b.createTime - a.createTime || byID(a.groupID, b.groupID)
const byJoinTime: Compare<MemberRow> = (a, b) => a.joinTime - b.joinTime || byID(a.userID, b.userID)
const byNumber: Compare<{ number: number }> = (a, b) => a.number - b.number

function tip({ number: _number, ...row }: HeldTip): Tip {
  return row
}
