/**
 * Rows ↔ records. IndexedDB costs per record, not per byte, so rows that are read together share a record: a page of
 * neighbouring IDs. A page is named by the lowest ID that belongs into it; the first page of a scope is named `''`.
 * Pages are written by many rows at once: what is written singly stands in the journal first.
 */

import {
  encodeRows,
  sliceBlock,
  decodeRows,
  type ColumnBlock,
  type RowsOrBlock
} from '../protocol/column-block.ts'
import { ringPlace, type TableName, type Tables } from './port.ts'

const rowsPerPageMax = 256

export const idOf: { readonly [T in TableName]: (row: Tables[T]) => string } = {
  meta: () => '',
  groups: held => held.groupID,
  members: member => member.userID,
  tips: tip => ringPlace(tip.number),
  notices: notice => ringPlace(notice.number),
  undelivered: arrival => String(arrival.number),
  outbox: pending => pending.opID,
  verdicts: settled => settled.verdict.opID
}

export type Row = Tables[TableName]
export type Page = { readonly name: string; readonly rows: readonly Row[] }
/** Rows to put, or `null` to remove, by ID. */
export type Edits = ReadonlyMap<string, Row | null>

/** Whether it has an ID, whatever else may have become of it. */
export function isRow(table: TableName, row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return false
  if (table === 'verdicts') return isRow('outbox', (row as { verdict?: unknown }).verdict)
  return typeof (idOf[table] as (row: unknown) => unknown)(row) === 'string'
}

/** The page, out of sorted page names, that an ID belongs to. */
export function pageOf(names: readonly string[], id: string): string {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((names[middle] ?? '') <= id) low = middle + 1
    else high = middle
  }
  return names[low - 1] ?? ''
}

/** A page after edits: none when it is empty, several when it has grown too long. */
export function editPage(table: TableName, { name, rows }: Page, edits: Edits): Page[] {
  // Rows of a page are rows of its table.
  const id = idOf[table] as (row: Row) => string
  const unplaced = new Map(edits)
  const kept = rows.flatMap(row => {
    if (!isRow(table, row)) return []
    const edit = edits.get(id(row))
    unplaced.delete(id(row))
    return edit === undefined ? row : (edit ?? [])
  })
  const added = [...unplaced.values()].filter(row => row !== null && isRow(table, row)) as Row[]
  // Mostly rows take the place of others, and the order is as it was.
  const sorted =
    added.length > 0 ? [...kept, ...added].sort((a, b) => (id(a) < id(b) ? -1 : 1)) : kept
  return cuts(sorted.length).map(([start, end], index) => {
    const part = sorted.slice(start, end)
    return { name: index === 0 || !part[0] ? name : id(part[0]), rows: part }
  })
}

/** Where rows are cut into pages of about the same length. */
function cuts(length: number): [start: number, end: number][] {
  const count = Math.ceil(length / rowsPerPageMax)
  const size = Math.ceil(length / count)
  return Array.from({ length: count }, (_, index) => [index * size, (index + 1) * size])
}

/** A long block is cut into pages as it is; the first is named by whoever knows what lies before. */
export const pagesOf = (block: ColumnBlock): ColumnBlock[] =>
  cuts(block.count).map(([start, end]) => sliceBlock(block, start, end))

export const recordOf = (rows: RowsOrBlock<Row>): string => JSON.stringify(encodeRows(rows))

/** Where the IDs of rows stand. */
const idField: { readonly [T in TableName]?: string } = {
  members: 'userID',
  groups: 'groupID',
  outbox: 'opID'
}

/** The rows in a record, or some that hold those asked for; what is none is for the reader to see. */
export function rowsIn(
  record: unknown,
  only?: { readonly table: TableName; readonly asked: ReadonlySet<string> }
): Row[] {
  const rows = decodeRows(
    parsed(record),
    only && {
      field: idField[only.table] ?? '',
      isWanted: id => typeof id !== 'string' || only.asked.has(id)
    }
  )
  return (Array.isArray(rows) ? rows : rows === undefined ? [] : [rows]) as Row[]
}

export function parsed(record: unknown): unknown {
  try {
    return typeof record === 'string' ? JSON.parse(record) : record
  } catch {
    // Expected: a disk may be damaged.
    return record
  }
}
