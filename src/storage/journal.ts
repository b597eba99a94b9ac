/**
 * The journal: a record per commit, in the order of commits, from all tabs. IndexedDB costs per
 * record, so a commit appends one record instead of rewriting the pages of all its rows. Later a
 * checkpoint writes the rows into pages and removes the records. The stored rows are therefore the
 * pages with the journal over them.
 *
 * Each tab keeps the journal in memory. A transaction first reads the records that are new since
 * the last one, so its journal and its pages belong to the same moment. Checkpoints append a record
 * too, so every tab learns which rows the pages hold.
 */

import { resultOf, runTransaction, storeNames, type Stores } from './database.ts'
import {
  areWrites,
  damagedWrites,
  decodeRecord,
  encodeEntry,
  type JournalEntry,
  type JournalRecord
} from './journal-format.ts'
import { createMemtable } from './memtable.ts'
import type { Durability } from './port.ts'

export type Journal = ReturnType<typeof openJournal>

export function openJournal(database: IDBDatabase) {
  const memtable = createMemtable()
  let commitNumber = 0
  let textHeld = 0

  /** `textLength`: the length of the writes as text. */
  function receive(record: JournalRecord, textLength: number): void {
    if (record.commitNumber <= commitNumber) return
    commitNumber = record.commitNumber
    const { checkpointed, writes } = record
    if (checkpointed === 'all') {
      memtable.clear()
      textHeld = 0
    } else if (Array.isArray(checkpointed)) checkpointed.forEach(memtable.drop)
    if (!areWrites(writes)) return damagedWrites(record).forEach(memtable.write)
    writes.forEach(memtable.write)
    if (writes.length > 0) textHeld += textLength
  }

  return {
    /** The writes of all commits that no checkpoint has written into pages. */
    memtable,
    /** The last commit that this tab has read. */
    commitNumber: () => commitNumber,
    /** The length of the text that the next checkpoint puts into pages. */
    textHeld: () => textHeld,

    async readNew({ journal }: Stores): Promise<void> {
      const range = IDBKeyRange.lowerBound(commitNumber, true)
      const records = (await resultOf(journal.getAll(range))) as JournalRecord[]
      for (const record of records) receive(decodeRecord(record), lengthOf(record.writes))
    },

    /**
     * Appends the entry that `work` returns, in the transaction in which `work` reads. Resolves
     * with the commit number.
     */
    async append(
      durability: Durability,
      work: (stores: Stores) => Promise<JournalEntry | undefined>
    ): Promise<number> {
      const transaction = database.transaction(storeNames, 'readwrite', { durability })
      const appended = await runTransaction(transaction, async stores => {
        const entry = await work(stores)
        const record = entry && encodeEntry(entry)
        const adding = record && stores.journal.add(record)
        transaction.commit()
        return adding && { entry, adding, textLength: record.writes.length }
      })
      if (!appended) return commitNumber
      const appendedNumber = appended.adding.result as number
      // If other tabs have appended records before this one, `readNew` reads all of them in order.
      if (appendedNumber === commitNumber + 1)
        receive({ ...appended.entry, commitNumber: appendedNumber }, appended.textLength)
      return appendedNumber
    }
  }
}

const lengthOf = (writes: unknown): number => (typeof writes === 'string' ? writes.length : 0)
