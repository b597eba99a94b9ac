/**
 * Recent writes in memory, by scope. A written row hides the stored row with its ID. In IndexedDB
 * the stored rows are those of the pages. Storage in memory is a memtable without stored rows.
 */

import { rowsOf } from '../protocol/column-block.ts'
import type { BlockWrite, StorageQuery, Write } from './port.ts'
import { hasID, idOf, type StoredRow, type TableName } from './tables.ts'

export type Memtable = ReturnType<typeof createMemtable>

export type Scope = { readonly table: TableName; readonly scope: string }
export const scopeKey = ({ table, scope }: Scope): string => `${table}/${scope}`

/** The writes to one scope. */
export type ScopeWrites = Scope & {
  /** The scope was emptied before `rows`, so stored rows do not count. */
  isEmptied: boolean
  /** By ID. `null`: removed. */
  readonly rows: Map<string, StoredRow | null>
  /** Written after `rows`, and decoded on the first read. */
  readonly blocks: BlockWrite['block'][]
}

/** The key of a damaged value, which has no ID. */
const damagedID = ''

/** `isEmptied`: there are no stored rows below. */
export function createMemtable(isEmptied = false) {
  const scopes = new Map<string, ScopeWrites>()

  return {
    /** By scope key. */
    scopes: scopes as ReadonlyMap<string, ScopeWrites>,

    write(write: Write): void {
      const { table, scope } = write
      const key = scopeKey(write)
      const writes = scopes.get(key) ?? {
        table,
        scope,
        isEmptied,
        rows: new Map<string, StoredRow | null>(),
        blocks: []
      }
      scopes.set(key, writes)
      if ('empty' in write) {
        writes.isEmptied = true
        writes.rows.clear()
        writes.blocks.length = 0
      } else if ('block' in write) writes.blocks.push(write.block)
      else if (write.row || !writes.isEmptied) decodedRows(writes).set(write.id, write.row)
      else decodedRows(writes).delete(write.id)
    },

    /** Forgets the writes to a scope, after they were stored. */
    drop: (key: string) => void scopes.delete(key),
    clear: () => scopes.clear(),

    /** The rows of a query: `stored`, the rows that storage returned, with the writes applied. */
    read(query: StorageQuery, stored: StoredRow[]): StoredRow[] {
      const { table, ids } = query
      const writes = scopes.get(scopeKey(query))
      if (!writes) return stored
      const rows = decodedRows(writes)
      const visible = writes.isEmptied
        ? []
        : stored.filter(row => !rows.has(idOrDamaged(table, row)))
      const wanted = ids ? new Set([...ids, damagedID]) : rows.keys()
      const written = [...wanted]
        .map(id => rows.get(id))
        .filter(row => row !== undefined && row !== null)
      if (written.length === 0) return visible
      return [...visible, ...written].sort((a, b) =>
        idOrDamaged(table, a) < idOrDamaged(table, b) ? -1 : 1
      )
    }
  }
}

/** All written rows by ID, with the blocks decoded into them. */
export function decodedRows({ table, rows, blocks }: ScopeWrites): Map<string, StoredRow | null> {
  for (const block of blocks.splice(0))
    for (const row of rowsOf(block)) rows.set(idOrDamaged(table, row), row)
  return rows
}

const idOrDamaged = (table: TableName, row: StoredRow): string =>
  hasID(table, row) ? (idOf[table] as (row: StoredRow) => string)(row) : damagedID
