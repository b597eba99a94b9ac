/** Decisions, the facts that they depend on, and the steps that operations share. */

import { type ArgsOf, type ArgsSpec } from './args.ts'
import { groupError, type GroupError, type Reason } from './errors.ts'
import type { Policy } from './limits.ts'
import type { Notice, Tip } from './notices.ts'
import {
  groupKey,
  groupTypes,
  isOneOf,
  memberKey,
  roles,
  type Change,
  type GroupRow,
  type GroupType,
  type Key,
  type MemberRow,
  type Role,
  type Rows,
  type Table
} from './model.ts'
import { refusal, type Acting, type Rule } from './permissions.ts'
import { targetRefusal, type TargetRule } from './target-permissions.ts'

export type Decision<R = unknown> =
  | {
      readonly kind: 'accept'
      readonly outcome: 'applied' | 'partial'
      readonly changes: readonly Change[]
      readonly result: R
      /** The line for the group and the notices for users. Only the server sends them. */
      readonly tip: Tip | undefined
      readonly notices: readonly Notice[]
    }
  | { readonly kind: 'reject'; readonly error: GroupError }
  /**
   * A client lacks the `missing` rows. `missing` is empty if a row has a word of another build.
   * Then an older server cannot decide either.
   */
  | { readonly kind: 'unknown'; readonly missing: readonly Key[] }

/** The rows of one decision. `undefined`: not covered here. `null`: known to be absent. */
export type View = {
  get<T extends Table>(key: Key<T>): Rows[T] | null | undefined
  /** How many groups a user is in. `undefined`: not known here. */
  groupCount(userID: string): number | undefined
}

export type Context = {
  readonly actor: string
  readonly isAppAdmin: boolean
  /** The server's time in seconds. A client estimates it. */
  readonly now: number
  /** The position that the operation gets in the group's log. Always 0 on a client. */
  readonly seq: number
  /** The position in the group's log that the actor's device had. 0: it did not hold the group. */
  readonly seen?: number
  /** The group of the operation. For `createGroup`: the ID of the new group. */
  readonly groupID: string
  readonly policy: Policy
}

export type Definition<S extends ArgsSpec, R> = {
  readonly args: S
  /** Rows to load, besides the group and the actor's membership. `group`: its row, if known. */
  needs?(args: ArgsOf<S>, actor: string, group: GroupRow | null | undefined): readonly Key[]
  /** The server has to count the groups of these users. */
  counted?(args: ArgsOf<S>, actor: string): readonly string[]
  /** The consequence of an `unknown` decision on an offline device. Default: `queue`. */
  readonly undecidedOffline?: 'queue' | 'refuse'
  /** Fills in omitted arguments from rows. A device does this once, before it enqueues. */
  complete?(args: ArgsOf<S>, view: View): ArgsOf<S>
  /** The roles that users have after the operation, if it gives any. */
  givesRoles?(args: ArgsOf<S>, actor: string): readonly GivenRole[]
  decide(view: View, args: ArgsOf<S>, ctx: Context): Decision<R>
}

export type GivenRole = { readonly userID: string; readonly role: string }

/** The decision for a refusal by the policy. */
export const refuse = (reason: Reason | 'unknown', detail: string): Decision<never> =>
  reason === 'unknown' ? unknown([]) : reject(reason, detail)

/** Lets the compiler infer arguments and result of a definition. */
export const defineOperation = <S extends ArgsSpec, R>(definition: Definition<S, R>) => definition

/** A group of a type that this build has rules for. */
export type KnownGroup = GroupRow & { readonly type: GroupType }
const isKnown = (group: GroupRow): group is KnownGroup => isOneOf(groupTypes, group.type)

/** The facts that an operation on an existing group depends on. */
type Facts = {
  readonly group: KnownGroup
  /** The actor's own membership. */
  readonly self: MemberRow | null
  readonly acting: Acting
}

/** `body` decides on an existing group if the rules allow the actor. */
export function onGroup<A, R>(
  rules: (args: A, group: KnownGroup, ctx: Context) => readonly Rule[],
  body: (facts: Facts, args: A, ctx: Context, view: View) => Decision<R>
) {
  return (view: View, args: A, ctx: Context): Decision<R> => {
    const group = view.get(groupKey(ctx.groupID))
    const self = view.get(memberKey({ groupID: ctx.groupID, userID: ctx.actor }))
    if (group === null) return reject('GroupNotFound')
    if (group === undefined) return unknown([groupKey(ctx.groupID)])
    if (self === undefined) return unknown([memberKey({ groupID: ctx.groupID, userID: ctx.actor })])
    const role = roleOf(group, self, ctx.actor)
    // A newer build has added this type or role. This one does not know its rules.
    if (!isKnown(group) || !role) return unknown([])
    const facts = { group, self, acting: { type: group.type, role, isAppAdmin: ctx.isAppAdmin } }
    for (const rule of rules(args, group, ctx)) {
      const reason = refusal(rule, facts.acting)
      if (reason) return reject(reason)
    }
    return body(facts, args, ctx, view)
  }
}

/** The owner of an AVChatRoom may not have joined it. `undefined`: a role of another build. */
function roleOf(group: GroupRow, self: MemberRow | null, actor: string): Role | 'None' | undefined {
  if (!self) return group.ownerID === actor ? 'Owner' : 'None'
  return isOneOf(roles, self.role) ? self.role : undefined
}

/** The member to act upon, or the decision if there is none. */
export function targetMember(
  rule: TargetRule,
  facts: Facts,
  userID: string,
  { ctx, view }: { ctx: Context; view: View }
):
  | { readonly ok: true; readonly row: MemberRow }
  | { readonly ok: false; readonly answer: Decision<never> } {
  const key = memberKey({ groupID: ctx.groupID, userID })
  const row = view.get(key)
  if (row === undefined) {
    const reasons = new Set(
      (['Owner', 'Admin', 'Member', 'None'] as const).map(each =>
        targetRefusal(rule, facts.acting, each)
      )
    )
    const [reason] = reasons
    return {
      ok: false,
      answer: reason && reasons.size === 1 ? reject(reason, userID) : unknown([key])
    }
  }
  const refused = refusedTarget(rule, facts, { userID, row }, ctx)
  if (refused) return { ok: false, answer: refused }
  if (!row) return { ok: false, answer: reject('IllegalArgument', userID) }
  return { ok: true, row }
}

/** The decision that refuses to act upon this user, if any. */
export function refusedTarget(
  rule: TargetRule,
  { acting, group }: Facts,
  target: { userID: string; row: MemberRow | null },
  ctx: Context
) {
  const role = target.userID === ctx.actor ? 'Self' : roleOf(group, target.row, target.userID)
  if (!role) return unknown([])
  const reason = targetRefusal(rule, acting, role)
  return reason && reject(reason, target.userID)
}

export function accept<R>(
  changes: readonly Change[],
  result: R,
  {
    outcome = 'applied',
    tip,
    notices = []
  }: { outcome?: 'applied' | 'partial'; tip?: Tip | undefined; notices?: readonly Notice[] } = {}
): Decision<R> {
  return { kind: 'accept', outcome, changes, result, tip, notices }
}

export const reject = (reason: Reason, detail?: string): Decision<never> => ({
  kind: 'reject',
  error: groupError(reason, detail)
})

export const unknown = (missing: readonly Key[]): Decision<never> => ({ kind: 'unknown', missing })
