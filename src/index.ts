export { createGroupStore, type GroupStoreOptions } from './create-group-store.ts'
export type { GroupCommands } from './client/commands.ts'
export type { GroupStore } from './client/group-store.ts'
export type { GroupQueries } from './client/queries.ts'
export type { StorageStatus } from './client/storage-status.ts'
export type { Answer } from './client/can.ts'
export type { Token } from './client/renew.ts'
export {
  isGroupError,
  type Applied,
  type ApplyOptions,
  type Group,
  type GroupEntries,
  type Member,
  type MemberPage,
  type MemberRequest,
  type Notice,
  type PendingOperation,
  type Preview,
  type SelfInfo,
  type Status,
  type StorageState,
  type Tip,
  type VerdictEntry
} from './engine/api.ts'
export type { GroupOrder, List, MemberOrder, MemberWindow, Window } from './engine/stream-api.ts'
export type { Args, OperationName, Result } from './kernel/decide.ts'
export type { GroupError, Reason, Scope } from './kernel/errors.ts'
export type { CustomFieldPolicy, FieldPolicy, Policy, WriteLevel } from './kernel/limits.ts'
export type {
  ApplicationState,
  CustomField,
  Entry,
  GroupRow,
  GroupType,
  JoinOption,
  Key,
  OrOther,
  RemindType,
  Role
} from './kernel/model.ts'
export type { NoticeType, TipType } from './kernel/notices.ts'
export type { Cause, CauseReason, Verdict } from './kernel/verdict.ts'
export type { Connect } from './protocol/port.ts'
export type { Storage } from './storage/port.ts'
