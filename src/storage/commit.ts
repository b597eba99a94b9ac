/** One commit: the transactions of several callers, in one IndexedDB transaction. */

import { rowCount } from '../protocol/column-block.ts'
import type { Stores } from './database.ts'
import type { Journal } from './journal.ts'
import type { JournalEntry } from './journal-format.ts'
import {
  createMemtable,
  decodedRows,
  scopeKey,
  type Memtable,
  type ScopeWrites
} from './memtable.ts'
import { openPages } from './page-store.ts'
import type { Durability, StorageQuery, Write } from './port.ts'
import { readQueries, type QueryAnswers } from './read-transaction.ts'

export type StorageTransaction = {
  readonly queries: readonly StorageQuery[]
  readonly body: (answers: QueryAnswers) => readonly Write[]
  readonly durability: Durability
  resolve(commitNumber: number): void
  reject(error: unknown): void
}

/** Blocks of this length are written into pages at once. Rows of shorter ones enter the journal. */
const pagedBlockMin = 128

/** Commits transactions together: a commit costs much more than a row. */
export async function commitTogether(
  journal: Journal,
  transactions: readonly StorageTransaction[]
): Promise<void> {
  const failures = new Map<StorageTransaction, unknown>()
  let commitNumber = 0
  try {
    const isRelaxed = transactions.every(({ durability }) => durability === 'relaxed')
    commitNumber = await journal.append(isRelaxed ? 'relaxed' : 'strict', async stores => {
      const draft = createMemtable()
      const writes: Write[] = []
      const stored = await readStored(journal, stores, transactions)
      for (const [index, transaction] of transactions.entries()) {
        const answers = transaction.queries.map((query, at) =>
          draft.read(query, stored[index]?.[at] ?? [])
        )
        try {
          const written = transaction.body(answers)
          written.forEach(draft.write)
          writes.push(...written)
        } catch (error) {
          // A body that throws writes nothing, and the other transactions still commit.
          failures.set(transaction, error)
        }
      }
      if (writes.length === 0) return undefined
      return writePagedBlocks({ journal, stores, draft }, writes)
    })
  } catch (error) {
    for (const transaction of transactions)
      failures.set(transaction, failures.get(transaction) ?? error)
  }
  for (const transaction of transactions) {
    if (failures.has(transaction)) transaction.reject(failures.get(transaction))
    else transaction.resolve(commitNumber)
  }
}

/** Reads for all transactions at once: one after another, 2,000 of them take three times as long. */
async function readStored(
  journal: Journal,
  stores: Stores,
  transactions: readonly StorageTransaction[]
): Promise<QueryAnswers[]> {
  if (transactions.every(({ queries }) => queries.length === 0)) return []
  return readQueries(
    { journal, stores },
    transactions.map(({ queries }) => queries)
  )
}

type Draft = { readonly journal: Journal; readonly stores: Stores; readonly draft: Memtable }

/** Writes scopes with a long block into pages. Returns the journal entry of the other writes. */
async function writePagedBlocks(
  { journal, stores, draft }: Draft,
  writes: readonly Write[]
): Promise<JournalEntry> {
  const paged = new Set(
    writes.flatMap(write =>
      'block' in write && rowCount(write.block) >= pagedBlockMin ? scopeKey(write) : []
    )
  )
  if (paged.size > 0) await journal.readNew(stores)
  const scopes = [...draft.scopes].filter(([key]) => paged.has(key))
  await openPages(stores.pages).write(
    scopes.map(([key, written]) => afterJournal(journal.memtable.scopes.get(key), written))
  )
  return {
    checkpointed: [...paged],
    writes: writes.filter(write => !paged.has(scopeKey(write)))
  }
}

/** Pages must also get the earlier writes, because the entry drops them from the journal. */
function afterJournal(journaled: ScopeWrites | undefined, written: ScopeWrites): ScopeWrites {
  if (!journaled || written.isEmptied) return written
  const rows = new Map([...decodedRows(journaled), ...written.rows])
  return { ...written, isEmptied: journaled.isEmptied, rows }
}
