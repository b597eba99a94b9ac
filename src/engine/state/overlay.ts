/**
 * The overlay: the predicted effect of pending operations. The operations of one group are a lane.
 * They are replayed over the base rows in order. The overlay is never stored: removing an operation
 * and replaying its lane is a rollback.
 */

import { prepare, type Prepared, type Result } from '../../kernel/decide.ts'
import type { Decision, View } from '../../kernel/decision.ts'
import { defaultPolicy } from '../../kernel/limits.ts'
import {
  applicationKey,
  entriesKey,
  groupKey,
  memberKey,
  settingsKey,
  type ApplicationRow,
  type EntriesRow,
  type EntriesTable,
  type GroupRow,
  type Key,
  type MemberRow,
  type Rows,
  type SettingsRow,
  type Table
} from '../../kernel/model.ts'
import type { Pending } from '../../storage/tables.ts'
import type { Base } from './base.ts'
import { createLane, type Lane } from './lane.ts'
import type { Touched } from './touched.ts'

export type Overlay = ReturnType<typeof createOverlay>

export function createOverlay(base: Base, userID: string) {
  const lanes = new Map<string, Lane>()
  /** Groups whose lanes have to be replayed. */
  const stale = new Set<string>()

  /** The view: base rows with the overlay. `undefined`: the row is not known here. */
  function row<T extends Table>(key: Key<T>): Rows[T] | null | undefined {
    const lane = lanes.get(key.table === 'groups' ? key.id : key.scope)
    // Both return a row of the table that the key names.
    return (lane ? lane.row(key) : baseRow(base, key)) as Rows[T] | null | undefined
  }

  const group = (groupID: string): GroupRow | null => row(groupKey(groupID)) ?? null
  const member = (groupID: string, user: string): MemberRow | null =>
    row(memberKey({ groupID, userID: user })) ?? null
  const settings = (groupID: string): SettingsRow | null =>
    row(settingsKey({ groupID, userID })) ?? null
  const entries = (table: EntriesTable, groupID: string): EntriesRow | null =>
    row(entriesKey(table, groupID)) ?? null
  const application = (groupID: string, user: string): ApplicationRow | null =>
    row(applicationKey({ groupID, userID: user })) ?? null

  /** Whether the user is a member, or owns the AVChatRoom without having joined it. */
  function isVisible(groupID: string): boolean {
    const found = group(groupID)
    return found !== null && (member(groupID, userID) !== null || found.ownerID === userID)
  }

  const view: View = {
    get: row,
    groupCount: user => (user === userID ? visibleGroupCount() : undefined)
  }

  const visibleGroupCount = () =>
    [...new Set([...base.groups.keys(), ...lanes.keys()])].filter(isVisible).length

  function decide(prepared: Prepared, now: number): Decision<Result> {
    const { isAppAdmin = false, policy = defaultPolicy } = base.meta() ?? {}
    return prepared.decide(view, { actor: userID, isAppAdmin, now, policy, seq: 0 })
  }

  function laneOf(groupID: string): Lane {
    const lane = lanes.get(groupID) ?? createLane({ baseRow: key => baseRow(base, key), decide })
    lanes.set(groupID, lane)
    return lane
  }

  return {
    group,
    member,
    settings,
    entries,
    application,
    isVisible,
    decide,
    complete: (prepared: Prepared) => prepared.complete(view),
    hasLane: (groupID: string) => lanes.has(groupID),
    hidesBase: (groupID: string) => lanes.get(groupID)?.hidesBase() ?? false,
    /** The members of a group that the overlay adds, changes or removes. */
    predictedMembers: (groupID: string): string[] => lanes.get(groupID)?.predictedMembers() ?? [],
    /** The predicted result. `undefined`: only the server can decide. */
    resultOf: ({ groupID, opID }: Pending): Result | undefined =>
      lanes.get(groupID)?.resultOf(opID),

    /** Adds an operation as the last of its lane, with its decision. */
    append(
      pending: Pending,
      prepared: Prepared,
      decision: Decision<Result>,
      touched: Touched
    ): void {
      laneOf(pending.groupID).append({ pending, prepared }, decision, touched)
    },

    /** Adds or replaces an operation from storage. Its effect shows after `rebase`. */
    insert(pending: Pending): void {
      const checked = prepare(pending, userID)
      const prepared = checked.ok ? checked.prepared : undefined
      laneOf(pending.groupID).insert({ pending, prepared })
      stale.add(pending.groupID)
    },

    /** The effect of the operation disappears with the next `rebase`. */
    remove({ groupID, opID }: Pending): void {
      lanes.get(groupID)?.remove(opID)
      stale.add(groupID)
    },

    /** Replays lanes with changed operations or base rows. */
    rebase(touched: Touched): void {
      for (const groupID of new Set([...stale, ...touched.groups, ...touched.members.keys()])) {
        const lane = lanes.get(groupID)
        lane?.replay(touched)
        if (lane?.isEmpty()) lanes.delete(groupID)
      }
      stale.clear()
    }
  }
}

function baseRow(base: Base, { table, scope, id }: Key): Rows[Table] | null | undefined {
  switch (table) {
    case 'groups':
      return base.groups.get(id)?.row ?? undefined
    case 'members':
      return base.member(scope, id)
    case 'settings':
      return base.settings(scope, id)
    case 'applications':
      return base.application(scope, id)
    case 'attributes':
    case 'counters':
      return base.groups.get(scope)?.row ? (base.entries[table].get(scope) ?? null) : undefined
    case 'mutes':
    case 'bans':
    case 'marks':
      // Only the server keeps these: devices hold no mutes of users outside, and need no marks.
      return undefined
  }
}
