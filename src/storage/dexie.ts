/**
 * Storage in IndexedDB. Dexie opens the database and looks after its versions; transactions are IndexedDB's own,
 * because the reads, the decision and the writes of several callers share one, which is then committed at once.
 */

import { Dexie } from 'dexie'
import { byPage, editPage, idOf, isRow, isUnpaged, pageOf, type Edits } from './pages.ts'
import type { Query, Storage, TableName, Tables, Write } from './port.ts'

type Row = Tables[TableName]
type Job = {
  readonly queries: readonly Query[]
  readonly body: (answers: Row[][]) => readonly Write[]
  resolve(): void
  reject(error: unknown): void
}

/** Opens (or creates) the database of that name. Rejects with what IndexedDB says when it cannot. */
export async function openDexieStorage(name: string): Promise<Storage> {
  const db = new Dexie(name)
  db.version(1).stores({ pages: '' })
  await db.open()
  const idb = db.backendDB()

  let waiting: Job[] = []
  let draining: Promise<void> | undefined

  async function drain(): Promise<void> {
    // Whatever else is asked for in this turn goes into the same commit.
    await Promise.resolve()
    while (waiting.length > 0) {
      const jobs = waiting
      waiting = []
      await commit(jobs)
    }
    draining = undefined
  }

  async function commit(jobs: readonly Job[]): Promise<void> {
    // What a body throws concerns its own job only: it has written nothing yet.
    const refused = new Map<Job, unknown>()
    try {
      const transaction = idb.transaction('pages', 'readwrite', { durability: 'strict' })
      await finished(transaction, async pages => {
        for (const job of jobs) {
          const answers = job.queries.length > 0 ? await readAll(pages, job.queries) : []
          const writes = attempt(
            () => job.body(answers),
            error => refused.set(job, error)
          )
          if (writes) await write(pages, writes)
        }
        transaction.commit()
      })
    } catch (error) {
      for (const job of jobs) refused.set(job, refused.get(job) ?? error)
    }
    for (const job of jobs) {
      if (refused.has(job)) job.reject(refused.get(job))
      else job.resolve()
    }
  }

  return {
    read: <const Q extends readonly Query[]>(queries: Q) =>
      // `readAll` answers in the order of the queries, each with rows of its table.
      finished(idb.transaction('pages', 'readonly'), pages => readAll(pages, queries)) as Promise<never>,
    transact: (queries, body) =>
      new Promise((resolve, reject) => {
        waiting.push({ queries, body: body as Job['body'], resolve, reject })
        draining ??= drain()
      }),
    async close() {
      await draining
      db.close()
    },
    async destroy() {
      await draining
      await db.delete()
    }
  }
}

function attempt<T>(body: () => T, onThrow: (error: unknown) => void): T | undefined {
  try {
    return body()
  } catch (error) {
    onThrow(error)
    return undefined
  }
}

/** Runs `work` and waits for the transaction; an abort may leave a request unanswered, so it ends the wait as well. */
function finished<T>(transaction: IDBTransaction, work: (pages: IDBObjectStore) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let answer: Promise<T>
    transaction.oncomplete = () => resolve(answer)
    transaction.onabort = () => reject(transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError'))
    answer = work(transaction.objectStore('pages'))
    answer.catch((error: unknown) => {
      reject(error)
      transaction.abort()
    })
  })
}

const whole = (table: TableName, scope: string) => IDBKeyRange.bound([table, scope], [table, scope, []])

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new DOMException('The request failed.', 'UnknownError'))
  })
}

function readAll(pages: IDBObjectStore, queries: readonly Query[]): Promise<Row[][]> {
  return Promise.all(queries.map(query => read(pages, query)))
}

async function read(pages: IDBObjectStore, { table, scope, ids }: Query): Promise<Row[]> {
  if (!ids) return ((await done(pages.getAll(whole(table, scope)))) as Row[][]).flat()
  const names = isUnpaged(table) ? [...ids].sort() : await pageNames(pages, table, scope)
  const wanted = isUnpaged(table) ? names : [...new Set(ids.map(id => pageOf(names, id)))].sort()
  const found = await Promise.all(wanted.map(name => page(pages, table, scope, name)))
  const id = idOf[table] as (row: Row) => string
  const asked = new Set(ids)
  // What is no row any more is for the reader to see.
  return found.flat().filter(row => !isRow(table, row) || asked.has(id(row)))
}

async function pageNames(pages: IDBObjectStore, table: TableName, scope: string): Promise<string[]> {
  const keys = (await done(pages.getAllKeys(whole(table, scope)))) as [string, string, string][]
  return keys.map(([, , name]) => name)
}

async function page(pages: IDBObjectStore, table: TableName, scope: string, name: string): Promise<Row[]> {
  const rows = (await done(pages.get([table, scope, name]))) as Row[] | Row | undefined
  if (Array.isArray(rows)) return rows
  return rows === undefined ? [] : [rows]
}

async function write(pages: IDBObjectStore, writes: readonly Write[]): Promise<void> {
  const paged = new Map<string, { table: TableName; scope: string; edits: Map<string, Row | null> }>()
  for (const change of writes) {
    const { table, scope } = change
    const at = `${table}/${scope}`
    if ('empty' in change) {
      // Emptying forgets earlier edits of this call too; later ones find no pages any more.
      paged.delete(at)
      pages.delete(whole(table, scope))
    } else if (isUnpaged(table)) {
      if (change.row) pages.put([change.row], [table, scope, change.id])
      else pages.delete([table, scope, change.id])
    } else {
      const known = paged.get(at) ?? { table, scope, edits: new Map<string, Row | null>() }
      known.edits.set(change.id, change.row)
      paged.set(at, known)
    }
  }
  await Promise.all([...paged.values()].map(({ table, scope, edits }) => writePages(pages, table, scope, edits)))
}

async function writePages(pages: IDBObjectStore, table: TableName, scope: string, edits: Edits): Promise<void> {
  const names = await pageNames(pages, table, scope)
  await Promise.all(
    [...byPage(names, edits)].map(async ([name, edits]) => {
      const parts = editPage(table, { name, rows: await page(pages, table, scope, name) }, edits)
      if (parts.length === 0) pages.delete([table, scope, name])
      for (const part of parts) pages.put(part.rows, [table, scope, part.name])
    })
  )
}
