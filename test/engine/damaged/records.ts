/** Changes the records of a device in IndexedDB, in its pages or in its journal. */

import 'fake-indexeddb/auto'
import { beforeEach, expect } from 'vitest'
import { decodeRows } from '../../../src/protocol/column-block.ts'
import { openDexieStorage } from '../../../src/storage/dexie.ts'
import { decodeRecord, type JournalRecord } from '../../../src/storage/journal-format.ts'
import { decodePage } from '../../../src/storage/page-format.ts'
import { server, start, waiting } from './device.ts'

export const stores = ['pages', 'journal'] as const

export type Row = Record<string, any>
export type Page = unknown[]
type JournalWrite = { table: string; scope: string; row?: unknown; block?: unknown }

export const gone = Symbol('no page')
/** Changes one row of a page. */
export const row =
  (change: (row: Row) => unknown, index = 0) =>
  (page: Page) =>
    page.map((each, at) => (at === index ? change(each as Row) : each))
export const put = (fields: Row) => row(each => ({ ...each, ...fields }))
export const without = (field: string) =>
  row(each => Object.fromEntries(Object.entries(each).filter(([key]) => key !== field)))
export const withPrototype = row(each =>
  JSON.parse(`{"__proto__":{"role":"Owner"},${JSON.stringify(each).slice(1)}`)
)
/** Only the first operation. */
export const firstOnly = (change: (page: Page) => unknown) => (page: Page) =>
  (page[0] as Row)['opID'] === waiting[0] ? change(page) : page
export const endless = { length: 'x'.repeat(65) }

export function createRecords(store: (typeof stores)[number]) {
  let name = ''
  let count = 0
  beforeEach(() => {
    name = `device ${store} ${count++}`
  })

  const open = () => openDexieStorage(name)
  const again = async (options = {}) => start(server, 'ann', { storage: await open(), ...options })

  /** Writes the whole journal into pages. */
  async function checkpoint(): Promise<void> {
    const connection = await openDexieStorage(name, { journalTextMax: 0 })
    // A connection that has not read cannot write a checkpoint.
    await connection.read([{ table: 'meta', scope: '' }])
    await connection.transact([], () => [
      { table: 'undelivered', scope: '', id: 'never', row: null }
    ])
    while ((await records()) > 1) await new Promise(resolve => setTimeout(resolve, 1))
    await connection.close()
  }
  const records = async () => (await edit('journal', null, each => each)).length

  /** Changes stored records directly; returns the records before. */
  async function edit(
    where: string,
    range: IDBKeyRange | null,
    change: (record: unknown) => unknown
  ): Promise<unknown[]> {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => resolve(opening.result)
      opening.onerror = () => reject(opening.error ?? new Error('not opened'))
    })
    const found: unknown[] = []
    await new Promise(resolve => {
      const transaction = db.transaction(where, 'readwrite')
      transaction.objectStore(where).openCursor(range).onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result
        if (!cursor) return
        found.push(cursor.value)
        const changed = change(cursor.value)
        if (changed === gone) cursor.delete()
        else cursor.update(changed)
        cursor.continue()
      }
      transaction.oncomplete = resolve
    })
    db.close()
    return found
  }

  /**
   * Changes the rows of a table and scope: of the outbox and of verdicts each by itself, of others
   * page by page.
   */
  async function damage(
    table: string,
    scope: string,
    change: (page: Page) => unknown
  ): Promise<void> {
    const isSingly = table === 'outbox' || table === 'verdicts'
    const changedRow = (row: unknown): unknown[] => {
      const page = change([row])
      return page === gone ? [] : Array.isArray(page) ? page : [page]
    }
    if (store === 'pages') {
      await checkpoint()
      const range = IDBKeyRange.bound([table, scope], [table, scope, []])
      const pages = await edit('pages', range, record =>
        isSingly ? decodePage(record).flatMap(changedRow) : change(decodePage(record))
      )
      return expect(pages.length).toBeGreaterThan(0)
    }
    let count = 0
    await edit('journal', null, record => ({
      ...(record as JournalRecord),
      writes: (decodeRecord(record as JournalRecord).writes as readonly JournalWrite[]).flatMap(
        write => {
          if (write.table !== table || write.scope !== scope) return [write]
          if ('block' in write || ('row' in write && write.row !== null)) count++
          if (write.block) {
            const block = change(decodeRows(write.block) as Page)
            return block === gone ? [] : [{ ...write, block }]
          }
          return write.row ? changedRow(write.row).map(row => ({ ...write, row })) : [write]
        }
      )
    }))
    expect(count).toBeGreaterThan(0)
  }

  const nonsense: [what: string, change: (page: Page) => unknown][] = [
    ['a number', row(() => 5)],
    ['a text', row(() => 'row')],
    ['a list', row(() => [])],
    ['an empty object', row(() => ({}))],
    ['a date', row(() => new Date(0))]
  ]
  // In the journal, null is a row that was removed; and it has no list of rows.
  if (store === 'pages')
    nonsense.push(
      ['null', row(() => null)],
      ['no list of rows', () => ({ rows: [] })],
      ['null for a list of rows', () => null],
      ['a text for a list of rows', () => 'rows']
    )

  return { open, again, edit, damage, nonsense }
}
