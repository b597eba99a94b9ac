/**
 * Every refusal a user can meet: its code, what kind of refusal it is, and its words. The codes are Tencent's where
 * Tencent has one; 45xx are ours and stand for what only an offline store can run into.
 */

/** Why an operation cannot stand, for an app that wants to react without knowing every code. */
export type Scope = 'permission' | 'state' | 'limit' | 'invalid' | 'gone' | 'dependency' | 'expired' | 'retry'

type Entry = { readonly code: number; readonly scope: Scope; readonly text: string }

export const errors = {
  NoUserID: { code: 2002, scope: 'invalid', text: 'There is no userID.' },
  NoUserSig: { code: 2003, scope: 'invalid', text: 'There is no userSig.' },
  LoginRunning: { code: 2025, scope: 'retry', text: 'A login is under way.' },
  LoggedInAsOther: { code: 2026, scope: 'state', text: 'Another user is logged in: log out first.' },
  IllegalGroupType: { code: 2600, scope: 'invalid', text: 'There is no such group type.' },
  CannotJoinPrivate: { code: 2601, scope: 'permission', text: 'A Private group is joined by invitation only.' },
  CannotTransferAVChatRoom: { code: 2620, scope: 'permission', text: 'An AVChatRoom cannot be transferred.' },
  CannotTransferToSelf: { code: 2621, scope: 'invalid', text: 'You own the group already.' },
  CannotDismissPrivate: { code: 2622, scope: 'permission', text: 'A Private group cannot be dismissed.' },
  NotInGroup: { code: 2623, scope: 'state', text: 'You are not in this group.' },
  CannotInviteToAVChatRoom: { code: 2661, scope: 'permission', text: 'Nobody can be invited to an AVChatRoom.' },
  LoginToJoin: { code: 2662, scope: 'state', text: 'Only AVChatRooms can be joined before logging in.' },
  CannotKickFromAVChatRoom: { code: 2680, scope: 'permission', text: 'Nobody can be removed from an AVChatRoom.' },
  NotOwner: { code: 2681, scope: 'permission', text: 'Only the owner may set roles.' },
  NoRolesInGroupType: { code: 2682, scope: 'permission', text: 'Private groups and AVChatRooms have no admins.' },
  IllegalRole: { code: 2683, scope: 'invalid', text: 'The role must be Admin or Member.' },
  CannotSetOwnRole: { code: 2684, scope: 'invalid', text: 'You cannot set your own role.' },

  CannotMuteSelf: { code: 2685, scope: 'invalid', text: 'You cannot mute yourself.' },

  NoNetwork: { code: 2805, scope: 'retry', text: 'There is no network, and this cannot wait.' },
  NotReady: { code: 2999, scope: 'retry', text: 'The store is not open: log in first.' },

  QueueFull: { code: 4501, scope: 'limit', text: 'Too many operations wait already; nothing was queued.' },
  StorageFailed: { code: 4502, scope: 'retry', text: 'Storage could not be read or written; nothing was queued.' },
  UnknownOperationID: { code: 4503, scope: 'invalid', text: 'No operation with this ID is known here.' },
  PendingOperations: { code: 4504, scope: 'state', text: 'Operations still wait: say keep, flush or discard.' },
  Discarded: { code: 4505, scope: 'state', text: 'Discarded at logout.' },
  DamagedOperation: { code: 4506, scope: 'invalid', text: 'The stored operation could not be read any more.' },
  PredecessorRejected: { code: 4507, scope: 'dependency', text: 'What this builds on was refused.' },
  ProtocolTooOld: {
    code: 4508,
    scope: 'retry',
    text: 'The server has moved on: update the app. Nothing is lost.'
  },
  OperationExpired: { code: 4511, scope: 'expired', text: 'The operation has waited too long.' },
  WorkerFailed: { code: 4510, scope: 'retry', text: 'The worker could not be started.' },
  BadFrame: { code: 4509, scope: 'retry', text: 'A message could not be understood.' },

  ServerBusy: { code: 10002, scope: 'retry', text: 'The server could not answer just now.' },
  UnknownOperation: { code: 10003, scope: 'invalid', text: 'There is no operation of this name.' },
  IllegalArgument: { code: 10004, scope: 'invalid', text: 'An argument is missing or wrong.' },
  UndeclaredField: { code: 10004, scope: 'invalid', text: 'There is no custom field of this key.' },
  TooManyAccounts: { code: 10005, scope: 'limit', text: 'Too many users in one call.' },
  TooFrequent: { code: 10006, scope: 'retry', text: 'Too many requests.' },
  NotPermitted: { code: 10007, scope: 'permission', text: 'You may not do this in this group.' },
  OwnerCannotQuit: { code: 10009, scope: 'permission', text: 'The owner cannot quit: transfer or dismiss the group.' },
  GroupNotFound: { code: 10010, scope: 'gone', text: 'There is no such group, or it was dismissed.' },
  GroupFull: { code: 10014, scope: 'limit', text: 'The group has no room for so many.' },
  IllegalGroupID: { code: 10015, scope: 'invalid', text: 'No group can have this ID.' },
  GroupIDTaken: { code: 10021, scope: 'state', text: 'Another group already has this ID.' },
  AlreadyHandled: { code: 10024, scope: 'state', text: 'The application was handled already.' },
  GroupIDTakenByYou: { code: 10025, scope: 'state', text: 'You already own a group with this ID.' },
  TooManyGroups: { code: 10037, scope: 'limit', text: 'You are in too many groups.' },

  TokenExpired: { code: 70001, scope: 'retry', text: 'The userSig has expired.' },
  TokenEmpty: { code: 70002, scope: 'retry', text: 'The userSig is empty.' },
  TokenMalformed: { code: 70003, scope: 'retry', text: 'The userSig cannot be read.' },
  TokenMismatch: { code: 70009, scope: 'retry', text: 'The userSig was not made with the key of this app.' },
  TokenOfOtherUser: { code: 70013, scope: 'retry', text: 'The userSig belongs to another user.' },
  TokenOfOtherApp: { code: 70014, scope: 'retry', text: 'The userSig belongs to another app.' }
} as const satisfies Record<string, Entry>

export type Reason = keyof typeof errors

/** A refusal as data: it survives structured clone, JSON and storage. */
export type GroupError = {
  readonly code: number
  readonly reason: Reason
  /** For developers: which argument, or which limit. */
  readonly message: string
}

export const groupError = (reason: Reason, detail?: string): GroupError => ({
  code: errors[reason].code,
  reason,
  message: detail === undefined ? errors[reason].text : `${errors[reason].text} (${detail})`
})

export const scopeOf = (error: GroupError): Scope => errors[error.reason].scope
