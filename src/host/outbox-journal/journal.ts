/**
 * A second copy of the outbox, outside IndexedDB.
 *
 * Why: Chromium can lose all databases of an origin in a crash, without an error. An operation must
 * not disappear that way after its call has resolved.
 *
 * Each worker appends to a file of its own. The next worker reads the files that dead workers have
 * left, keeps the facts that still count in its own file, and removes the others.
 */

import { lastEnded } from '../../engine/state/database-id.ts'
import type { DatabaseIdentity, Pending } from '../../storage/tables.ts'
import { extension, type JournalFile, type JournalFolder } from './folder.ts'
import { encodeRecords, readFacts, type JournalFacts, type JournalRecord } from './records.ts'

/** From this size on, a file without open operations is emptied. */
const clearedFromBytes = 256 * 1024

export type OutboxJournal = {
  /** The facts of the files that dead workers have left, of databases that no logout has removed. */
  readonly earlier: readonly JournalFacts[]
  /** The operations that are settled according to any of these files. */
  readonly endedOperations: ReadonlySet<string>
  /** The databases that a logout has removed, according to these files. */
  readonly removedIDs: readonly string[]
  /** Other workers are alive, so their operations are not in `earlier`. */
  readonly hasOthers: boolean
  /** A dead worker has left operations without an end. */
  readonly hasOpenOperations: boolean
  /** The database is checked: this file takes over, and the earlier ones are removed. */
  begin(
    database: DatabaseIdentity,
    pending: readonly Pending[],
    commitNumber: number
  ): Promise<void>
  /** Returns the operations that this file did not have before. */
  add(pending: readonly Pending[]): string[]
  /** Storage has refused these operations. */
  withdraw(opIDs: readonly string[]): void
  /** Writes at once. Otherwise the next task does. */
  flush(): void
  end(opIDs: readonly string[]): void
  /** A strict commit is durable. */
  committed(commitNumber: number): void
  close(): Promise<void>
  /** A commit has given the database another ID. */
  rename(databaseID: string): void
  /** The database is removed for good. */
  remove(): void
}

/** `undefined`: no file can be opened here. */
export async function openOutboxJournal(
  folder: JournalFolder,
  newID: () => string
): Promise<OutboxJournal | undefined> {
  const own = await folder.open(`${newID()}${extension}`)
  if (!own) return undefined
  const names = (await folder.list()).filter(name => name !== own.name)
  const opened = await Promise.all(names.map(folder.open))
  const abandoned = opened.flatMap(file => file ?? [])
  const facts = abandoned.map(file => readFacts(file.read()))
  const removedIDs = facts.flatMap(({ removed }) => [...removed])
  return {
    earlier: facts.filter(
      ({ databaseID }) => databaseID !== undefined && !removedIDs.includes(databaseID)
    ),
    removedIDs,
    endedOperations: new Set(facts.flatMap(({ ended }) => [...ended])),
    hasOthers: abandoned.length < names.length,
    hasOpenOperations: facts.some(({ added, ended }) =>
      [...added.keys()].some(opID => !ended.has(opID))
    ),
    ...createWriter(own, folder, abandoned)
  }
}

function createWriter(own: JournalFile, folder: JournalFolder, abandoned: readonly JournalFile[]) {
  const open = new Set<string>()
  let databaseID = ''
  let removedIDs: readonly string[] = []
  /** The IDs of the database during the life of this worker. */
  const ownIDs = new Set<string>()
  const waiting: JournalRecord[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let size = 0
  let commitNumber = 0
  let isClosed = false

  /** The next task writes these, so that nothing waits for them. */
  function append(...records: JournalRecord[]): void {
    waiting.push(...records)
    timer ??= setTimeout(flush)
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const records = waiting.splice(0)
    if (isClosed || records.length === 0) return
    write(records)
    if (open.size > 0 || size < clearedFromBytes) return
    own.clear()
    size = 0
    write(head())
  }

  function write(records: readonly JournalRecord[]): void {
    const bytes = encodeRecords(records)
    size += bytes.length
    try {
      own.append(bytes)
    } catch {
      // Expected: the disk is full. IndexedDB still holds the operation.
    }
  }

  /** The head of a file: enough to recognise the database, and removed ones. */
  const head = (): JournalRecord[] => [
    ...lastEnded(removedIDs).map(each => ({ kind: 'removed', databaseID: each }) as const),
    { kind: 'database', databaseID },
    { kind: 'committed', commitNumber }
  ]

  async function removeAbandoned(): Promise<void> {
    for (const file of abandoned) {
      await file.close()
      // Expected: the disk refuses. The next worker will read the file once more.
      await folder.remove(file.name).catch(() => undefined)
    }
  }

  function add(pending: readonly Pending[]): string[] {
    const opIDs = pending.map(({ opID }) => opID).filter(opID => !open.has(opID))
    for (const opID of opIDs) open.add(opID)
    append(...pending.map(each => ({ kind: 'added', pending: each }) as const))
    return opIDs
  }

  function forget(kind: 'ended' | 'withdrawn', opIDs: readonly string[]): void {
    if (opIDs.length === 0) return
    for (const opID of opIDs) open.delete(opID)
    append({ kind, opIDs })
  }

  return {
    async begin(
      database: DatabaseIdentity,
      pending: readonly Pending[],
      upTo: number
    ): Promise<void> {
      databaseID = database.databaseID
      removedIDs = database.endedIDs
      ownIDs.add(databaseID)
      commitNumber = upTo
      append(...head())
      add(pending)
      flush()
      await removeAbandoned()
    },
    add,
    flush,
    end: (opIDs: readonly string[]): void => forget('ended', opIDs),
    withdraw: (opIDs: readonly string[]): void => forget('withdrawn', opIDs),
    committed(number: number): void {
      // Transactions of one commit report the same number. A record for each would cost a write.
      if (number === commitNumber) return
      commitNumber = number
      append({ kind: 'committed', commitNumber })
    },
    async close(): Promise<void> {
      if (isClosed) return
      flush()
      isClosed = true
      await Promise.all([own, ...abandoned].map(file => file.close()))
    },
    rename(to: string): void {
      if (to === databaseID) return
      databaseID = to
      // Commit numbers of another database do not count for this one.
      commitNumber = 0
      ownIDs.add(to)
      append({ kind: 'database', databaseID })
    },
    /** A tab that has died meanwhile leaves a file, whose operations must not return. */
    remove(): void {
      // Not only appended: a file that is emptied begins with these.
      removedIDs = [...removedIDs, ...ownIDs]
      append(...[...ownIDs].map(each => ({ kind: 'removed', databaseID: each }) as const))
    }
  }
}
