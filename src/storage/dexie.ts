/**
 * Storage in IndexedDB. Dexie opens the database and keeps its versions apart (open-database.ts).
 * Transactions are IndexedDB's own, because several callers read, decide and write in one of them.
 *
 * A commit appends one record to the journal (commit.ts, journal.ts). A read finds pages by the
 * page index and lays the journal over them (read-transaction.ts, page-store.ts, memtable.ts). In
 * quiet moments a checkpoint writes the journal into pages (checkpoint.ts).
 */

import { createCheckpoint } from './checkpoint.ts'
import { createCommitQueue } from './commit-queue.ts'
import { openJournal } from './journal.ts'
import { makeRoom } from './make-room.ts'
import { openDatabase, type DatabaseEvents } from './open-database.ts'
import type { Storage } from './port.ts'
import { createReadQueue } from './read-queue.ts'

type DexieOptions = DatabaseEvents & {
  /**
   * In characters. A longer journal is written into pages without a quiet moment. Characters count,
   * not rows: the attributes of a group take up to 16 KiB, and every start reads the journal.
   */
  readonly journalTextMax?: number
}

/**
 * Opens the database of that name, and creates it if it does not exist. Rejects with the error of
 * IndexedDB.
 */
export async function openDexieStorage(
  name: string,
  { journalTextMax = 8_388_608, ...events }: DexieOptions = {}
): Promise<Storage> {
  const { database, close, remove } = await openDatabase(name, events)
  const journal = openJournal(database)
  const commits = createCommitQueue(journal, createCheckpoint(journal, journalTextMax))
  // A visit that was killed has left its journal, and every start would read it again.
  const { read } = createReadQueue(database, journal, commits.scheduleCheckpoint)

  return {
    read,
    transact: commits.transact,
    makeRoom: () => makeRoom(database, journal),
    async close() {
      await commits.end()
      close()
    },
    async destroy() {
      await commits.end()
      await remove()
    }
  }
}
