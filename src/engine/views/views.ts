/** What queries show: the visible rows, put together and in order. Only what was touched is looked at again. */

import { sameRow, type MemberRow } from '../../kernel/model.ts'
import { noticeTypes } from '../../kernel/notices.ts'
import type { HeldNotice, HeldTip } from '../../storage/tables.ts'
import type {
  Group,
  List,
  Notice,
  PendingOperation,
  Query,
  Row,
  Status,
  Tip,
  VerdictEntry
} from '../api.ts'
import type { createMutes } from '../state/mutes.ts'
import { createOrdered, type Compare, type Ordered, type OrderedOptions } from './ordered.ts'
import { finder, groupOrders, memberOrders } from './orders.ts'
import { keepLast } from './left.ts'
import type { State } from '../state/state.ts'
import type { Touched } from './touched.ts'

export type Result =
  | { readonly kind: 'value'; readonly value: Row | Status | null }
  | ({ readonly kind: 'list' } & List<Row>)

type GroupsQuery = Extract<Query, { kind: 'groups' }>
type MembersQuery = Extract<Query, { kind: 'members' }>

/** Rows, and the lists of them that somebody looks at, by order and search. */
type Source<R> = { readonly byID: Map<string, R>; readonly lists: Map<string, Ordered<R>> }
type MemberSource = Source<MemberRow> & { isHidden: boolean }

export type ViewOptions = {
  readonly state: State
  readonly userID: string
  readonly mutes: ReturnType<typeof createMutes>
  status(): Status
  caughtUp(): boolean
}

export type Views = ReturnType<typeof createViews>

export function createViews({ state, userID, mutes, status, caughtUp }: ViewOptions) {
  const { base, overlay } = state
  const groups: Source<Group> = { byID: new Map(), lists: new Map() }
  /** Groups that the user has left, for windows that begin after them. */
  const leftGroups = new Map<string, Group>()
  const members = new Map<string, MemberSource>()
  /** How many look at a list, at members of a group, at its tips. */
  const uses = new Map<string, number>()

  function visibleMember(groupID: string, user: string): MemberRow | null {
    const row = overlay.member(groupID, user)
    return row && mutes.shown(row)
  }

  function refreshGroup(groupID: string): void {
    const before = groups.byID.get(groupID)
    const after = visibleGroup(groupID)
    if (before && after && sameRow(before, after)) return
    replace(groups, groupID, after)
    if (before && !after) keepLast(leftGroups, groupID, before)
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

  function buildMembers(groupID: string): MemberSource {
    const isHidden = overlay.hidesBase(groupID)
    const stored = isHidden ? [] : [...base.members.all(groupID)].map(row => row.userID)
    // Lists stay the same, because they know where windows begin.
    const source: MemberSource = members.get(groupID) ?? {
      byID: new Map(),
      lists: new Map(),
      isHidden
    }
    source.isHidden = isHidden
    source.byID.clear()
    for (const user of [...overlay.predictedMembers(groupID), ...stored]) {
      const row = visibleMember(groupID, user)
      if (row) source.byID.set(user, row)
    }
    for (const each of source.lists.values()) each.refill()
    members.set(groupID, source)
    return source
  }

  function refreshMembers(groupID: string, source: MemberSource, touched: Touched): void {
    const users = touched.members.get(groupID)
    if (users === 'all' || overlay.hidesBase(groupID) !== source.isHidden) buildMembers(groupID)
    else for (const user of users ?? []) refreshMember(groupID, source, user)
  }

  function refreshMember(groupID: string, source: MemberSource, user: string): void {
    const before = source.byID.get(user)
    const after = visibleMember(groupID, user)
    if (!before || !after || !sameRow(before, after)) replace(source, user, after)
  }

  function groupList(query: GroupsQuery): Ordered<Group> {
    const isFound = finder(query.search ?? '')
    return listOf(groups, query, {
      compare: groupOrders[query.orderBy ?? 'lastInfoTime'],
      isIn: ({ selfInfo, name, groupID }) => (selfInfo ? isFound(name, groupID) : false),
      lastKnown: groupID => leftGroups.get(groupID)
    })
  }

  function memberList(source: MemberSource, query: MembersQuery): Ordered<MemberRow> {
    const isFound = finder(query.search ?? '')
    return listOf(source, query, {
      compare: memberOrders[query.orderBy ?? 'joinTime'],
      isIn: ({ nameCard, userID }) => isFound(nameCard, userID),
      lastKnown: user => base.lastKnownMember(query.groupID, user)
    })
  }

  function membersOf(query: MembersQuery): Result {
    const { groupID } = query
    const group = groups.byID.get(groupID)
    const held = base.groups.get(groupID)
    if (!group) return list([], { total: 0, complete: true })
    const complete = held ? held.membersUpTo === null : true
    const found = memberList(members.get(groupID) ?? buildMembers(groupID), query)
    return list(found.part(query), {
      total: complete || query.search ? found.total() : group.memberNum,
      complete
    })
  }

  function notice(held: HeldNotice): Notice {
    const { number: _number, handled, ...row } = held
    const application =
      row.operationType === noticeTypes.applied
        ? overlay.application(row.groupID, row.operatorID)
        : null
    const decided =
      handled?.state ??
      (application && application.seq === row.applicationSeq ? application.state : 'pending')
    return { ...row, application: row.operationType === noticeTypes.applied ? decided : null }
  }

  const list = (rows: readonly Row[], { total = rows.length, complete = true } = {}): Result => ({
    kind: 'list',
    rows,
    total,
    complete,
    stale: !caughtUp()
  })
  const value = (row: Row | Status | null): Result => ({ kind: 'value', value: row })

  /** Members of a group that nobody looks at, and no pending operation speaks of, are forgotten. */
  function forgetUnused(groupID: string): void {
    if (uses.has(membersName(groupID))) return
    members.delete(groupID)
    if (!overlay.hasLane(groupID)) base.members.release(groupID)
  }

  function release(query: Query): void {
    for (const name of usedNames(query)) {
      const count = uses.get(name) ?? 0
      if (count > 1) uses.set(name, count - 1)
      else {
        uses.delete(name)
        if (query.kind === 'groups') groups.lists.delete(listName(query))
        if (query.kind === 'members') members.get(query.groupID)?.lists.delete(listName(query))
      }
    }
    if (query.kind === 'members' || query.kind === 'member') forgetUnused(query.groupID)
    if (query.kind === 'tips' && !uses.has(tipsName(query.groupID)))
      base.tips.release(query.groupID)
  }

  return {
    refresh(touched: Touched): void {
      for (const groupID of new Set([...touched.groups, ...touched.members.keys()])) {
        refreshGroup(groupID)
        const source = members.get(groupID)
        if (source) refreshMembers(groupID, source, touched)
        else forgetUnused(groupID)
      }
    },

    /** Reads members that a query shows, before it is known which groups there are. */
    async readAhead(query: Query): Promise<void> {
      if (query.kind === 'members') await base.members.load(query.groupID, 'all')
    },

    /** Loads what a query shows. */
    async load(query: Query): Promise<void> {
      if (query.kind === 'members') await base.loadAll(query.groupID)
      if (query.kind === 'member') await base.load(query.groupID, [query.userID])
      if (query.kind === 'tips') await base.tips.load(query.groupID, 'all')
    },

    /** Keeps what a query shows in memory, until it is released as often. */
    retain(query: Query): void {
      for (const name of usedNames(query)) uses.set(name, (uses.get(name) ?? 0) + 1)
    },
    release,

    result(query: Query): Result {
      switch (query.kind) {
        case 'groups': {
          const found = groupList(query)
          return list(found.part(query), { total: found.total() })
        }
        case 'group':
          return value(groups.byID.get(query.groupID) ?? null)
        case 'members':
          return membersOf(query)
        case 'member':
          return value(visibleMember(query.groupID, query.userID))
        case 'tips':
          return list([...base.tips.all(query.groupID)].sort(byNumber).map(tip))
        case 'notices':
          return list([...base.notices.values()].sort(byNumber).map(notice))
        case 'undelivered':
          return list([...base.undelivered.values()].sort(byNumber))
        case 'outbox':
          return list(
            state
              .operations()
              .map(({ opID, name, args, groupID, askedAtMs }): PendingOperation => ({
                opID,
                name,
                args,
                groupID,
                askedAtMs
              }))
          )
        case 'verdicts':
          return list(
            [...state.verdicts.values()].flatMap((settled): VerdictEntry[] => {
              const { verdict, name, args, askedAtMs } = settled
              return verdict.kind === 'applied'
                ? []
                : [{ opID: verdict.opID, name, args, groupID: verdict.groupID, askedAtMs, verdict }]
            })
          )
        case 'status':
          return value(status())
      }
    }
  }
}

const membersName = (groupID: string) => `members ${groupID}`
const tipsName = (groupID: string) => `tips ${groupID}`
const listName = ({ orderBy, search }: GroupsQuery | MembersQuery) =>
  JSON.stringify([orderBy, search])

/** What a query keeps in memory, and shares with others. */
function usedNames(query: Query): string[] {
  switch (query.kind) {
    case 'groups':
      return [listName(query)]
    case 'members':
      return [membersName(query.groupID), query.groupID + listName(query)]
    case 'member':
      return [membersName(query.groupID)]
    case 'tips':
      return [tipsName(query.groupID)]
    case 'group':
    case 'notices':
    case 'undelivered':
    case 'outbox':
    case 'verdicts':
    case 'status':
      return []
  }
}

function replace<R>({ byID, lists }: Source<R>, id: string, after: R | null): void {
  const before = byID.get(id)
  if (after) byID.set(id, after)
  else byID.delete(id)
  for (const list of lists.values()) list.replace(before, after ?? undefined)
}

function listOf<R>(
  { byID, lists }: Source<R>,
  query: GroupsQuery | MembersQuery,
  options: OrderedOptions<R>
): Ordered<R> {
  const name = listName(query)
  const list = lists.get(name) ?? createOrdered(byID, options)
  lists.set(name, list)
  return list
}

const byNumber: Compare<{ number: number }> = (a, b) => a.number - b.number

function tip({ number: _number, ...row }: HeldTip): Tip {
  return row
}
