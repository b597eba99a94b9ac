/**
 * Every refusal, with its code and its scope. The codes are Tencent's if Tencent has one. Codes
 * 45xx belong to this library, for refusals that only an offline store has.
 *
 * Why data: refusals survive structured clone, JSON and IndexedDB. Exceptions are for bugs. The TIM
 * calls turn refusals into `IMError`.
 */

import { lookUp, type OrOther } from './model.ts'

/**
 * The kind of a refusal, for an app that does not handle every code. `retry`: the same call may
 * succeed later. `gone`: the group does not exist. `dependency`: an earlier operation was refused.
 */
export type Scope =
  'permission' | 'state' | 'limit' | 'invalid' | 'gone' | 'dependency' | 'expired' | 'retry'

type ErrorDefinition = { readonly code: number; readonly scope: Scope }

export const errors = {
  NoUserID: { code: 2002, scope: 'invalid' },
  NoUserSig: { code: 2003, scope: 'invalid' },
  LoginRunning: { code: 2025, scope: 'retry' },
  LoggedInAsOther: { code: 2026, scope: 'state' },
  IllegalGroupType: { code: 2600, scope: 'invalid' },
  CannotJoinPrivate: { code: 2601, scope: 'permission' },
  CannotTransferAVChatRoom: { code: 2620, scope: 'permission' },
  CannotTransferToSelf: { code: 2621, scope: 'invalid' },
  CannotDismissPrivate: { code: 2622, scope: 'permission' },
  NotInGroup: { code: 2623, scope: 'state' },
  CannotInviteToAVChatRoom: { code: 2661, scope: 'permission' },
  LoginToJoin: { code: 2662, scope: 'state' },
  CannotKickFromAVChatRoom: { code: 2680, scope: 'permission' },
  NotOwner: { code: 2681, scope: 'permission' },
  NoRolesInGroupType: { code: 2682, scope: 'permission' },
  IllegalRole: { code: 2683, scope: 'invalid' },
  CannotSetOwnRole: { code: 2684, scope: 'invalid' },

  CannotMuteSelf: { code: 2685, scope: 'invalid' },

  NoNetwork: { code: 2805, scope: 'retry' },
  NotReady: { code: 2999, scope: 'retry' },

  QueueFull: { code: 4501, scope: 'limit' },
  StorageFailed: { code: 4502, scope: 'retry' },
  UnknownOperationID: { code: 4503, scope: 'invalid' },
  PendingOperations: { code: 4504, scope: 'state' },
  Discarded: { code: 4505, scope: 'state' },
  DamagedOperation: { code: 4506, scope: 'invalid' },
  PredecessorRejected: { code: 4507, scope: 'dependency' },
  ProtocolTooOld: { code: 4508, scope: 'retry' },
  OperationExpired: { code: 4511, scope: 'expired' },
  StillWaiting: { code: 4512, scope: 'state' },
  WorkerFailed: { code: 4510, scope: 'retry' },
  WorkerNotMade: { code: 4510, scope: 'retry' },
  BadFrame: { code: 4509, scope: 'retry' },
  PartlyDone: { code: 4514, scope: 'limit' },
  NotJudged: { code: 4515, scope: 'retry' },
  StorageFull: { code: 4516, scope: 'limit' },
  NewerStorage: { code: 4517, scope: 'retry' },
  UpgradeBlocked: { code: 4518, scope: 'retry' },

  ServerBusy: { code: 10002, scope: 'retry' },
  UnknownOperation: { code: 10003, scope: 'invalid' },
  IllegalArgument: { code: 10004, scope: 'invalid' },
  UndeclaredField: { code: 10004, scope: 'invalid' },
  TooManyAccounts: { code: 10005, scope: 'limit' },
  TooFrequent: { code: 10006, scope: 'retry' },
  NotPermitted: { code: 10007, scope: 'permission' },
  Banned: { code: 10007, scope: 'retry' },
  OwnerCannotQuit: { code: 10009, scope: 'permission' },
  GroupNotFound: { code: 10010, scope: 'gone' },
  GroupFull: { code: 10014, scope: 'limit' },
  IllegalGroupID: { code: 10015, scope: 'invalid' },
  GroupIDTaken: { code: 10021, scope: 'state' },
  AlreadyHandled: { code: 10024, scope: 'state' },
  GroupIDTakenByYou: { code: 10025, scope: 'state' },
  TooManyGroups: { code: 10037, scope: 'limit' },

  TokenExpired: { code: 70001, scope: 'retry' },
  TokenEmpty: { code: 70002, scope: 'retry' },
  TokenMalformed: { code: 70003, scope: 'retry' },
  TokenFromFuture: { code: 70004, scope: 'retry' },
  TokenLastsTooLong: { code: 70005, scope: 'retry' },
  TokenMismatch: { code: 70009, scope: 'retry' },
  TokenOfOtherUser: { code: 70013, scope: 'retry' },
  TokenOfOtherApp: { code: 70014, scope: 'retry' },
  IllegalUserID: { code: 70402, scope: 'retry' }
} as const satisfies Record<string, ErrorDefinition>

/** The name of a refusal. Several names may share one of Tencent's codes. */
export type Reason = keyof typeof errors

/** A refusal as data: calls resolve with it, and `isGroupError` recognizes it. */
export type GroupError = {
  readonly code: number
  readonly reason: OrOther<Reason>
  /** A text for users. It names the wrong argument or the limit, if there is one. */
  readonly message: string
  /** With 4510 and 4512: the operation, which may take effect. */
  readonly opID?: string
}

export const groupError = (reason: Reason, detail = ''): GroupError => ({
  code: errors[reason].code,
  reason,
  message: detail
})

/** By the name of the error, which IndexedDB and adapters share. */
const storageReasons: Readonly<Record<string, Reason>> = {
  QuotaExceededError: 'StorageFull',
  VersionError: 'NewerStorage',
  BlockedError: 'UpgradeBlocked'
}

/** An error of the storage layer as a refusal. */
export const storageFailed = (error: unknown): GroupError => {
  const name = error instanceof Error ? error.name : ''
  return groupError(lookUp(storageReasons, name) ?? 'StorageFailed', String(error))
}

/** Whether the server refused the token: codes 70xxx. The client needs another token. */
export const isLoginError = (error: GroupError | null | undefined): boolean =>
  Math.floor((error?.code ?? 0) / 1000) === 70

/** `unknown`: a reason of another build. */
export const scopeOf = ({ reason }: GroupError): Scope | 'unknown' =>
  lookUp(errors, reason)?.scope ?? 'unknown'
