/**
 * The words of every refusal. They are for people, so they are added where people are: the engine and the protocol carry
 * code, reason and detail, and the worker does without the words.
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
  CannotKickFromAVChatRoom: 'Nobody can be removed from an AVChatRoom.',
  NotOwner: 'Only the owner may set roles.',
  NoRolesInGroupType: 'Private groups and AVChatRooms have no admins.',
  IllegalRole: 'The role must be Admin or Member.',
  CannotSetOwnRole: 'You cannot set your own role.',
  CannotMuteSelf: 'You cannot mute yourself.',
  NoNetwork: 'There is no network, and this cannot wait.',
  NotReady: 'The store is not open: log in first.',
  QueueFull: 'Too many operations wait already; nothing was queued.',
  StorageFailed: 'Storage could not be read or written; nothing was queued.',
  UnknownOperationID: 'No operation with this ID is known here.',
  PendingOperations: 'Operations still wait: say keep, flush or discard.',
  Discarded: 'Discarded at logout.',
  DamagedOperation: 'The stored operation could not be read any more.',
  PredecessorRejected: 'What this builds on was refused.',
  ProtocolTooOld: 'The server has moved on: update the app. Nothing is lost.',
  StillWaiting:
    'There is no answer yet. The operation waits: the outbox and the verdicts tell what becomes of it.',
  OperationExpired: 'The operation has waited too long.',
  WorkerFailed: 'The worker could not be started.',
  BadFrame: 'A message could not be understood.',
  PartlyDone: 'Only a part of this could be done.',
  NotJudged: 'The server cannot judge this: it is older than the data.',
  ServerBusy: 'The server could not answer just now.',
  UnknownOperation: 'There is no operation of this name.',
  IllegalArgument: 'An argument is missing or wrong.',
  UndeclaredField: 'There is no custom field of this key.',
  TooManyAccounts: 'Too many users in one call.',
  TooFrequent: 'Too many requests.',
  NotPermitted: 'You may not do this in this group.',
  OwnerCannotQuit: 'The owner cannot quit: transfer or dismiss the group.',
  GroupNotFound: 'There is no such group, or it was dismissed.',
  GroupFull: 'The group has no room for so many.',
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

/** The error as people read it. For a reason of another build there is only the message that came with it. */
export function described(error: GroupError): GroupError {
  const text = lookUp(texts, error.reason)
  if (text === undefined)
    return { ...error, message: error.message || `${error.reason} (${error.code})` }
  return { ...error, message: error.message === '' ? text : `${text} (${error.message})` }
}

const carriers = ['error', 'verdict', 'lastError'] as const

/** What an engine has said, with words wherever it carries an error. */
export function worded<T>(said: T): T {
  if (typeof said !== 'object' || said === null) return said
  // An error, or what holds one in its place: the same shape again.
  if ('reason' in said && 'code' in said) return described(said as unknown as GroupError) as T
  const carried = carriers.flatMap(name =>
    name in said ? [[name, worded(said[name as keyof T])] as const] : []
  )
  return carried.length > 0 ? { ...said, ...Object.fromEntries(carried) } : said
}
