/** The pages that change when the writes to a scope are stored. */

import type { MemberRow } from '../kernel/model.ts'
import { columnOf, isColumnBlock } from '../protocol/column-block.ts'
import { decodedRows, type ScopeWrites } from './memtable.ts'
import { blockPages, decodePage, editPage, type Page } from './page-format.ts'
import { idsByPage, isAscending } from './page-names.ts'

/** New pages. They replace the page that `replaces` names, if any. */
export type PageChange = { readonly replaces?: string; readonly pages: readonly Page[] }

/** The scope as it is stored. `readPage` returns the record of the page with that name. */
export type StoredScope = {
  /** In ascending order. Empty if the writes empty the scope. */
  readonly names: readonly string[]
  readPage(name: string): Promise<unknown>
}

export async function pageChanges(writes: ScopeWrites, stored: StoredScope): Promise<PageChange[]> {
  return (await appendedPages(writes, stored)) ?? editedPages(writes, stored)
}

async function editedPages(
  writes: ScopeWrites,
  { names, readPage }: StoredScope
): Promise<PageChange[]> {
  const rows = decodedRows(writes)
  const pages = [...idsByPage(names, rows.keys())]
  return Promise.all(
    pages.map(async ([name, ids]) => {
      const record = writes.isEmptied ? [] : await readPage(name)
      const edits = new Map(ids.map(id => [id, rows.get(id) ?? null]))
      return {
        replaces: name,
        pages: editPage(writes.table, { name, rows: decodePage(record) }, edits)
      }
    })
  )
}

/**
 * A block with IDs greater than all stored IDs becomes pages without being decoded. A server sends
 * the members of a group in this order.
 */
async function appendedPages(
  { isEmptied, rows, blocks: [block, ...others] }: ScopeWrites,
  { names, readPage }: StoredScope
): Promise<PageChange[] | undefined> {
  if (!isColumnBlock(block) || others.length > 0) return undefined
  const ids = columnOf<MemberRow, 'userID'>(block, 'userID')
  const [first = ''] = ids
  const lastName = names[names.length - 1] ?? ''
  if (ids.length < block.count || !isAscending(ids) || lastName >= first) return undefined
  const blockIDs = new Set(ids)
  if (![...rows.keys()].every(id => blockIDs.has(id))) return undefined
  const stored = isEmptied ? [] : storedUserIDs(await readPage(lastName))
  if (!stored.every(id => typeof id === 'string' && id < first)) return undefined
  const isFirstPageFree = lastName === '' && stored.length === 0
  const pages = blockPages(block).map((page, index) => {
    const [lowestID = ''] = columnOf<MemberRow, 'userID'>(page, 'userID')
    return { name: isFirstPageFree && index === 0 ? '' : lowestID, rows: page }
  })
  return [{ pages }]
}

function storedUserIDs(record: unknown): readonly unknown[] {
  if (isColumnBlock(record)) return columnOf<MemberRow, 'userID'>(record, 'userID')
  return decodePage(record).map(row => (row as Partial<MemberRow> | null)?.userID)
}
