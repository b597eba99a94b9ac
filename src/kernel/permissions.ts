/**
 * Who may do what, as total tables: a missing group type or role does not compile. Each cell is `ok` or the reason of
 * the refusal. Source: the seed page; `tim-groups.md` §3.2 and Appendix A where it is silent.
 */

import type { Reason } from './errors.ts'
import type { Policy, WriteLevel } from './limits.ts'
import { lookUp, type GroupType, type OrOther, type Role } from './model.ts'

/** Who acts: an app admin (everything an owner may, in any group), a member by role, or somebody outside. */
type Actor = 'App' | Role | 'None'
type Cell = 'ok' | Reason
type ActorCells = Readonly<Record<Actor, Cell>>
export type Rule = Readonly<Record<GroupType, ActorCells>>

/** Upon whom: oneself, another member by role, or somebody outside the group. */
export type Target = 'Self' | Role | 'None'
type TargetCells = Readonly<Record<Target, Cell>>
export type TargetRule = Readonly<Record<GroupType, Readonly<Record<Actor, TargetCells>>>>

const ok = 'ok'
const no = 'NotPermitted'

const nobody: ActorCells = { App: no, Owner: no, Admin: no, Member: no, None: no }
const owner: ActorCells = { ...nobody, App: ok, Owner: ok }
const admins: ActorCells = { ...owner, Admin: ok }
const members: ActorCells = { ...admins, Member: ok }
/** Who is in the group, and not an app admin from outside: what they set is their own. */
const insiders: ActorCells = { ...members, App: no }
const anyone: ActorCells = { ...members, None: ok }

const all = (reason: Cell): ActorCells => ({
  App: reason,
  Owner: reason,
  Admin: reason,
  Member: reason,
  None: reason
})

export const permissions = {
  /** name, avatar, introduction, notification */
  updateBasics: { Private: members, Public: admins, ChatRoom: admins, AVChatRoom: owner },
  updateMaxMemberNum: { Private: owner, Public: admins, ChatRoom: admins, AVChatRoom: nobody },
  updateGroupCustomField: { Private: owner, Public: admins, ChatRoom: admins, AVChatRoom: owner },
  /** Where fields are declared, each says who may write it. */
  updateDeclaredField: {
    Private: members,
    Public: members,
    ChatRoom: members,
    AVChatRoom: members
  },
  /** Only Public groups have a choice; for the others the argument is ignored before this is asked. */
  updateJoinOption: { Private: nobody, Public: admins, ChatRoom: nobody, AVChatRoom: nobody },
  updateMuteAllMembers: { Private: nobody, Public: admins, ChatRoom: admins, AVChatRoom: owner },

  dismissGroup: {
    Private: {
      App: ok,
      Owner: 'CannotDismissPrivate',
      Admin: 'CannotDismissPrivate',
      Member: 'CannotDismissPrivate',
      None: no
    },
    Public: owner,
    ChatRoom: owner,
    AVChatRoom: owner
  },
  /** Members may call it: they learn that they are in the group. */
  joinGroup: {
    Private: { ...members, App: no, None: no },
    Public: anyone,
    ChatRoom: anyone,
    AVChatRoom: anyone
  },
  quitGroup: {
    Private: { ...all(ok), App: 'NotInGroup', None: 'NotInGroup' },
    Public: { ...all(ok), App: 'NotInGroup', Owner: 'OwnerCannotQuit', None: 'NotInGroup' },
    ChatRoom: { ...all(ok), App: 'NotInGroup', Owner: 'OwnerCannotQuit', None: 'NotInGroup' },
    AVChatRoom: { ...all(ok), App: 'NotInGroup', Owner: 'OwnerCannotQuit', None: 'NotInGroup' }
  },
  addGroupMember: {
    Private: members,
    Public: { ...nobody, App: ok },
    ChatRoom: { ...nobody, App: ok },
    AVChatRoom: { ...all('CannotInviteToAVChatRoom'), App: no, None: no }
  },
  deleteGroupMember: {
    Private: owner,
    Public: owner,
    ChatRoom: owner,
    AVChatRoom: { ...all('CannotKickFromAVChatRoom'), None: no }
  },
  /** Where the policy `adminsCanKick` is on. */
  deleteGroupMemberByAdmins: {
    Private: owner,
    Public: admins,
    ChatRoom: admins,
    AVChatRoom: { ...all('CannotKickFromAVChatRoom'), None: no }
  },
  changeGroupOwner: {
    Private: owner,
    Public: owner,
    ChatRoom: owner,
    AVChatRoom: { ...all('CannotTransferAVChatRoom'), None: no }
  },
  handleGroupApplication: { Private: nobody, Public: admins, ChatRoom: nobody, AVChatRoom: nobody },
  setMessageRemindType: {
    Private: insiders,
    Public: insiders,
    ChatRoom: insiders,
    AVChatRoom: nobody
  },
  setGroupMemberMuteTime: { Private: nobody, Public: admins, ChatRoom: admins, AVChatRoom: owner },
  setGroupMemberNameCard: {
    Private: members,
    Public: members,
    ChatRoom: members,
    AVChatRoom: { ...nobody, Owner: ok }
  },
  setGroupMemberCustomField: {
    Private: members,
    Public: members,
    ChatRoom: members,
    AVChatRoom: nobody
  },
  setGroupMemberRole: {
    Private: {
      App: 'NoRolesInGroupType',
      Owner: 'NoRolesInGroupType',
      Admin: 'NotOwner',
      Member: 'NotOwner',
      None: no
    },
    Public: { App: ok, Owner: ok, Admin: 'NotOwner', Member: 'NotOwner', None: no },
    ChatRoom: { App: ok, Owner: ok, Admin: 'NotOwner', Member: 'NotOwner', None: no },
    AVChatRoom: {
      App: 'NoRolesInGroupType',
      Owner: 'NoRolesInGroupType',
      Admin: 'NotOwner',
      Member: 'NotOwner',
      None: no
    }
  }
} as const satisfies Record<string, Rule>

const bad = 'IllegalArgument'
const noTarget: TargetCells = { Self: no, Owner: no, Admin: no, Member: no, None: no }

// Somebody who is not in the group is no error when removing: the caller wanted them out, and out they are.
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
// The server keeps no records of the people in an audio-video chat room, but of its owner.
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

export type Acting = {
  readonly type: GroupType
  readonly role: Role | 'None'
  readonly isAppAdmin: boolean
}

/** The reason why not, or `undefined`: allowed. An app admin who is also a member may what either may. */
export function refusal(rule: Rule, { type, role, isAppAdmin }: Acting): Reason | undefined {
  return weigh(role, rule[type][role], isAppAdmin && rule[type].App)
}

export function targetRefusal(
  rule: TargetRule,
  { type, role, isAppAdmin }: Acting,
  target: Target
): Reason | undefined {
  return weigh(role, rule[type][role][target], isAppAdmin && rule[type].App[target])
}

function weigh(role: Role | 'None', asMember: Cell, asAppAdmin: Cell | false): Reason | undefined {
  if (asMember === ok || asAppAdmin === ok) return undefined
  return asAppAdmin && role !== 'Owner' ? asAppAdmin : asMember
}

const ranks: Record<WriteLevel | 'None', number> = {
  None: 0,
  Member: 1,
  Admin: 2,
  Owner: 3,
  App: 4
}

/** `unknown`: the policy names a level that only another build knows. */
type FieldRefusal = Reason | 'unknown' | undefined
function levelRefusal(level: OrOther<WriteLevel>, { role, isAppAdmin }: Acting): FieldRefusal {
  const needed = lookUp(ranks, level)
  if (needed === undefined) return 'unknown'
  return (isAppAdmin ? ranks.App : ranks[role]) >= needed ? undefined : no
}

/** The reason why the actor may not write a custom field of the group, if any. A field that was not declared does not exist. */
export function mayWriteGroupField(
  { customFields }: Policy,
  acting: Acting,
  key: string
): FieldRefusal {
  if (!customFields) return undefined
  const field = customFields.group.find(each => each.key === key)
  return field ? levelRefusal(field.write, acting) : 'UndeclaredField'
}

export function mayWriteMemberField(
  { customFields }: Policy,
  acting: Acting,
  { key, isOwn }: { key: string; isOwn: boolean }
): FieldRefusal {
  if (!customFields) return undefined
  const field = customFields.member.find(each => each.type === acting.type && each.key === key)
  if (!field) return 'UndeclaredField'
  return isOwn && field.ownWrite ? undefined : levelRefusal(field.write, acting)
}
