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

/** The same in a group of every type. */
export const inEveryType = <Cells>(cells: Cells): Readonly<Record<GroupType, Cells>> => ({
  Private: cells,
  Public: cells,
  ChatRoom: cells,
  AVChatRoom: cells
})

const outsiders = { App: 'NotInGroup', None: 'NotInGroup' } as const
const mayQuit: ActorCells = { ...all(ok), ...outsiders, Owner: 'OwnerCannotQuit' }
const mayAdd: ActorCells = { ...nobody, App: ok }
const maySetRoles: ActorCells = { ...all('NotOwner'), App: ok, Owner: ok, None: no }
const noRoles: ActorCells = {
  ...maySetRoles,
  App: 'NoRolesInGroupType',
  Owner: 'NoRolesInGroupType'
}

export const permissions = {
  /** name, avatar, introduction, notification */
  updateBasics: { Private: members, Public: admins, ChatRoom: admins, AVChatRoom: owner },
  updateMaxMemberNum: { Private: owner, Public: admins, ChatRoom: admins, AVChatRoom: owner },
  updateGroupCustomField: { Private: owner, Public: admins, ChatRoom: admins, AVChatRoom: owner },
  /** A declared field has a write level of its own. */
  updateDeclaredField: inEveryType(members),
  /** For types other than Public, the argument is ignored before this rule is read. */
  updateJoinOption: { Private: nobody, Public: admins, ChatRoom: nobody, AVChatRoom: nobody },
  updateMuteAllMembers: { Private: nobody, Public: admins, ChatRoom: admins, AVChatRoom: owner },

  dismissGroup: {
    ...inEveryType(owner),
    Private: { ...all('CannotDismissPrivate'), App: ok, None: no }
  },
  /** A member gets the status AlreadyInGroup, not a refusal. */
  joinGroup: { ...inEveryType(anyone), Private: insiders },
  quitGroup: { ...inEveryType(mayQuit), Private: { ...all(ok), ...outsiders } },
  addGroupMember: {
    Private: members,
    Public: mayAdd,
    ChatRoom: mayAdd,
    AVChatRoom: { ...all('CannotInviteToAVChatRoom'), App: no, None: no }
  },
  deleteGroupMember: {
    ...inEveryType(owner),
    AVChatRoom: { ...all('CannotKickFromAVChatRoom'), None: no }
  },
  /** With `duration`: only an AVChatRoom keeps users out. */
  banGroupMember: {
    ...inEveryType({ ...all('IllegalArgument'), None: no }),
    AVChatRoom: owner
  },
  /** With the policy `adminsCanKick`. */
  deleteGroupMemberByAdmins: {
    Private: owner,
    Public: admins,
    ChatRoom: admins,
    AVChatRoom: { ...all('CannotKickFromAVChatRoom'), None: no }
  },
  changeGroupOwner: {
    ...inEveryType(owner),
    AVChatRoom: { ...all('CannotTransferAVChatRoom'), None: no }
  },
  handleGroupApplication: { Private: nobody, Public: admins, ChatRoom: nobody, AVChatRoom: nobody },
  setMessageRemindType: { ...inEveryType(insiders), AVChatRoom: nobody },
  setGroupMemberMuteTime: { Private: nobody, Public: admins, ChatRoom: admins, AVChatRoom: owner },
  setGroupMemberNameCard: { ...inEveryType(members), AVChatRoom: { ...nobody, Owner: ok } },
  setGroupMemberCustomField: { ...inEveryType(members), AVChatRoom: nobody },
  /** Of attributes and counters. Tencent leaves it to the app to allow fewer users. */
  setEntries: inEveryType(members),
  markGroupMemberList: { ...inEveryType(nobody), AVChatRoom: owner },
  setGroupMemberRole: {
    Private: noRoles,
    Public: maySetRoles,
    ChatRoom: maySetRoles,
    AVChatRoom: noRoles
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
