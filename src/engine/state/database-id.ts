/**
 * The ID of a database: its first commit draws it, and a later commit replaces it if the rows are
 * no longer those of before. Three readers compare it:
 *
 * - A tab that is open: the browser has emptied its database, and other tabs have filled it since.
 * - A tab or a page that was frozen: a logout has ended its database, and a login has begun another.
 * - The outbox journal: the commit numbers in its files count for one database only.
 */

import type { Write } from '../../storage/port.ts'
import type { DatabaseIdentity } from '../../storage/tables.ts'
import { parsed, storedRows } from './stored-rows.ts'

export const database = { table: 'database', scope: '' } as const

export const databaseWrite = (row: DatabaseIdentity): Write => ({ ...database, id: '', row })

/** Gives a database its ID. Its first commit has to contain this, so that no tab misses it. */
export const naming = (stored: unknown, newID: () => string): Write[] =>
  parsed(storedRows.database, stored) ? [] : [databaseWrite({ databaseID: newID() })]

export const databaseIDOf = (writes: readonly Write[]): string | undefined =>
  writes.flatMap(each =>
    each.table === 'database' && 'row' in each ? (each.row?.databaseID ?? []) : []
  )[0]
