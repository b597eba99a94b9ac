/** All rows of a group, as a server has them. `hide` makes it a client's part of the rows. */

import { prepare, type Args, type OperationName } from '../../src/kernel/decide.ts'
import type { Context, Decision, View } from '../../src/kernel/decision.ts'
import { defaultPolicy } from '../../src/kernel/limits.ts'
import {
  type Change,
  type GroupRow,
  type Key,
  newMember,
  putGroup,
  putMember,
  type Role,
  type Rows,
  type Table
} from '../../src/kernel/model.ts'

const name = ({ table, scope, id }: Key) => JSON.stringify([table, scope, id])

export type World = {
  readonly view: View
  get<T extends Table>(key: Key<T>): Rows[T] | null | undefined
  rows(): readonly (Rows[Table] | null)[]
  apply(changes: readonly Change[]): void
  hide(key: Key): World
  setGroupCount(userID: string, count: number): World
}

export function createWorld(initial: readonly Change[] = []): World {
  const rows = new Map<string, Change>()
  const hidden = new Set<string>()
  const counts = new Map<string, number>()

  function get<T extends Table>(key: Key<T>): Rows[T] | null | undefined {
    if (hidden.has(name(key))) return undefined
    // A name contains its table, so the row is one of that table.
    return (rows.get(name(key))?.row ?? null) as Rows[T] | null
  }
  const view: View = { get, groupCount: userID => counts.get(userID) }

  const world = {
    get,
    view,
    rows: () => [...rows.values()].map(({ row }) => row),
    apply(changes: readonly Change[]) {
      for (const change of changes) {
        if (change.row) rows.set(name(change), change)
        else rows.delete(name(change))
        if (change.table === 'groups' && !change.row)
          for (const [key, row] of rows) if (row.scope === change.id) rows.delete(key)
      }
    },
    hide(key: Key): World {
      hidden.add(name(key))
      return world
    },
    setGroupCount(userID: string, count: number): World {
      counts.set(userID, count)
      return world
    }
  }
  world.apply(initial)
  return world
}

export const group = (row: Partial<GroupRow> = {}): GroupRow => ({
  groupID: 'g',
  type: 'Public',
  name: 'Crew',
  avatar: '',
  introduction: '',
  notification: '',
  ownerID: 'owner',
  createTime: 1000,
  lastInfoTime: 1000,
  infoSequence: 1,
  memberNum: 4,
  maxMemberNum: 200,
  joinOption: 'FreeAccess',
  muteAllMembers: false,
  groupCustomField: [],
  ...row
})

/** A group with an owner, an admin and two members. */
export function populated(row: Partial<GroupRow> = {}): World {
  const roles: Record<string, Role> = {
    owner: 'Owner',
    admin: 'Admin',
    member: 'Member',
    member2: 'Member'
  }
  const profile = group(row)
  return createWorld([
    putGroup(profile),
    ...Object.entries(roles).map(([userID, role]) =>
      putMember(newMember({ groupID: profile.groupID, userID, role, joinTime: 1000 }))
    )
  ])
}

export type As = Partial<Omit<Context, 'groupID'>>

/** Judges an operation as the given actor, by default the owner. Arguments are untrusted. */
export function judge(
  world: World,
  operation: OperationName,
  args: unknown,
  as: As | string = {},
  groupID?: string
): Decision<any> {
  const ctx = {
    actor: 'owner',
    isAppAdmin: false,
    now: 2000,
    seq: 0,
    policy: defaultPolicy,
    ...(typeof as === 'string' ? { actor: as } : as)
  }
  const lane =
    groupID ?? (args as { groupID?: string } | undefined)?.groupID ?? '@TGS#0123456789012345678901'
  const checked = prepare({ name: operation, args, groupID: lane }, ctx.actor)
  return checked.ok
    ? checked.prepared.decide(world.view, ctx)
    : { kind: 'reject', error: checked.error }
}

/** Judges an operation and applies its changes. */
export function perform<N extends OperationName>(
  world: World,
  operation: N,
  args: Args<N>,
  as: As | string = {}
) {
  const decision = judge(world, operation, args, as)
  if (decision.kind !== 'accept')
    throw new Error(`${operation} was not accepted: ${JSON.stringify(decision)}`)
  world.apply(decision.changes)
  return decision
}

export const codeOf = (decision: Decision): number | 'accepted' | 'unknown' =>
  decision.kind === 'accept'
    ? 'accepted'
    : decision.kind === 'unknown'
      ? 'unknown'
      : decision.error.code
