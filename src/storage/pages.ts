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
import { hasID, idOf, type StoredRow, type TableName } from './tables.ts'

const rowsPerPageMax = 256

export type Page = { readonly name: string; readonly rows: readonly StoredRow[] }
/** Rows to put, or `null` to remove, by ID. */
export type Edits = ReadonlyMap<string, StoredRow | null>

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
  const id = idOf[table] as (row: StoredRow) => string
  const unplaced = new Map(edits)
  const kept = rows.flatMap(row => {
    if (!hasID(table, row)) return []
    const edit = edits.get(id(row))
    unplaced.delete(id(row))
    return edit === undefined ? row : (edit ?? [])
  })
  const added = [...unplaced.values()].filter(
    row => row !== null && hasID(table, row)
  ) as StoredRow[]
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

export const recordOf = (rows: RowsOrBlock<StoredRow>): string => JSON.stringify(encodeRows(rows))

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
): StoredRow[] {
  const rows = decodeRows(
    parsed(record),
    only && {
      field: idField[only.table] ?? '',
      isWanted: id => typeof id !== 'string' || only.asked.has(id)
    }
  )
  return (Array.isArray(rows) ? rows : rows === undefined ? [] : [rows]) as StoredRow[]
}

export function parsed(record: unknown): unknown {
  try {
    return typeof record === 'string' ? JSON.parse(record) : record
  } catch {
    // Expected: a disk may be damaged.
    return record
  }
}
