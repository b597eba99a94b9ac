/** The ports of an engine, and the package's own adapters: to build a store on another host. */

export type { AttributesRow, CountersRow, MemberRow, SettingsRow } from './kernel/model.ts'
export type { NoticeRow, TipRow } from './kernel/notices.ts'
export type { Effective } from './kernel/verdict.ts'
export type { ColumnBlock, RowsOrBlock } from './protocol/column-block.ts'
export { rowsOf } from './protocol/column-block.ts'
export type { Connect, Link, LinkEvents } from './protocol/port.ts'
export { connectHttp } from './protocol/transports/http.ts'
export { connectWebSocket } from './protocol/transports/websocket.ts'
export { protocolVersion } from './protocol/version.ts'
export { createMemoryStorage } from './storage/memory.ts'
export type {
  Answers,
  BlockWrite,
  ConsistentRead,
  Durability,
  RowWrite,
  ScopeRemoval,
  Storage,
  StorageQuery,
  Write
} from './storage/port.ts'
export type {
  DatabaseIdentity,
  HeldGroup,
  HeldNotice,
  HeldTip,
  Lease,
  Meta,
  Pending,
  Settled,
  TableName,
  Tables,
  UndeliveredEvent
} from './storage/tables.ts'
