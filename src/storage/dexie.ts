/**
 * Storage in IndexedDB. Dexie opens the database and looks after its versions; transactions are IndexedDB's own,
 * because the reads, the decision and the writes of several callers share one, which is then committed at once.
 */

import { Dexie } from 'dexie'
import { editPage, idOf, isRow, isUnpaged, pageOf, type Edits } from './pages.ts'
import type { Answers, Query, Storage, TableName, Tables, Write } from './port.ts'

type Row = Tables[TableName]
type Job = {
  readonly queries: readonly Query[]
  readonly body: (answers: Row[][]) => readonly Write[]
  readonly isRecoverable: boolean
  resolve(): void
  reject(error: unknown): void
}
type Question = { readonly queries: readonly Query[]; resolve(answers: Row[][]): void; reject(error: unknown): void }

/** Opens (or creates) the database of that name. Rejects with what IndexedDB says when it cannot. */
export async function openDexieStorage(name: string): Promise<Storage> {
  const db = new Dexie(name)
  db.version(1).stores({ pages: '' })
  await db.open()
  const idb = db.backendDB()

  let asked: Question[] = []
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
      const durability = jobs.every(({ isRecoverable }) => isRecoverable) ? 'relaxed' : 'strict'
      const transaction = idb.transaction('pages', 'readwrite', { durability })
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

  /** What is asked for in one turn is read in one transaction. */
  async function answer(): Promise<void> {
    await Promise.resolve()
    const questions = asked
    asked = []
    try {
      const answers = await finished(idb.transaction('pages', 'readonly'), pages =>
        Promise.all(questions.map(({ queries }) => readAll(pages, queries)))
      )
      questions.forEach(({ resolve }, index) => resolve(answers[index] ?? []))
    } catch (error) {
      for (const { reject } of questions) reject(error)
    }
  }

  return {
    read: <const Q extends readonly Query[]>(queries: Q) =>
      new Promise<Answers<Q>>((resolve, reject) => {
        // `readAll` answers in the order of the queries, each with rows of its table.
        asked.push({ queries, resolve: resolve as Question['resolve'], reject })
        if (asked.length === 1) void answer()
      }),
    transact: (queries, body, isRecoverable = false) =>
      new Promise((resolve, reject) => {
        waiting.push({ queries, body: body as Job['body'], isRecoverable, resolve, reject })
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
    transaction.onabort = () => reject(reasonOf(transaction))
    answer = work(transaction.objectStore('pages'))
    answer.catch((error: unknown) => {
      reject(error)
      transaction.abort()
    })
  })
}

// Who aborts without a reason leaves none.
const reasonOf = ({ error }: IDBTransaction | IDBRequest) => error ?? new DOMException('', 'AbortError')

const whole = (table: TableName, scope: string) => IDBKeyRange.bound([table, scope], [table, scope, []])

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(reasonOf(request))
  })
}

function readAll(pages: IDBObjectStore, queries: readonly Query[]): Promise<Row[][]> {
  return Promise.all(queries.map(query => read(pages, query)))
}

async function read(pages: IDBObjectStore, { table, scope, ids }: Query): Promise<Row[]> {
  if (!ids) return ((await done(pages.getAll(whole(table, scope)))) as Row[][]).flat()
  const asked = new Set(ids)
  const id = idOf[table] as (row: Row) => string
  const found = await pagesOf(pages, table, scope, [...asked].sort())
  // What is no row any more is for the reader to see.
  return found.flatMap(({ rows }) => rows).filter(row => !isRow(table, row) || asked.has(id(row)))
}

type Page = { readonly name: string; readonly rows: readonly Row[] }
type Found = Page & { readonly ids: string[] }

/** The pages that IDs belong into, each with its IDs. */
async function pagesOf(pages: IDBObjectStore, table: TableName, scope: string, ids: readonly string[]): Promise<Found[]> {
  const pageAt = await pageFinder(pages, table, scope, ids.length)
  const found = new Map<string, Found>()
  for (const [index, page] of (await Promise.all(ids.map(pageAt))).entries()) {
    const known = found.get(page.name) ?? { ...page, ids: [] }
    found.set(page.name, known)
    known.ids.push(ids[index] ?? '')
  }
  return [...found.values()]
}

/** Few pages are each found by one request, however many there are; of many, the names are read first. */
const fewIDs = 16

async function pageFinder(
  pages: IDBObjectStore,
  table: TableName,
  scope: string,
  idCount: number
): Promise<(id: string) => Promise<Page>> {
  const get = async (name: string) => ({ name, rows: rowsIn(await done(pages.get([table, scope, name]))) })
  if (isUnpaged(table)) return get
  if (idCount <= fewIDs)
    return async id => {
      const cursor = await done(pages.openCursor(IDBKeyRange.bound([table, scope], [table, scope, id]), 'prev'))
      return { name: cursor ? nameIn(cursor.key) : '', rows: rowsIn(cursor?.value) }
    }
  const names = (await done(pages.getAllKeys(whole(table, scope)))).map(nameIn)
  const got = new Map<string, Promise<Page>>()
  return id => {
    const name = pageOf(names, id)
    const page = got.get(name) ?? get(name)
    got.set(name, page)
    return page
  }
}

const nameIn = (key: IDBValidKey): string => (key as [TableName, string, string])[2]
const rowsIn = (value: unknown): Row[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]) as Row[]

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
  for (const { name, rows, ids } of await pagesOf(pages, table, scope, [...edits.keys()])) {
    const parts = editPage(table, { name, rows }, new Map(ids.map(id => [id, edits.get(id) ?? null])))
    if (parts.length === 0) pages.delete([table, scope, name])
    for (const part of parts) pages.put(part.rows, [table, scope, part.name])
  }
}
