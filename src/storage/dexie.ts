/**
 * Storage in IndexedDB. Dexie opens the database and keeps its versions apart. Transactions are
 * IndexedDB's own, because several callers read, decide and write in one of them.
 *
 * A commit appends one record to the journal (commit.ts, journal.ts). A read finds pages by the
 * page index and lays the journal over them (read-transaction.ts, page-store.ts, memtable.ts). In
 * quiet moments a checkpoint writes the journal into pages (checkpoint.ts).
 */

import { Dexie } from 'dexie'
import { createCheckpoint } from './checkpoint.ts'
import { createCommitQueue } from './commit-queue.ts'
import { openJournal } from './journal.ts'
import type { Storage } from './port.ts'
import { createReadQueue } from './read-queue.ts'

/**
 * Opens the database of that name, and creates it if it does not exist. Rejects with the error of
 * IndexedDB. `journalRowsMax`: a longer journal is written into pages without a quiet moment.
 */
export async function openDexieStorage(
  name: string,
  { journalRowsMax = 50_000 } = {}
): Promise<Storage> {
  const dexie = new Dexie(name)
  // 4: journal records have a `commitNumber`. Dexie cannot change the key of older records.
  dexie.version(4).stores({ pages: '', journal: '++commitNumber' })
  await dexie.open().catch(describeOlderVersion)
  const database = dexie.backendDB()
  const journal = openJournal(database)
  const commits = createCommitQueue(journal, createCheckpoint(journal, journalRowsMax))
  const { read } = createReadQueue(database, journal)

  return {
    read,
    transact: commits.transact,
    async close() {
      await commits.end()
      dexie.close()
    },
    async destroy() {
      await commits.end()
      await dexie.delete()
    }
  }
}

function describeOlderVersion(error: Error): never {
  if (error.name !== Dexie.errnames.Upgrade) throw error
  throw new Error('The database has an older storage version. Remove it to start anew.')
}
