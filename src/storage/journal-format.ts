/**
 * Journal records: one per commit. Text is written in a fraction of the time that objects take, so
 * the writes of a record are one text, with the writes of each table encoded as a column block.
 */

import { decodeRows, encodeRows, isColumnBlock } from '../protocol/column-block.ts'
import { parseRecord } from './page-format.ts'
import type { Write } from './port.ts'
import { tableNames, type TableName } from './tables.ts'

export type JournalEntry = {
  /** Scope keys, or all scopes. Their pages hold every commit up to this one. */
  readonly checkpointed: readonly string[] | 'all'
  readonly writes: readonly Write[]
}
/** IndexedDB numbers the records: 1, 2, 3, without gaps. */
export type JournalRecord = JournalEntry & { readonly commitNumber: number }

export const encodeEntry = (entry: JournalEntry) => ({
  ...entry,
  writes: encodeWrites(entry.writes)
})

/** The disk may be damaged, so `checkpointed` and `writes` may have any shape. */
export const decodeRecord = (record: JournalRecord): JournalRecord => ({
  ...record,
  writes: decodeWrites(record.writes) as Write[]
})

export const areWrites = (writes: unknown): writes is readonly Write[] =>
  Array.isArray(writes) && writes.every(isWrite)

// Writes to different tables are independent, so grouping them by table is safe.
export function encodeWrites(writes: readonly Write[]): string {
  const encoded = writes.map(write =>
    'block' in write ? { ...write, block: encodeRows(write.block) } : write
  )
  return JSON.stringify(
    tableNames.map(name => encodeRows(encoded.filter(({ table }) => table === name)))
  )
}

export function decodeWrites(record: unknown): unknown {
  const tables = parseRecord(record)
  return Array.isArray(tables) ? tables.flatMap(each => decodeRows(each)) : tables
}

/** Whether a write names its rows. The engine checks the rows themselves. */
function isWrite(write: unknown): write is Write {
  if (typeof write !== 'object' || write === null) return false
  const { table, scope, id, block, empty } = write as { [name: string]: unknown }
  if (!tableNames.includes(table as TableName) || typeof scope !== 'string') return false
  if (block !== undefined) return Array.isArray(block) || isColumnBlock(block)
  return typeof id === 'string' || empty === true
}

/**
 * The writes in place of a damaged record: a damaged operation and damaged positions. So the engine
 * reports a lost operation to the user, and fetches all confirmed rows once more.
 */
export function damagedWrites({
  commitNumber,
  writes
}: {
  readonly commitNumber: number
  readonly writes: unknown
}): Write[] {
  const row = { writes } as never
  return [
    { table: 'outbox', scope: '', id: `damaged-${commitNumber}`, row },
    { table: 'meta', scope: '', id: '', row }
  ]
}
