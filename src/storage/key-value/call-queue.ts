/**
 * Calls run one after another. Those that are requested in one microtask, or while other calls run,
 * are answered together: their commits share a record. Slices of a checkpoint run between them.
 */

import { createMemtable } from '../memtable.ts'
import type { ConsistentRead, Storage, StorageQuery, Write } from '../port.ts'
import type { StoredRow } from '../tables.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Journal } from './journal.ts'
import type { LoadedPages, Pages } from './pages.ts'
import type { SealedText } from './sealed-values.ts'

type Call = { readonly queries: readonly StorageQuery[]; reject(error: unknown): void } & (
  | { readonly kind: 'read'; resolve(read: ConsistentRead): void }
  | { readonly kind: 'transaction'; readonly body: Body; resolve(commitNumber: number): void }
)
type Body = (answers: readonly StoredRow[][]) => readonly Write[]

type CallQueueOptions = {
  readonly journal: Journal
  readonly pages: Pages
  readonly checkpoint: Checkpoint
}

export function createCallQueue({ journal, pages, checkpoint }: CallQueueOptions) {
  let waiting: Call[] = []
  let running: Promise<void> | undefined
  let endPause: () => void = () => undefined

  const start = (): void => void (running ??= run())

  async function run(): Promise<void> {
    checkpoint.unschedule()
    await Promise.resolve()
    while (waiting.length > 0 || checkpoint.isDue()) {
      const calls = waiting
      waiting = []
      if (calls.length > 0) await answer(calls)
      if (!checkpoint.isDue()) continue
      await checkpoint.step()
      if (waiting.length === 0) await pause()
    }
    running = undefined
    checkpoint.schedule(start)
  }

  /** Lets the app work between two slices. A call ends the pause. */
  const pause = () =>
    new Promise<void>(resolve => {
      const timer = setTimeout(resolve, 0)
      endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  function enqueue(call: Call): void {
    waiting.push(call)
    endPause()
    start()
  }

  async function answer(calls: readonly Call[]): Promise<void> {
    const unanswered = new Set(calls)
    try {
      const queries = calls.reduce<StorageQuery[]>((all, each) => all.concat(each.queries), [])
      const loaded = pages.cached(queries) ?? (await load(queries))
      const writes = runBodies(calls, loaded, call => unanswered.delete(call))
      if (writes.length > 0) await journal.append(writes)
    } catch (error) {
      for (const call of unanswered) call.reject(error)
      return
    }
    for (const call of unanswered)
      if (call.kind === 'transaction') call.resolve(journal.commitNumber())
  }

  async function load(queries: readonly StorageQuery[]): Promise<LoadedPages> {
    const loaded = await pages.load(queries)
    const isMissing = (page: SealedText) => page.text === undefined && page.raw === undefined
    // One missing page is damage. If all values are missing, the engine still has what they held.
    if ([...loaded.values()].some(isMissing) && (await checkpoint.isWiped())) throw wipedError()
    return loaded
  }

  /** Answers reads, and runs the bodies of transactions. Returns the writes of all of them. */
  function runBodies(
    calls: readonly Call[],
    loaded: LoadedPages,
    onAnswered: (call: Call) => void
  ): Write[] {
    const draft = createMemtable()
    const writes: Write[] = []
    for (const call of calls) {
      const rows = call.queries.map(query =>
        journal.memtable.read(query, pages.read(query, loaded))
      )
      if (call.kind === 'read') {
        onAnswered(call)
        call.resolve({ answers: rows, commitNumber: journal.commitNumber() })
        continue
      }
      try {
        const written = call.body(
          call.queries.map((query, index) => draft.read(query, rows[index] ?? []))
        )
        written.forEach(draft.write)
        writes.push(...written)
      } catch (error) {
        // A body that throws writes nothing, and the other transactions still commit.
        onAnswered(call)
        call.reject(error)
      }
    }
    return writes
  }

  const read: Storage['read'] = queries =>
    new Promise((resolve, reject) => {
      // Answers are in the order of the queries, each with rows of its table.
      const untyped = resolve as (read: ConsistentRead) => void
      enqueue({ kind: 'read', queries, resolve: untyped, reject })
    })

  const transact: Storage['transact'] = (queries, body) =>
    new Promise((resolve, reject) => {
      enqueue({ kind: 'transaction', queries, body: body as Body, resolve, reject })
    })

  return {
    read,
    transact,
    /** Writes all commits until now into pages. */
    async checkpoint(): Promise<void> {
      checkpoint.request()
      start()
      await running
    },
    /** Starts a checkpoint in a quiet moment, if the journal has records. */
    scheduleCheckpoint: () => checkpoint.schedule(start),
    /** Resolves when no call runs. */
    async idle(): Promise<void> {
      endPause()
      await running
    }
  }
}

export const wipedError = (): Error => new Error('The values of the store were removed.')
