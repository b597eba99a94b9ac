/**
 * Detects at the start that a database was wiped, cut or rolled back, and restores the operations
 * of the outbox journal. The server repeats the verdict on an operation that it knows already, so
 * restoring one too many does no harm.
 */

import { database, databaseWrite, lastEnded } from '../../engine/state/database-id.ts'
import { lease, leaseOf } from '../../engine/state/lease.ts'
import { readStored } from '../../engine/state/stored.ts'
import { parsed, storedRows } from '../../engine/state/stored-rows.ts'
import type { Answers, ConsistentRead, Storage, Write } from '../../storage/port.ts'
import type { DatabaseIdentity, Meta, Pending } from '../../storage/tables.ts'
import type { OutboxJournal } from './journal.ts'
import type { JournalFacts } from './records.ts'

export type Recovery = {
  /** `wiped`: all rows are gone. `rolledBack`: the last commits are gone. */
  readonly found: 'new' | 'intact' | 'wiped' | 'rolledBack'
  /** Operations that the database had lost, and that are restored to the outbox. */
  readonly restored: readonly Pending[]
  readonly databaseID: string
  /** The databases that a logout has ended. */
  readonly endedIDs: readonly string[]
}

export type EarlierFiles = Pick<
  OutboxJournal,
  'earlier' | 'removedIDs' | 'endedOperations' | 'hasOthers' | 'begin'
>

const queriesOf = (opIDs: readonly string[]) =>
  [
    lease,
    database,
    { table: 'meta', scope: '' },
    { table: 'outbox', scope: '' },
    { table: 'verdicts', scope: '', ids: opIDs }
  ] as const

type Queries = ReturnType<typeof queriesOf>

/** The undamaged rows that decide. */
type Stored = {
  readonly identity: DatabaseIdentity | undefined
  readonly meta: Meta | undefined
  readonly outbox: ReadonlyMap<string, Pending>
  readonly verdicts: ReadonlySet<string>
}

/** Checks the database, repairs it in one transaction, and begins the journal of this worker. */
export async function recover(
  storage: Storage,
  journal: EarlierFiles,
  newID: () => string
): Promise<Recovery> {
  const queries = queriesOf([...pendingOf(journal).keys()])
  const { read, isEmptied } = await readUnsealed(storage, queries, newID)
  const stored = undamaged(read.answers)
  const found = isEmptied ? 'new' : assess(stored, read.commitNumber, journal)
  const storedID = stored.identity?.databaseID
  // The files of a database that has lost rows belong to the old one.
  const databaseID = (found === 'wiped' || found === 'rolledBack' ? undefined : storedID) ?? newID()
  const identity = { databaseID, endedIDs: endedIDsOf(stored, journal) }
  if (isSame(identity, stored.identity) && lostOf(stored, found, journal).length === 0) {
    await journal.begin(identity, [...stored.outbox.values()], read.commitNumber)
    return { found, restored: [], ...identity }
  }
  let written: DatabaseIdentity = identity
  let restored: Pending[] = []
  let outbox: Pending[] = []
  const commitNumber = await storage.transact(queries, answers => {
    const current = undamaged(answers)
    const currentID = current.identity?.databaseID
    restored = lostOf(current, found, journal)
    outbox = [...current.outbox.values(), ...restored]
    written = {
      // Another tab was first.
      databaseID: currentID === storedID ? databaseID : (currentID ?? databaseID),
      endedIDs: endedIDsOf(current, journal)
    }
    return [
      databaseWrite(written),
      ...(found === 'rolledBack' ? baseRemoval(current) : []),
      ...restored.map(outboxWrite)
    ]
  })
  await journal.begin(written, outbox, commitNumber)
  return { found, restored, ...written }
}

/** A sealed database is emptied first: a tab has died in the middle of its logout. */
async function readUnsealed(
  storage: Storage,
  queries: Queries,
  newID: () => string
): Promise<{ readonly read: ConsistentRead<Queries>; readonly isEmptied: boolean }> {
  const read = await storage.read(queries)
  if (!leaseOf(read.answers[0][0]).isSealed) return { read, isEmptied: false }
  await readStored(storage, newID, { isFirst: true })
  return { read: await storage.read(queries), isEmptied: true }
}

/** Pages that were frozen during a logout compare these with the ID that they know. */
const endedIDsOf = ({ identity }: Stored, { removedIDs }: EarlierFiles): string[] =>
  lastEnded([...(identity?.endedIDs ?? []), ...removedIDs])

const isSame = (one: DatabaseIdentity, other: DatabaseIdentity | undefined): boolean =>
  one.databaseID === other?.databaseID && String(one.endedIDs) === String(other.endedIDs)

/** The readable operations that were added and not ended, by a logout neither. */
function pendingOf(
  { earlier, endedOperations }: EarlierFiles,
  isCounted: (facts: JournalFacts) => boolean = () => true
): Map<string, Pending> {
  const pending = new Map<string, Pending>()
  for (const [opID, row] of earlier.filter(isCounted).flatMap(({ added }) => [...added])) {
    const operation = endedOperations.has(opID) ? undefined : parsed(storedRows.outbox, row)
    if (operation) pending.set(opID, operation)
  }
  return pending
}

function undamaged([, [identity], [meta], outbox, verdicts]: Answers<Queries>): Stored {
  const operations = outbox.flatMap(row => parsed(storedRows.outbox, row) ?? [])
  const settled = verdicts.flatMap(row => parsed(storedRows.verdicts, row) ?? [])
  return {
    identity: parsed(storedRows.database, identity),
    meta: parsed(storedRows.meta, meta),
    outbox: new Map(operations.map(row => [row.opID, row])),
    verdicts: new Set(settled.map(({ verdict }) => verdict.opID))
  }
}

function assess(
  { identity }: Stored,
  commitNumber: number,
  { earlier }: EarlierFiles
): Recovery['found'] {
  const isBehind = (facts: JournalFacts) => facts.commitNumber > commitNumber
  if (!identity) {
    if (earlier.length === 0) return 'new'
    // Only the ID is damaged, if all commits are there.
    return commitNumber === 0 || earlier.some(isBehind) ? 'wiped' : 'intact'
  }
  const own = earlier.filter(facts => facts.databaseID === identity.databaseID)
  return own.some(isBehind) ? 'rolledBack' : 'intact'
}

/**
 * While other workers are alive, an operation of an intact database may have ended in one of their
 * journals, which cannot be read. Those of a database that was lost before are not in this one.
 */
function lostOf(
  { identity, outbox, verdicts }: Stored,
  found: Recovery['found'],
  journal: EarlierFiles
): Pending[] {
  const isUnknown = found === 'intact' && journal.hasOthers
  const isCounted = ({ databaseID = '' }: JournalFacts) =>
    identity
      ? !identity.endedIDs.includes(databaseID) &&
        !(isUnknown && databaseID === identity.databaseID)
      : !isUnknown
  return (
    [...pendingOf(journal, isCounted).values()]
      .filter(({ opID }) => !outbox.has(opID) && !verdicts.has(opID))
      // Without its verdict the operation is sent once more, and the server repeats the verdict.
      .map(({ applied: _, ...pending }) => pending)
  )
}

const outboxWrite = (pending: Pending): Write => ({
  table: 'outbox',
  scope: '',
  id: pending.opID,
  row: pending
})

/** From the beginning of the feed, the server sends all groups once more. */
const baseRemoval = ({ meta }: Stored): Write[] => [
  { table: 'groups', scope: '', empty: true },
  { table: 'attributes', scope: '', empty: true },
  { table: 'counters', scope: '', empty: true },
  ...(meta ? [{ table: 'meta', scope: '', id: '', row: { ...meta, feed: 0 } } as const] : [])
]
