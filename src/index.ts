export { createGroupStore, type GroupStoreOptions } from './create-group-store.ts'
export type { GroupStore } from './client/store.ts'
export {
  isGroupError,
  type Group,
  type List,
  type Member,
  type Notice,
  type PendingOperation,
  type Preview,
  type SelfInfo,
  type Status,
  type Tip,
  type VerdictEntry
} from './engine/api.ts'
export type { Answer } from './client/can.ts'
export type { Args, OperationName, Result } from './kernel/decide.ts'
export type { GroupError, Reason, Scope } from './kernel/errors.ts'
export type { CustomField, GroupType, JoinOption, RemindType, Role } from './kernel/model.ts'
export type { CustomFieldPolicy, Policy, WriteLevel } from './kernel/limits.ts'
export type { Cause, Verdict } from './kernel/verdict.ts'
