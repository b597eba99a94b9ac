/** Permissions that depend on the member acted upon, as total tables. See `permissions.ts`. */

import type { Reason } from './errors.ts'
import type { GroupType, Role } from './model.ts'
import { inEveryType, weigh, type Acting, type Actor, type Cell } from './permissions.ts'

/** `Self`: the actor. `None`: a user outside the group. */
type Target = 'Self' | Role | 'None'
type TargetCells = Readonly<Record<Target, Cell>>
export type TargetRule = Readonly<Record<GroupType, Readonly<Record<Actor, TargetCells>>>>

const ok = 'ok'
const no = 'NotPermitted'
const bad = 'IllegalArgument'

const noTarget: TargetCells = { Self: no, Owner: no, Admin: no, Member: no, None: no }

/** Of app admins and owners, of admins, and of members. */
const by = (
  owner: TargetCells,
  admin = noTarget,
  member = noTarget
): Readonly<Record<Actor, TargetCells>> => ({
  App: owner,
  Owner: owner,
  Admin: admin,
  Member: member,
  None: noTarget
})

const lower: TargetCells = { Self: bad, Owner: bad, Admin: ok, Member: ok, None: bad }

// Removing a user outside the group is no error: the result is the same.
const ownerKicks: TargetCells = { ...lower, None: ok }
const kick = by(ownerKicks, { ...ownerKicks, Owner: no, Admin: no })
const setRoles = by({ ...lower, Self: 'CannotSetOwnRole' })
const transfer = by({ ...lower, Self: 'CannotTransferToSelf' })
const ownerMutes: TargetCells = { ...lower, Self: 'CannotMuteSelf', Owner: no }
const mute = by(ownerMutes, { ...ownerMutes, Admin: no })
const ownerEdits: TargetCells = { ...lower, Self: ok, Owner: ok }
const memberEdits: TargetCells = { ...noTarget, Self: ok }
const edit = by(ownerEdits, { ...ownerEdits, Owner: no, Admin: no }, memberEdits)
// The server keeps no member records in an AVChatRoom, except the owner's.
const onlyOwnerEdits = { ...by(noTarget), Owner: memberEdits }

export const targetPermissions = {
  changeGroupOwner: inEveryType(transfer),
  setGroupMemberMuteTime: inEveryType(mute),
  setGroupMemberNameCard: { ...inEveryType(edit), AVChatRoom: onlyOwnerEdits },
  setGroupMemberCustomField: inEveryType(edit),
  deleteGroupMember: inEveryType(kick),
  setGroupMemberRole: inEveryType(setRoles)
} as const satisfies Record<string, TargetRule>

export function targetRefusal(
  rule: TargetRule,
  { type, role, isAppAdmin }: Acting,
  target: Target
): Reason | undefined {
  return weigh(role, rule[type][role][target], isAppAdmin && rule[type].App[target])
}
