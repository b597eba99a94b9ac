/**
 * What has been written, over rows that lie beneath: it shows some, hides others. Storage in memory is a layer over
 * nothing; in IndexedDB the journal is one over the pages.
 */

import { hasID, idOf, type StoredRow, type TableName } from './tables.ts'
import { rowsOf } from '../protocol/column-block.ts'
import type { BlockWrite, StorageQuery, Write } from './port.ts'

/** One scope of a table, as far as it was written. */
export type Part = {
  readonly table: TableName
  readonly scope: string
  /** Whether it was emptied, so that nothing beneath counts. */
  hides: boolean
  /** By ID; `null`: removed. */
  readonly rows: Map<string, StoredRow | null>
  /** Put after `rows`; nobody has looked into them yet. */
  readonly blocks: BlockWrite['block'][]
}
export type Layer = ReturnType<typeof createLayer>

export const partName = ({
  table,
  scope
}: {
  readonly table: TableName
  readonly scope: string
}): string => `${table}/${scope}`

/** The place of what is no row. */
const damaged = ''

/** What a part puts and removes, by ID. */
export function editsIn({ table, rows, blocks }: Part): Map<string, StoredRow | null> {
  for (const block of blocks.splice(0))
    for (const row of rowsOf(block)) rows.set(hasID(table, row) ? row.userID : damaged, row)
  return rows
}

/** `hides`: whether there is nothing beneath. */
export function createLayer(hides = false) {
  const parts = new Map<string, Part>()

  return {
    parts: parts as ReadonlyMap<string, Part>,

    take(write: Write): void {
      const { table, scope } = write
      const part = parts.get(partName(write)) ?? {
        table,
        scope,
        hides,
        rows: new Map<string, StoredRow | null>(),
        blocks: []
      }
      parts.set(partName(write), part)
      if ('empty' in write) {
        part.hides = true
        part.rows.clear()
        part.blocks.length = 0
      } else if ('block' in write) part.blocks.push(write.block)
      else if (write.row || !part.hides) editsIn(part).set(write.id, write.row)
      else editsIn(part).delete(write.id)
    },

    /** What lies beneath counts again. */
    drop: (name: string) => void parts.delete(name),
    clear: () => parts.clear(),

    /** What a query finds where `beneath` is what it finds below. */
    over(query: StorageQuery, beneath: StoredRow[]): StoredRow[] {
      const { table, ids } = query
      const part = parts.get(partName(query))
      if (!part) return beneath
      const rows = editsIn(part)
      const id = idOf[table] as (row: StoredRow) => string
      // What is no row any more is for the reader to see.
      const nameOf = (row: StoredRow) => (hasID(table, row) ? id(row) : damaged)
      const seen = part.hides ? [] : beneath.filter(row => !rows.has(nameOf(row)))
      const wanted = ids ? new Set([...ids, damaged]) : rows.keys()
      const own = [...wanted]
        .map(each => rows.get(each))
        .filter(row => row !== undefined && row !== null)
      return own.length === 0
        ? seen
        : [...seen, ...own].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    }
  }
}
