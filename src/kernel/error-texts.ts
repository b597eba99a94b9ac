/**
 * The text of every refusal. Only the client, the TIM calls and the server's notices add it.
 * Engine, protocol and storage have code, reason and detail, which keeps the worker small. A
 * translation replaces this one table.
 */

import type { GroupError, Reason } from './errors.ts'
import { lookUp } from './model.ts'

const texts: Readonly<Record<Reason, string>> = {
  NoUserID: 'There is no userID.',
  NoUserSig: 'There is no userSig.',
  LoginRunning: 'A login is under way.',
  LoggedInAsOther: 'Another user is logged in: log out first.',
  IllegalGroupType: 'There is no such group type.',
  CannotJoinPrivate: 'A Private group is joined by invitation only.',
  CannotTransferAVChatRoom: 'An AVChatRoom cannot be transferred.',
  CannotTransferToSelf: 'You own the group already.',
  CannotDismissPrivate: 'A Private group cannot be dismissed.',
  NotInGroup: 'You are not in this group.',
  CannotInviteToAVChatRoom: 'Nobody can be invited to an AVChatRoom.',
  LoginToJoin: 'Only AVChatRooms can be joined before logging in.',
  CannotKickFromAVChatRoom: 'Users can be removed from an AVChatRoom only with a duration.',
  NotOwner: 'Only the owner may set roles.',
  NoRolesInGroupType: 'Private groups and AVChatRooms have no admins.',
  IllegalRole: 'The role must be Admin or Member.',
  CannotSetOwnRole: 'You cannot set your own role.',
  CannotMuteSelf: 'You cannot mute yourself.',
  NoNetwork: 'There is no network, and this operation cannot be queued.',
  NotReady: 'The store is not open: log in first.',
  QueueFull: 'The outbox is full. The operation was not queued.',
  StorageFailed: 'Storage could not be read or written. The operation was not queued.',
  UnknownOperationID: 'No operation with this ID is known here.',
  PendingOperations: 'Operations are pending: choose keep, flush or discard.',
  Discarded: 'Discarded at logout.',
  DamagedOperation: 'The stored operation could not be read any more.',
  PredecessorRejected: 'An earlier operation that this one depends on was refused.',
  ProtocolTooOld: 'The server has a newer protocol: update the app. Nothing is lost.',
  StillWaiting:
    'The server has not answered yet. The operation is queued: the outbox shows its state.',
  OperationExpired: 'The operation was pending for too long.',
  WorkerFailed: 'The worker did not start, or has ended.',
  WorkerNotMade: 'The browser makes no worker for this page.',
  BadFrame: 'A message could not be understood.',
  PartlyDone: 'Only a part of the operation was done.',
  StorageFull: 'The browser gives this app no more storage. The operation was not queued.',
  NewerStorage: 'A newer version of the app has written the data on this device: reload the page.',
  UpgradeBlocked: 'An older version of the app is open: close its other tabs.',
  NotJudged: 'The server is older than the data and cannot judge the operation.',
  ServerBusy: 'The server could not answer just now.',
  UnknownOperation: 'There is no operation of this name.',
  IllegalArgument: 'An argument is missing or wrong.',
  UndeclaredField: 'There is no custom field of this key.',
  TooManyAccounts: 'Too many users in one call.',
  TooFrequent: 'Too many requests.',
  NotPermitted: 'You may not do this in this group.',
  Banned: 'You were removed from this group, and may not come back yet.',
  OwnerCannotQuit: 'The owner cannot quit: transfer or dismiss the group.',
  GroupNotFound: 'There is no such group, or it was dismissed.',
  GroupFull: 'The group has no room for so many members.',
  IllegalGroupID: 'No group can have this ID.',
  GroupIDTaken: 'Another group already has this ID.',
  AlreadyHandled: 'The application was handled already.',
  GroupIDTakenByYou: 'You already own a group with this ID.',
  TooManyGroups: 'You are in too many groups.',
  TokenExpired: 'The userSig has expired.',
  TokenEmpty: 'The userSig is empty.',
  TokenMalformed: 'The userSig cannot be read.',
  TokenFromFuture: 'The userSig was issued in the future: check the clocks.',
  TokenLastsTooLong: 'The userSig is valid for longer than the server allows.',
  TokenMismatch: 'The userSig was not made with the key of this app.',
  TokenOfOtherUser: 'The userSig belongs to another user.',
  TokenOfOtherApp: 'The userSig belongs to another app.',
  IllegalUserID: 'The userSig names a user ID that the protocol does not allow.'
}

/** The error with its text. An error with the reason of another build keeps its message. */
export function describe(error: GroupError): GroupError {
  const text = lookUp(texts, error.reason)
  if (text === undefined)
    return { ...error, message: error.message || `${error.reason} (${error.code})` }
  return { ...error, message: error.message === '' ? text : `${text} (${error.message})` }
}

const carriers = ['error', 'verdict', 'lastError'] as const

/** A value from the engine, with a text in each of its errors. */
export function describeErrors<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  // `T` includes the error, and the described error has the same type.
  if ('reason' in value && 'code' in value) return describe(value as unknown as GroupError) as T
  const carried = carriers.flatMap(name =>
    name in value ? [[name, describeErrors(value[name as keyof T])] as const] : []
  )
  return carried.length > 0 ? { ...value, ...Object.fromEntries(carried) } : value
}
