/** Permissions that depend on the member acted upon, as total tables. See `permissions.ts`. */

import type { Reason } from './errors.ts'
import type { GroupType, Role } from './model.ts'
import { weigh, type Acting, type Actor, type Cell } from './permissions.ts'

/** `Self`: the actor. `None`: a user outside the group. */
type Target = 'Self' | Role | 'None'
type TargetCells = Readonly<Record<Target, Cell>>
export type TargetRule = Readonly<Record<GroupType, Readonly<Record<Actor, TargetCells>>>>

const ok = 'ok'
const no = 'NotPermitted'
const bad = 'IllegalArgument'

const noTarget: TargetCells = { Self: no, Owner: no, Admin: no, Member: no, None: no }

// Removing a user outside the group is no error: the result is the same.
const kickAll: TargetCells = { Self: bad, Owner: bad, Admin: ok, Member: ok, None: ok }
const kickMembers: TargetCells = { Self: bad, Owner: no, Admin: no, Member: ok, None: ok }
const kick = { App: kickAll, Owner: kickAll, Admin: kickMembers, Member: noTarget, None: noTarget }

const setRole: TargetCells = {
  Self: 'CannotSetOwnRole',
  Owner: bad,
  Admin: ok,
  Member: ok,
  None: bad
}
const setRoles = { App: setRole, Owner: setRole, Admin: noTarget, Member: noTarget, None: noTarget }

const transferAll: TargetCells = {
  Self: 'CannotTransferToSelf',
  Owner: bad,
  Admin: ok,
  Member: ok,
  None: bad
}
const transfer = {
  App: transferAll,
  Owner: transferAll,
  Admin: noTarget,
  Member: noTarget,
  None: noTarget
}

const muteAll: TargetCells = { Self: 'CannotMuteSelf', Owner: no, Admin: ok, Member: ok, None: bad }
const muteMembers: TargetCells = {
  Self: 'CannotMuteSelf',
  Owner: no,
  Admin: no,
  Member: ok,
  None: bad
}
const mute = { App: muteAll, Owner: muteAll, Admin: muteMembers, Member: noTarget, None: noTarget }

const editAll: TargetCells = { Self: ok, Owner: ok, Admin: ok, Member: ok, None: bad }
const editLower: TargetCells = { Self: ok, Owner: no, Admin: no, Member: ok, None: bad }
const editOwn: TargetCells = { Self: ok, Owner: no, Admin: no, Member: no, None: no }
const edit = { App: editAll, Owner: editAll, Admin: editLower, Member: editOwn, None: noTarget }
// The server keeps no member records in an AVChatRoom, except the owner's.
const editOwnerOnly = {
  App: noTarget,
  Owner: editOwn,
  Admin: noTarget,
  Member: noTarget,
  None: noTarget
}

export const targetPermissions = {
  changeGroupOwner: {
    Private: transfer,
    Public: transfer,
    ChatRoom: transfer,
    AVChatRoom: transfer
  },
  setGroupMemberMuteTime: { Private: mute, Public: mute, ChatRoom: mute, AVChatRoom: mute },
  setGroupMemberNameCard: {
    Private: edit,
    Public: edit,
    ChatRoom: edit,
    AVChatRoom: editOwnerOnly
  },
  setGroupMemberCustomField: { Private: edit, Public: edit, ChatRoom: edit, AVChatRoom: edit },
  deleteGroupMember: { Private: kick, Public: kick, ChatRoom: kick, AVChatRoom: kick },
  setGroupMemberRole: {
    Private: setRoles,
    Public: setRoles,
    ChatRoom: setRoles,
    AVChatRoom: setRoles
  }
} as const satisfies Record<string, TargetRule>

export function targetRefusal(
  rule: TargetRule,
  { type, role, isAppAdmin }: Acting,
  target: Target
): Reason | undefined {
  return weigh(role, rule[type][role][target], isAppAdmin && rule[type].App[target])
}
