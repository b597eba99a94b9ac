/**
 * The overlay: the predicted effect of pending operations. The operations of one group are a lane.
 * They are replayed over the base rows in order. The overlay is never stored: removing an operation
 * and replaying its lane is a rollback.
 */

import { prepare, type Prepared, type Result } from '../../kernel/decide.ts'
import type { Decision, View } from '../../kernel/decision.ts'
import { defaultPolicy } from '../../kernel/limits.ts'
import {
  type Change,
  applicationKey,
  groupKey,
  memberKey,
  sameRow,
  settingsKey,
  type ApplicationRow,
  type GroupRow,
  type Key,
  type MemberRow,
  type Rows,
  type SettingsRow,
  type Table
} from '../../kernel/model.ts'
import { inOrder, type Pending } from '../../storage/tables.ts'
import type { Base } from './base.ts'
import { touch, type Touched } from './touched.ts'

type PredictedRow = { readonly key: Key; readonly row: Rows[Table] | null }
type LaneOperation = {
  readonly pending: Pending
  readonly prepared: Prepared | undefined
  /** `undefined`: only the server can decide. */
  result: Result | undefined
}
type Lane = {
  readonly operations: LaneOperation[]
  rows: Map<string, PredictedRow>
  /** The lane creates or dismisses the group, so it predicts all rows, and hides the base rows. */
  hidesBase: boolean
}

/** The name of a row within its group. */
const name = (key: Key) => `${key.table}/${key.id}`

export type Overlay = ReturnType<typeof createOverlay>

export function createOverlay(base: Base, userID: string) {
  const lanes = new Map<string, Lane>()
  const stale = new Set<string>()

  function baseRow(key: Key): Rows[Table] | null | undefined {
    if (key.table === 'groups') return base.groups.get(key.id)?.row ?? undefined
    if (key.table === 'members') return base.member(key.scope, key.id)
    if (key.table === 'settings') return base.settings(key.scope, key.id)
    if (key.table === 'applications') return base.application(key.scope, key.id)
    // Only the server keeps the mutes of users outside the group.
    return undefined
  }

  function visibleRow(groupID: string, key: Key): Rows[Table] | null | undefined {
    const lane = lanes.get(groupID)
    const entry = lane?.rows.get(name(key))
    if (entry) return entry.row
    return lane?.hidesBase ? null : baseRow(key)
  }

  const viewOf = (groupID: string): View => ({
    // `visibleRow` returns a row of the table that the key names.
    get: <T extends Table>(key: Key<T>) => visibleRow(groupID, key) as Rows[T] | null | undefined,
    groupCount: user => (user === userID ? visibleGroupIDs().length : undefined)
  })

  function visibleGroupIDs(): string[] {
    const candidates = new Set([...base.groups.keys(), ...lanes.keys()])
    return [...candidates].filter(groupID => isVisible(groupID))
  }

  /** Whether the user is a member, or owns the AVChatRoom without having joined it. */
  function isVisible(groupID: string): boolean {
    const row = group(groupID)
    return row !== null && (member(groupID, userID) !== null || row.ownerID === userID)
  }

  const settings = (groupID: string) =>
    (visibleRow(groupID, settingsKey({ groupID, userID })) ?? null) as SettingsRow | null
  const application = (groupID: string, user: string) =>
    (visibleRow(groupID, applicationKey({ groupID, userID: user })) ??
      null) as ApplicationRow | null
  const group = (groupID: string) =>
    (visibleRow(groupID, groupKey(groupID)) ?? null) as GroupRow | null
  const member = (groupID: string, user: string) =>
    (visibleRow(groupID, memberKey({ groupID, userID: user })) ?? null) as MemberRow | null

  function decide(prepared: Prepared, now: number): Decision<Result> {
    const { isAppAdmin = false, policy = defaultPolicy } = base.meta() ?? {}
    return prepared.decide(viewOf(prepared.operation.groupID), {
      actor: userID,
      isAppAdmin,
      now,
      policy,
      seq: 0
    })
  }

  function replay(groupID: string, lane: Lane, touched: Touched): void {
    const before = lane.rows
    lane.rows = new Map()
    lane.hidesBase = false
    for (const operation of lane.operations) {
      const { pending, prepared } = operation
      const decision = prepared && decide(prepared, pending.askedAtServerSeconds)
      operation.result = decision?.kind === 'accept' ? decision.result : undefined
      if (decision?.kind === 'accept') apply(lane, decision.changes, touched, before)
    }
    for (const { key } of [...before.values(), ...lane.rows.values()]) touch(touched, key)
    if (lane.operations.length === 0) lanes.delete(groupID)
  }

  function apply(
    lane: Lane,
    changes: readonly Change[],
    touched: Touched,
    before?: Map<string, PredictedRow>
  ): void {
    for (const { row, ...key } of changes) {
      if (key.table === 'groups' && (row === null || group(key.id) === null)) {
        lane.hidesBase = true
        for (const entry of lane.rows.values()) touch(touched, entry.key)
        lane.rows.clear()
      }
      // An unchanged prediction stays the same object, so views that compare identity skip it.
      const last = before?.get(name(key))?.row
      lane.rows.set(name(key), { key, row: row && last && sameRow(row, last) ? last : row })
    }
  }

  function laneOf(groupID: string): Lane {
    const lane: Lane = lanes.get(groupID) ?? { operations: [], rows: new Map(), hidesBase: false }
    lanes.set(groupID, lane)
    return lane
  }

  return {
    group,
    member,
    settings,
    application,
    isVisible,
    decide,
    complete: (prepared: Prepared) => prepared.complete(viewOf(prepared.operation.groupID)),
    hasLane: (groupID: string) => lanes.has(groupID),
    hidesBase: (groupID: string) => lanes.get(groupID)?.hidesBase ?? false,
    /** The members of a group that the overlay adds, changes or removes. */
    predictedMembers: (groupID: string): string[] =>
      [...(lanes.get(groupID)?.rows.values() ?? [])].flatMap(({ key }) =>
        key.table === 'members' ? key.id : []
      ),

    /** The predicted result of a pending operation; `undefined`: only the server can decide. */
    resultOf: ({ groupID, opID }: Pending): Result | undefined =>
      lanes.get(groupID)?.operations.find(({ pending }) => pending.opID === opID)?.result,

    /** Adds an operation as the last of its lane, with its decision. */
    append(
      pending: Pending,
      prepared: Prepared,
      decision: Decision<Result>,
      touched: Touched
    ): void {
      const lane = laneOf(pending.groupID)
      const result = decision.kind === 'accept' ? decision.result : undefined
      lane.operations.push({ pending, prepared, result })
      if (decision.kind !== 'accept') return
      apply(lane, decision.changes, touched)
      for (const change of decision.changes) touch(touched, change)
    },

    /** Adds or replaces an operation from storage. Its effect shows after `rebase`. */
    insert(pending: Pending): void {
      const { operations } = laneOf(pending.groupID)
      const index = operations.findIndex(other => other.pending.opID === pending.opID)
      const checked = prepare(pending, userID)
      operations.splice(index < 0 ? operations.length : index, index < 0 ? 0 : 1, {
        pending,
        prepared: checked.ok ? checked.prepared : undefined,
        result: undefined
      })
      operations.sort((a, b) => inOrder(a.pending, b.pending))
      stale.add(pending.groupID)
    },

    /** The effect of the operation disappears with the next `rebase`. */
    remove({ groupID, opID }: Pending): void {
      const { operations } = laneOf(groupID)
      const index = operations.findIndex(({ pending }) => pending.opID === opID)
      if (index >= 0) operations.splice(index, 1)
      stale.add(groupID)
    },

    /** Replays lanes with changed operations or base rows. */
    rebase(touched: Touched): void {
      for (const groupID of new Set([...stale, ...touched.groups, ...touched.members.keys()])) {
        const lane = lanes.get(groupID)
        if (lane) replay(groupID, lane, touched)
      }
      stale.clear()
    }
  }
}
