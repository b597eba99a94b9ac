/** The writes that a merge collects, on top of the stored rows. */

import { entriesTables, type EntriesTable, type Rows } from '../../kernel/model.ts'
import type { NoticeRow, TipRow } from '../../kernel/notices.ts'
import type { Write } from '../../storage/port.ts'
import type { HeldGroup, HeldNotice, Meta, Pending } from '../../storage/tables.ts'
import { undeliveredMax } from '../limits.ts'

/** The stored rows that a merge depends on. */
export type MergeBase = {
  readonly userID: string
  readonly meta: Meta
  readonly groups: ReadonlyMap<string, HeldGroup>
  /** By group. After damage, entries of other groups may be stored too. */
  readonly entries: Readonly<Record<EntriesTable, ReadonlyMap<string, unknown>>>
  readonly outbox: ReadonlyMap<string, Pending>
  /** By place in the ring. */
  readonly notices: ReadonlyMap<string, HeldNotice>
  /** Whether tips and notices are kept until they are delivered. */
  readonly keepUndelivered: boolean
}

export type Draft = {
  readonly base: MergeBase
  readonly writes: Write[]
  /** Groups that have changed. `null`: removed. */
  readonly groups: Map<string, HeldGroup | null>
  readonly outbox: Map<string, Pending>
  /** Position in the user's feed. */
  feed: number
  noticeCount: number
  noticeSeq: number
  undeliveredCount: number
}

export function createDraft(base: MergeBase): Draft {
  const { feed, noticeCount, noticeSeq, undeliveredCount } = base.meta
  return {
    base,
    writes: [],
    groups: new Map(),
    outbox: new Map(base.outbox),
    feed,
    noticeCount,
    noticeSeq,
    undeliveredCount
  }
}

/** The IDs of all groups with stored rows. */
export const storedGroups = ({ groups, entries }: MergeBase): Set<string> =>
  new Set([...groups.keys(), ...entriesTables.flatMap(table => [...entries[table].keys()])])

export const groupOf = ({ groups, base }: Draft, groupID: string): HeldGroup | undefined =>
  (groups.has(groupID) ? groups.get(groupID) : base.groups.get(groupID)) ?? undefined

export function putGroup({ groups }: Draft, group: HeldGroup): void {
  groups.set(group.groupID, group)
}

/** No row of a group may remain after the user has left it. */
export function dropGroup(draft: Draft, groupID: string): void {
  const { groups, writes } = draft
  groups.set(groupID, null)
  putEntries(draft, groupID, noEntries)
  writes.push(
    { table: 'members', scope: groupID, empty: true },
    { table: 'tips', scope: groupID, empty: true }
  )
}

export const noEntries = { attributes: null, counters: null }

/** `undefined`: the entries have not changed. `null`: there are none. */
export function putEntries(
  { writes }: Draft,
  id: string,
  entries: { readonly [T in EntriesTable]?: Rows[T] | null | undefined }
): void {
  for (const table of entriesTables) {
    const row = entries[table]
    // The row is one of this table.
    if (row !== undefined) writes.push({ table, scope: '', id, row } as Write)
  }
}

/** Stores a tip or notice until the app has received it. */
export function putUndelivered(
  draft: Draft,
  event: { kind: 'tip'; tip: TipRow } | { kind: 'notice'; notice: NoticeRow }
): void {
  if (!draft.base.keepUndelivered) return
  const number = draft.undeliveredCount++
  const row = { ...event, number }
  draft.writes.push({ table: 'undelivered', scope: '', id: String(number), row })
  const dropped = number - undeliveredMax
  if (dropped >= 0)
    draft.writes.push({ table: 'undelivered', scope: '', id: String(dropped), row: null })
}

/** All writes. Each group and the position are written once, in their final state. */
export function writesOf(draft: Draft): Write[] {
  const { writes, groups, feed, noticeCount, noticeSeq, undeliveredCount } = draft
  const { meta } = draft.base
  const all = [...writes]
  for (const [id, row] of groups) all.push({ table: 'groups', scope: '', id, row })
  const row = { ...meta, feed, noticeCount, noticeSeq, undeliveredCount }
  if (feed > meta.feed || undeliveredCount > meta.undeliveredCount)
    all.push({ table: 'meta', scope: '', id: '', row })
  return all
}
