/**
 * The journal: a record per commit, in the order of the commits, whichever tab made them. IndexedDB costs per record, so
 * a commit that changes some rows here and there writes one record instead of all their pages; now and then the rows
 * are folded into their pages, and the records go. What is stored is therefore the pages with the journal over them.
 *
 * Each connection keeps what it has read of the journal and reads only what has been added since, in the same
 * transaction as the pages. Records are numbered without holes, and what has been folded is said by a record as well,
 * so nobody takes a page for older or newer than it is.
 */

import { rowCount, isColumnBlock, encodeRows, decodeRows } from '../protocol/column-block.ts'
import { createLayer, type Layer } from './layer.ts'
import { parsed } from './pages.ts'
import type { Write } from './port.ts'
import { tableNames, type TableName } from './tables.ts'

export type Entry = {
  /** Of these scopes (`table/scope`), or of all, everything up to here is in the pages. */
  readonly paged: readonly string[] | 'all'
  readonly writes: readonly Write[]
}
export type JournalRecord = Entry & { readonly commitNumber: number }

/** As it is stored: text is written in a fraction of the time that objects take. */
export const written = (entry: Entry) => ({ ...entry, writes: textOf(entry.writes) })
export const readFrom = (record: JournalRecord): JournalRecord => ({
  ...record,
  writes: writesIn(record.writes) as Write[]
})

/** Table by table, because rows of one pack well, and no row depends on one of another. */
function textOf(writes: readonly Write[]): string {
  const packed = writes.map(write =>
    'block' in write ? { ...write, block: encodeRows(write.block) } : write
  )
  return JSON.stringify(
    tableNames.map(name => encodeRows(packed.filter(({ table }) => table === name)))
  )
}

function writesIn(record: unknown): unknown {
  const tables = parsed(record)
  return Array.isArray(tables) ? tables.flatMap(each => decodeRows(each)) : tables
}

export function createJournal() {
  const layer: Layer = createLayer()
  let known = 0
  let heldCount = 0

  return {
    layer,
    /** Up to which record it is known here. */
    known: () => known,
    /** How many rows wait for being folded. */
    rowCount: () => heldCount,

    take({ commitNumber, paged, writes }: JournalRecord): void {
      if (commitNumber <= known) return
      known = commitNumber
      if (paged === 'all') {
        layer.clear()
        heldCount = 0
      } else if (Array.isArray(paged)) paged.forEach(layer.drop)
      if (!Array.isArray(writes) || !writes.every(isWrite)) {
        // Whatever it held is not there: the user has to be told, and no position counts any more.
        const damaged = { scope: '', row: { writes } as never }
        layer.take({ ...damaged, table: 'outbox', id: `damaged-${commitNumber}` })
        return layer.take({ ...damaged, table: 'meta', id: '' })
      }
      for (const write of writes) {
        heldCount += 'block' in write ? rowCount(write.block) : 1
        layer.take(write)
      }
    }
  }
}

/** Whether it names what it writes; what the row is like is for the reader to see. */
function isWrite(write: unknown): write is Write {
  if (typeof write !== 'object' || write === null) return false
  const { table, scope, id, block, empty } = write as { [name: string]: unknown }
  return (
    tableNames.includes(table as TableName) &&
    typeof scope === 'string' &&
    (block === undefined
      ? typeof id === 'string' || empty === true
      : Array.isArray(block) || isColumnBlock(block))
  )
}
