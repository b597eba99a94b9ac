/**
 * Storage in IndexedDB. Dexie opens the database and looks after its versions; transactions are IndexedDB's own,
 * because the reads, the decision and the writes of several callers share one, which is then committed at once.
 */

import { Dexie } from 'dexie'
import { rowCount } from '../protocol/column-block.ts'
import { createJournal, readFrom, written, type Entry, type JournalRecord } from './journal.ts'
import { createLayer, editsIn, partName, type Layer, type Part } from './layer.ts'
import type { StoredRow } from './tables.ts'
import { openPages } from './paging.ts'
import { paintKey } from './paint-cache.ts'
import type { StorageQuery, ConsistentRead, Storage, Write } from './port.ts'
import { done, finished, storeNames, type Stores } from './database.ts'

type Job = {
  readonly queries: readonly StorageQuery[]
  readonly body: (answers: StoredRow[][]) => readonly Write[]
  readonly durability: 'strict' | 'relaxed'
  resolve(commitNumber: number): void
  reject(error: unknown): void
}
type Found = { readonly answers: StoredRow[][]; readonly commitNumber: number }
type Question = {
  readonly queries: readonly StorageQuery[]
  resolve(found: Found): void
  reject(error: unknown): void
}

/** A shorter block goes into the journal like single rows. */
const blockMin = 128
/** Scopes that are folded in one transaction: callers that come meanwhile wait for it. */
const partsPerFold = 64
/** Whoever asks while so many are answered waits for the next, with all others that do. */
const readersMax = 2
/** When nothing has been written for so long, the journal is folded. */
const quietMs = 5000

/**
 * Opens (or creates) the database of that name. Rejects with what IndexedDB says when it cannot. `journalMax`: how many
 * rows the journal holds before it is folded without waiting for a quiet moment.
 */
export async function openDexieStorage(
  name: string,
  { journalMax = 50_000 } = {}
): Promise<Storage> {
  const db = new Dexie(name)
  // 4: blocks and commit numbers by their present names. Dexie refuses to open an older database.
  db.version(4).stores({ pages: '', journal: '++commitNumber' })
  await db.open()
  const idb = db.backendDB()
  const journal = createJournal()

  let asked: Question[] = []
  let readers = 0
  let waiting: Job[] = []
  let draining: Promise<void> | undefined
  let isFolding = false
  let isRefused = false
  let timer: ReturnType<typeof setTimeout> | undefined

  async function drain(): Promise<void> {
    // Whatever else is asked for in this turn goes into the same commit.
    await Promise.resolve()
    while (waiting.length > 0 || isFolding) {
      const jobs = waiting
      waiting = []
      if (jobs.length > 0) await commit(jobs)
      else await fold()
    }
    draining = undefined
    tend()
  }

  async function commit(jobs: readonly Job[]): Promise<void> {
    // What a body throws concerns its own job only: it has written nothing yet.
    const refused = new Map<Job, unknown>()
    let commitNumber = 0
    try {
      const durability = jobs.every(job => job.durability === 'relaxed') ? 'relaxed' : 'strict'
      commitNumber = await append(durability, async stores => {
        const draft = createLayer()
        const writes: Write[] = []
        for (const job of jobs) {
          const answers =
            job.queries.length > 0 ? await readAll(stores, [job.queries], draft) : [[]]
          try {
            const own = job.body(answers[0] ?? [])
            own.forEach(draft.take)
            writes.push(...own)
          } catch (error) {
            refused.set(job, error)
          }
        }
        return entryOf(stores, draft, writes)
      })
    } catch (error) {
      for (const job of jobs) refused.set(job, refused.get(job) ?? error)
    }
    for (const job of jobs) {
      if (refused.has(job)) job.reject(refused.get(job))
      else job.resolve(commitNumber)
    }
  }

  /** Appends what `work` makes of everything before it; answers with the number of the record. */
  async function append(
    durability: IDBTransactionDurability,
    work: (stores: Stores) => Promise<Entry | undefined>
  ): Promise<number> {
    const transaction = idb.transaction(storeNames, 'readwrite', { durability })
    const record = await finished(transaction, async stores => {
      const entry = await work(stores)
      const adding = entry && stores.journal.add(written(entry))
      transaction.commit()
      return entry && { entry, adding }
    })
    if (!record?.adding) return journal.known()
    const commitNumber = record.adding.result as number
    // What others have added before it is still to be read.
    if (commitNumber === journal.known() + 1) journal.take({ ...record.entry, commitNumber })
    return commitNumber
  }

  /** Pages as a server hands them out are written as such; the rest goes into the journal. */
  async function entryOf(
    stores: Stores,
    draft: Layer,
    writes: readonly Write[]
  ): Promise<Entry | undefined> {
    if (writes.length === 0) return undefined
    const paged = new Set(
      writes.flatMap(write =>
        'block' in write && rowCount(write.block) >= blockMin ? partName(write) : []
      )
    )
    if (paged.size > 0) await refresh(stores)
    const parts = [...draft.parts].filter(([name]) => paged.has(name))
    await openPages(stores.pages).write(parts.map(([name, part]) => joined(name, part)))
    return { paged: [...paged], writes: writes.filter(write => !paged.has(partName(write))) }
  }

  function joined(name: string, part: Part): Part {
    const before = part.hides ? undefined : journal.layer.parts.get(name)
    return before
      ? { ...part, hides: before.hides, rows: new Map([...editsIn(before), ...part.rows]) }
      : part
  }

  async function fold(): Promise<void> {
    try {
      await append('relaxed', async stores => {
        await refresh(stores)
        const parts = [...journal.layer.parts].slice(0, partsPerFold)
        const isAll = parts.length === journal.layer.parts.size
        if (isAll) isFolding = false
        await openPages(stores.pages).write(parts.map(([, part]) => part))
        // It may show rows that this checkpoint removes.
        stores.pages.delete(paintKey)
        if (isAll) stores.journal.delete(IDBKeyRange.upperBound(journal.known()))
        return { paged: isAll ? 'all' : parts.map(([name]) => name), writes: [] }
      })
      isRefused = false
    } catch {
      // Expected: storage refuses. Nothing has changed, and there is time.
      isFolding = false
      isRefused = true
    }
  }

  function tend(): void {
    clearTimeout(timer)
    const begin = () => {
      isFolding = true
      draining ??= drain()
    }
    if (journal.rowCount() > journalMax && !isRefused) begin()
    else if (journal.rowCount() > 0) timer = setTimeout(begin, quietMs)
  }

  async function refresh({ journal: records }: Stores): Promise<void> {
    const added = (await done(
      records.getAll(IDBKeyRange.lowerBound(journal.known(), true))
    )) as JournalRecord[]
    added.forEach(record => journal.take(readFrom(record)))
  }

  /** What each caller's queries find, also of what the same transaction is about to write. */
  async function readAll(
    stores: Stores,
    callers: readonly (readonly StorageQuery[])[],
    draft?: Layer
  ): Promise<StoredRow[][][]> {
    const refreshed = refresh(stores)
    const pages = openPages(stores.pages)
    if (callers.length > 1) await pages.readAhead(callers.flat())
    const read = (query: StorageQuery) => pages.read(query).then(beneath => ({ query, beneath }))
    const found = await Promise.all(callers.map(queries => Promise.all(queries.map(read))))
    await refreshed
    return found.map(answers =>
      answers.map(({ query, beneath }) => {
        const rows = journal.layer.over(query, beneath)
        return draft ? draft.over(query, rows) : rows
      })
    )
  }

  /** What is asked for in one turn, or while others are answered, is read in one transaction. */
  async function answer(): Promise<void> {
    await Promise.resolve()
    while (asked.length > 0) {
      const questions = asked
      asked = []
      try {
        const transaction = idb.transaction(storeNames, 'readonly')
        const callers = questions.map(({ queries }) => queries)
        const found = await finished(transaction, async stores => ({
          callers: await readAll(stores, callers),
          commitNumber: journal.known()
        }))
        questions.forEach(({ resolve }, index) =>
          resolve({ answers: found.callers[index] ?? [], commitNumber: found.commitNumber })
        )
      } catch (error) {
        for (const { reject } of questions) reject(error)
      }
    }
    readers--
  }

  async function end(): Promise<void> {
    clearTimeout(timer)
    isFolding = false
    await draining
    clearTimeout(timer)
  }

  return {
    read: <const Q extends readonly StorageQuery[]>(queries: Q) =>
      new Promise<ConsistentRead<Q>>((resolve, reject) => {
        // `readAll` answers in the order of the queries, each with rows of its table.
        asked.push({ queries, resolve: resolve as Question['resolve'], reject })
        if (readers === readersMax) return
        readers++
        void answer()
      }),
    transact: (queries, body, durability = 'strict') =>
      new Promise((resolve, reject) => {
        waiting.push({ queries, body: body as Job['body'], durability, resolve, reject })
        draining ??= drain()
      }),
    async close() {
      await end()
      db.close()
    },
    async destroy() {
      await end()
      await db.delete()
    }
  }
}
