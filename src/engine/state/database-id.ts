/**
 * The ID of a database: its first commit draws it, and a later commit replaces it if the rows are
 * no longer those of before. Three readers compare it:
 *
 * - A tab that is open: the browser has emptied its database, and other tabs have filled it since.
 * - A tab or page that was frozen: a logout has ended its database, and a login has begun another.
 * - The outbox journal: the commit numbers in its files count for one database only
 *   (src/host/outbox-journal/recovery.ts).
 */

import type { Write } from '../../storage/port.ts'
import type { DatabaseIdentity } from '../../storage/tables.ts'
import { parsed, storedRows } from './stored-rows.ts'

export const database = { table: 'database', scope: '' } as const

export const databaseWrite = (row: DatabaseIdentity): Write => ({ ...database, id: '', row })

/** Of the last logouts. A page that was frozen during more logouts shows the rows of the last. */
const endedIDsMax = 10
export const lastEnded = (ids: readonly string[]): string[] => [...new Set(ids)].slice(-endedIDsMax)

/** Gives a database its ID. Its first commit has to contain this, so that no tab misses it. */
export const naming = (stored: unknown, newID: () => string): Write[] =>
  parsed(storedRows.database, stored) ? [] : [databaseWrite({ databaseID: newID(), endedIDs: [] })]

export const databaseIDOf = (writes: readonly Write[]): string | undefined =>
  writes.flatMap(each =>
    each.table === 'database' && 'row' in each ? (each.row?.databaseID ?? []) : []
  )[0]

/** Whether a logout has ended the database that a tab knows, and a login has emptied it since. */
export const hasEnded = (stored: unknown, knownID: string | undefined): boolean =>
  knownID !== undefined && parsed(storedRows.database, stored)?.endedIDs.includes(knownID) === true
