/**
 * The results of queries. Visible rows and the lists that are shown are kept, and only touched rows
 * are recomputed. Rows that no stream shows and no pending operation needs are released.
 */

import { noticeTypes } from '../../kernel/notices.ts'
import type {
  HeldNotice,
  HeldTip,
  Pending,
  Settled,
  UndeliveredEvent
} from '../../storage/tables.ts'
import type { Notice, PendingOperation, Status, StorageState, Tip, VerdictEntry } from '../api.ts'
import type { List, StreamQuery, StreamRow, StreamValue } from '../stream-api.ts'
import type { Mutes } from '../state/mutes.ts'
import type { State } from '../state/state.ts'
import type { Touched } from '../state/touched.ts'
import { createGroups } from './groups.ts'
import { createMembers } from './members.ts'
import type { Compare } from './ordered.ts'
import type { Retained } from './retained.ts'
import type { EntriesQuery, GroupsQuery, MembersQuery } from './source.ts'
import { createVisible } from './visible.ts'

export type StreamResult =
  | { readonly kind: 'value'; readonly value: StreamValue }
  | ({ readonly kind: 'list' } & List<StreamRow>)

type ViewOptions = {
  readonly state: State
  readonly userID: string
  readonly mutes: Mutes
  readonly retained: Retained
  status(): Status
  storageState(): StorageState
}

export type Views = ReturnType<typeof createViews>

export function createViews(options: ViewOptions) {
  const { state, userID, mutes, retained, status, storageState } = options
  const { base, overlay } = state
  const visible = createVisible(overlay, mutes, userID)
  const groups = createGroups(visible)
  const members = createMembers(state, visible)

  const value = (row: StreamValue): StreamResult => ({ kind: 'value', value: row })
  const list = (
    rows: readonly StreamRow[],
    { total = rows.length, complete = true } = {}
  ): StreamResult => ({
    kind: 'list',
    rows,
    total,
    complete,
    stale: !status().caughtUp
  })

  /** A device that has received nothing yet does not know whether there are rows. */
  const hasCaughtUp = (): boolean => (base.meta()?.feed ?? 0) > 0 || status().caughtUp

  function groupList(query: GroupsQuery): StreamResult {
    const all = groups.list(query)
    const hasAll = [...base.groups.values()].every(({ row }) => row !== null)
    return list(all.part(query), { total: all.total(), complete: hasCaughtUp() && hasAll })
  }

  function memberList(query: MembersQuery): StreamResult {
    const { groupID } = query
    const group = groups.get(groupID)
    if (!group) return list([], { total: 0, complete: hasCaughtUp() })
    const held = base.groups.get(groupID)
    const complete = held ? held.membersUpTo === null : true
    const loaded = members.list(query)
    const total = complete || query.search || query.role ? loaded.total() : group.memberNum
    return list(loaded.part(query), { total, complete })
  }

  function entries({ kind, groupID }: EntriesQuery): StreamResult {
    const ids = groupID === undefined ? groups.ids() : [groupID]
    const rows = ids.flatMap(id => visible.entries(kind, id) ?? [])
    return list(rows, { complete: hasCaughtUp() })
  }

  /**
   * Events up to the first one about a group whose rows are still on their way: an app reads the
   * group when it receives the event.
   */
  function deliverable(events: readonly UndeliveredEvent[]): readonly UndeliveredEvent[] {
    const early = events.findIndex(event => {
      const { groupID } = event.kind === 'tip' ? event.tip : event.notice
      return base.groups.get(groupID)?.row === null
    })
    return early < 0 ? events : events.slice(0, early)
  }

  function notice({ number: _number, handled, ...row }: HeldNotice): Notice {
    if (row.operationType !== noticeTypes.applied) return { ...row, application: null }
    const application = overlay.application(row.groupID, row.operatorID)
    const predicted =
      application && application.seq === row.applicationSeq ? application.state : 'pending'
    return { ...row, application: handled?.state ?? predicted }
  }

  return {
    refresh(touched: Touched): void {
      for (const groupID of new Set([...touched.groups, ...touched.members.keys()])) {
        groups.refresh(groupID)
        if (members.has(groupID)) members.refresh(groupID, touched)
        else if (!retained.hasMembers(groupID)) members.drop(groupID)
      }
    },

    /** Reads the members of a list at the start while the groups are being read. */
    async readAhead(query: StreamQuery): Promise<void> {
      if (query.kind === 'members') await base.members.load(query.groupID, 'all')
    },
    /** Loads the rows of a query. */
    async load(query: StreamQuery): Promise<void> {
      if (query.kind === 'members') await base.loadAll(query.groupID)
      if (query.kind === 'member') await base.load(query.groupID, [query.userID])
      if (query.kind === 'tips') await base.tips.load(query.groupID, 'all')
    },

    retain: retained.retain,
    release(query: StreamQuery): void {
      const unused = retained.release(query)
      if (query.kind === 'groups' && unused.list) groups.dropList(query)
      if (query.kind === 'members' && unused.list) members.dropList(query)
      if ((query.kind === 'members' || query.kind === 'member') && unused.rows)
        members.drop(query.groupID)
      if (query.kind === 'tips' && unused.rows) base.tips.release(query.groupID)
    },

    result(query: StreamQuery): StreamResult {
      switch (query.kind) {
        case 'groups':
          return groupList(query)
        case 'group':
          return value(groups.get(query.groupID) ?? null)
        case 'members':
          return memberList(query)
        case 'member':
          return value(visible.member(query.groupID, query.userID))
        case 'tips':
          return list([...base.tips.all(query.groupID)].sort(byNumber).map(tip))
        case 'attributes':
        case 'counters':
          return entries(query)
        case 'notices':
          return list([...base.notices.values()].sort(byNumber).map(notice), {
            complete: hasCaughtUp()
          })
        case 'undelivered':
          return list(deliverable([...base.undelivered.values()].sort(byNumber)))
        case 'outbox':
          return list(state.outbox.inOrder().map(pendingOperation))
        case 'verdicts':
          return list([...state.verdicts.rows.values()].flatMap(verdictEntry))
        case 'status':
          return value(status())
        case 'storage':
          return value(storageState())
      }
    }
  }
}

const byNumber: Compare<{ number: number }> = (a, b) => a.number - b.number

const tip = ({ number: _number, ...row }: HeldTip): Tip => row

const pendingOperation = ({ opID, name, args, groupID, askedAtMs }: Pending): PendingOperation => ({
  opID,
  name,
  args,
  groupID,
  askedAtMs
})

/** Applied operations are not shown. */
function verdictEntry({ verdict, name, args, askedAtMs }: Settled): VerdictEntry | [] {
  if (verdict.kind === 'applied') return []
  const { opID, groupID } = verdict
  return { opID, name, args, groupID, askedAtMs, verdict }
}
