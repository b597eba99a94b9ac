/**
 * What has been written, over rows that lie beneath: it shows some, hides others. Storage in memory is a layer over
 * nothing; in IndexedDB the journal is one over the pages.
 */

import { idOf, isRow, type Row } from './pages.ts'
import type { Query, TableName, Write } from './port.ts'

/** One scope of a table, as far as it was written. */
export type Part = {
  readonly table: TableName
  readonly scope: string
  /** Whether it was emptied, so that nothing beneath counts. */
  hides: boolean
  /** By ID; `null`: removed. */
  readonly rows: Map<string, Row | null>
}
export type Layer = ReturnType<typeof createLayer>

export const partName = ({ table, scope }: { readonly table: TableName; readonly scope: string }): string => `${table}/${scope}`

/** The place of what is no row. */
const damaged = ''

/** `hides`: whether there is nothing beneath. */
export function createLayer(hides = false) {
  const parts = new Map<string, Part>()

  return {
    parts: parts as ReadonlyMap<string, Part>,

    take(write: Write): void {
      const { table, scope } = write
      const part = parts.get(partName(write)) ?? { table, scope, hides, rows: new Map<string, Row | null>() }
      parts.set(partName(write), part)
      if ('empty' in write) {
        part.hides = true
        part.rows.clear()
      } else if ('run' in write) for (const row of write.run) part.rows.set(isRow(table, row) ? row.userID : damaged, row)
      else if (write.row || !part.hides) part.rows.set(write.id, write.row)
      else part.rows.delete(write.id)
    },

    /** What lies beneath counts again. */
    drop: (name: string) => void parts.delete(name),
    clear: () => parts.clear(),

    /** What a query finds where `beneath` is what it finds below. */
    over(query: Query, beneath: Row[]): Row[] {
      const { table, ids } = query
      const part = parts.get(partName(query))
      if (!part) return beneath
      const { rows } = part
      const id = idOf[table] as (row: Row) => string
      // What is no row any more is for the reader to see.
      const nameOf = (row: Row) => (isRow(table, row) ? id(row) : damaged)
      const seen = part.hides ? [] : beneath.filter(row => !rows.has(nameOf(row)))
      const wanted = ids ? new Set([...ids, damaged]) : rows.keys()
      const own = [...wanted].map(each => rows.get(each)).filter(row => row !== undefined && row !== null)
      return own.length === 0 ? seen : [...seen, ...own].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    }
  }
}
