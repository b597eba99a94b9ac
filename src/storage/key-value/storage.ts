/**
 * The storage port over a key-value host, for platforms without IndexedDB.
 *
 * A commit appends a record to the journal (journal.ts), and resolves. In quiet moments a
 * checkpoint writes the journal into pages, and a superblock names them (checkpoint.ts). Opening
 * reads the superblock and the commits after it (recovery.ts). No key is ever set twice.
 */

import type { Storage } from '../port.ts'
import { createBudget } from './budget.ts'
import { createCallQueue, wipedError } from './call-queue.ts'
import { createCheckpoint } from './checkpoint.ts'
import type { KeyValueHost } from './host.ts'
import { createJournal } from './journal.ts'
import { createPages } from './pages.ts'
import { recover } from './recovery.ts'
import { createSealedValues } from './sealed-values.ts'
import { createSharing } from './shared.ts'

export type KeyValueOptions = {
  /** A longer journal is written into pages without a quiet moment. Opening reads all of it. */
  readonly journalRecordsMax?: number
}

export type KeyValueStorage = Storage & {
  /** Writes all commits until now into pages, so that the next opening reads less. */
  checkpoint(): Promise<void>
  /** Forgets pages that can be read again. */
  dropCache(): void
}

type Database = Awaited<ReturnType<typeof openDatabase>>
const share = createSharing<Database>()

/** Opens the database of that name, and creates it if it does not exist. */
export async function openKeyValueStorage(
  host: KeyValueHost,
  name: string,
  options: KeyValueOptions = {}
): Promise<KeyValueStorage> {
  const connection = await share(host, name, () => openDatabase(host, name, options))
  const { calls, makeRoom, dropCache, isEnded, idle, end, destroy, onLost } = connection.database
  let isClosed = false

  const call = <T>(work: () => Promise<T>): Promise<T> =>
    isClosed || isEnded() ? Promise.reject(closedError()) : work()

  return {
    read: queries => call(() => calls.read(queries)),
    transact: (queries, body) => call(() => calls.transact(queries, body)),
    makeRoom: () => call(makeRoom),
    checkpoint: () => call(calls.checkpoint),
    dropCache,
    onLost: callback => void onLost.push(error => isClosed || callback(error)),
    async close() {
      if (isClosed) return
      isClosed = true
      await idle()
      await connection.end(end, false)
    },
    async destroy() {
      if (isClosed) return (await openKeyValueStorage(host, name, options)).destroy()
      isClosed = true
      await connection.end(destroy, true)
    }
  }
}

async function openDatabase(
  host: KeyValueHost,
  name: string,
  { journalRecordsMax = 64 }: KeyValueOptions
) {
  const values = createSealedValues(host, name)
  const { superblock, superblockKeys, generation, unreferenced, ...found } = await recover(values)
  const budget = createBudget(values, host.limits.bytesInAll)
  const journal = createJournal({
    values,
    budget,
    commits: found.commits,
    base: superblock.base,
    lastNumber: found.lastCommitNumber
  })
  const pages = createPages({
    values,
    scopes: superblock.scopes,
    lastNumber: found.lastPageNumber,
    unused: found.unusedPages
  })
  const onLost: ((error: Error) => void)[] = []
  const checkpoint = createCheckpoint({
    values,
    journal,
    pages,
    generation,
    superblocks: superblockKeys,
    unreferenced,
    journalRecordsMax,
    onWiped: () => onLost.forEach(callback => callback(wipedError()))
  })
  const calls = createCallQueue({ journal, pages, checkpoint })
  calls.scheduleCheckpoint()
  let isEnded = false

  async function end(): Promise<void> {
    isEnded = true
    checkpoint.end()
    await calls.idle()
  }
  return {
    calls,
    /** Removes replaced pages, and those of emptied scopes. */
    async makeRoom(): Promise<void> {
      await calls.checkpoint()
      budget.openReserve()
    },
    dropCache: pages.dropCache,
    onLost,
    isEnded: () => isEnded,
    /** Resolves after all requested calls. */
    idle: calls.idle,
    end,
    async destroy(): Promise<void> {
      await end()
      await checkpoint.removeAll()
    }
  }
}

function closedError(): Error {
  const error = new Error('The store is closed.')
  error.name = 'InvalidStateError'
  return error
}
