/**
 * Pages: up to 256 rows of neighbouring IDs in one record. IndexedDB costs per record, not per
 * byte, so rows that are read together share one. A page is named by the lowest ID that belongs
 * into it. The first page of a scope is named `''`.
 */

import {
  decodeRows,
  encodeRows,
  sliceBlock,
  type ColumnBlock,
  type RowsOrBlock
} from '../protocol/column-block.ts'
import { hasID, idOf, type StoredRow, type TableName } from './tables.ts'

const rowsPerPageMax = 256

export type Page = { readonly name: string; readonly rows: RowsOrBlock<StoredRow> }

/** A record is text: a browser writes text in a fraction of the time that objects take. */
export const encodePage = (rows: RowsOrBlock<StoredRow>): string => JSON.stringify(encodeRows(rows))

/**
 * The rows of a record, damaged ones included: the engine checks every row. With `only`, rows with
 * other IDs may be left out.
 */
export function decodePage(
  record: unknown,
  only?: { readonly table: TableName; readonly ids: ReadonlySet<string> }
): StoredRow[] {
  const rows = decodeRows(
    parseRecord(record),
    only && {
      field: idField[only.table] ?? '',
      isWanted: id => typeof id !== 'string' || only.ids.has(id)
    }
  )
  return (Array.isArray(rows) ? rows : rows === undefined ? [] : [rows]) as StoredRow[]
}

const idField: { readonly [T in TableName]?: string } = {
  members: 'userID',
  groups: 'groupID',
  attributes: 'groupID',
  counters: 'groupID',
  outbox: 'opID'
}

export function parseRecord(record: unknown): unknown {
  try {
    return typeof record === 'string' ? JSON.parse(record) : record
  } catch {
    // Expected: a disk may be damaged.
    return record
  }
}

/** By ID: a row to put, or `null` to remove the row. */
type RowEdits = ReadonlyMap<string, StoredRow | null>

/**
 * The tables in which the engine replaces or reports a damaged row. In other tables, the edit itself
 * replaces it, or the row only serves a list.
 */
const repairedTables: readonly TableName[] = [
  'groups',
  'attributes',
  'counters',
  'members',
  'outbox',
  'verdicts',
  'undelivered'
]

/**
 * The pages that replace a page after edits: none if it is empty, several if it has grown too long.
 * Damaged rows stay, so that the next read reports them. A repair empties the whole scope.
 */
export function editPage(
  table: TableName,
  { name, rows }: { readonly name: string; readonly rows: readonly StoredRow[] },
  edits: RowEdits
): Page[] {
  // The rows of a page are rows of its table.
  const id = idOf[table] as (row: StoredRow) => string
  const unplaced = new Map(edits)
  const kept: StoredRow[] = []
  const damaged: StoredRow[] = []
  const keep = (row: StoredRow): unknown => {
    if (hasID(table, row)) return kept.push(row)
    return repairedTables.includes(table) && damaged.push(asObject(row))
  }
  for (const row of rows) {
    const edit = hasID(table, row) ? edits.get(id(row)) : undefined
    if (edit !== null) keep(edit ?? row)
    if (edit !== undefined) unplaced.delete(id(row))
  }
  const placedCount = kept.length
  for (const row of unplaced.values()) if (row !== null) keep(row)
  // If no row is new, the order has not changed.
  const isUnsorted = kept.length > placedCount
  const sorted = isUnsorted ? kept.sort((a, b) => (id(a) < id(b) ? -1 : 1)) : kept
  const ranges = pageRanges(sorted.length)
  if (damaged.length > 0 && ranges.length === 0) return [{ name, rows: damaged }]
  return ranges.map(([start, end], index) => {
    const part = sorted.slice(start, end)
    if (index === 0) return { name, rows: [...damaged, ...part] }
    return { name: part[0] ? id(part[0]) : name, rows: part }
  })
}

/** Only objects can be encoded. */
const asObject = (row: unknown): StoredRow =>
  // The row is damaged, so its type is wrong anyway.
  (typeof row === 'object' && row !== null ? row : { damaged: row }) as StoredRow

/** Cuts a block into pages without decoding it. */
export const blockPages = (block: ColumnBlock): ColumnBlock[] =>
  pageRanges(block.count).map(([start, end]) => sliceBlock(block, start, end))

/** Ranges of about equal length. */
function pageRanges(rowCount: number): [start: number, end: number][] {
  const pageCount = Math.ceil(rowCount / rowsPerPageMax)
  const size = Math.ceil(rowCount / pageCount)
  return Array.from({ length: pageCount }, (_, index) => [index * size, (index + 1) * size])
}
