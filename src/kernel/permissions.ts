/**
 * Which roles may call an operation. A cell is `ok` or the reason of the refusal. The tables are
 * total: a missing group type or role does not compile. `target-permissions.ts` has the rules that
 * depend on the member acted upon, `field-permissions.ts` those of declared custom fields.
 */

import type { Reason } from './errors.ts'
import type { GroupType, Role } from './model.ts'

/** `App`: an app admin, an owner in every group. `None`: a user outside the group. */
export type Actor = 'App' | Role | 'None'
export type Cell = 'ok' | Reason
type ActorCells = Readonly<Record<Actor, Cell>>
export type Rule = Readonly<Record<GroupType, ActorCells>>

const ok = 'ok'
const no = 'NotPermitted'

const nobody: ActorCells = { App: no, Owner: no, Admin: no, Member: no, None: no }
const owner: ActorCells = { ...nobody, App: ok, Owner: ok }
const admins: ActorCells = { ...owner, Admin: ok }
const members: ActorCells = { ...admins, Member: ok }
/** Members set their own values. An app admin outside the group has none. */
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
  /** A declared field has a write level of its own. */
  updateDeclaredField: {
    Private: members,
    Public: members,
    ChatRoom: members,
    AVChatRoom: members
  },
  /** For types other than Public, the argument is ignored before this rule is read. */
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
  /** A member gets the status AlreadyInGroup, not a refusal. */
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
  /** With the policy `adminsCanKick`. */
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

export type Acting = {
  readonly type: GroupType
  readonly role: Role | 'None'
  readonly isAppAdmin: boolean
}

/** `undefined`: allowed. A member that is an app admin has the rights of both. */
export function refusal(rule: Rule, { type, role, isAppAdmin }: Acting): Reason | undefined {
  return weigh(role, rule[type][role], isAppAdmin && rule[type].App)
}

/** The refusal of an actor with up to two cells: as a member, and as an app admin. */
export function weigh(
  role: Role | 'None',
  asMember: Cell,
  asAppAdmin: Cell | false
): Reason | undefined {
  if (asMember === ok || asAppAdmin === ok) return undefined
  return asAppAdmin && role !== 'Owner' ? asAppAdmin : asMember
}
