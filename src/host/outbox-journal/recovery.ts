/**
 * Detects at the start that a database was wiped, cut or rolled back, and restores the operations
 * of the outbox journal. The server repeats the verdict on an operation that it knows already, so
 * restoring one too many does no harm.
 */

import { database, databaseWrite } from '../../engine/state/database-id.ts'
import { parsed, storedRows } from '../../engine/state/stored-rows.ts'
import type { Answers, Storage, Write } from '../../storage/port.ts'
import type { Meta, Pending } from '../../storage/tables.ts'
import type { OutboxJournal } from './journal.ts'
import type { JournalFacts } from './records.ts'

export type Recovery = {
  /** `wiped`: all rows are gone. `rolledBack`: the last commits are gone. */
  readonly found: 'new' | 'intact' | 'wiped' | 'rolledBack'
  /** Operations that the database had lost, and that are restored to the outbox. */
  readonly restored: readonly Pending[]
  readonly databaseID: string
}

const queriesOf = (opIDs: readonly string[]) =>
  [
    database,
    { table: 'meta', scope: '' },
    { table: 'outbox', scope: '' },
    { table: 'verdicts', scope: '', ids: opIDs }
  ] as const

/** The undamaged rows that decide. */
type Stored = {
  readonly databaseID: string | undefined
  readonly meta: Meta | undefined
  readonly outbox: ReadonlyMap<string, Pending>
  readonly verdicts: ReadonlySet<string>
}

/** Checks the database, repairs it in one transaction, and begins the journal of this worker. */
export async function recover(
  storage: Storage,
  journal: OutboxJournal,
  newID: () => string
): Promise<Recovery> {
  const known = pendingOf(journal)
  const queries = queriesOf([...known.keys()])
  const read = await storage.read(queries)
  const stored = undamaged(read.answers)
  const found = assess(stored, read.commitNumber, journal)
  const storedID = found === 'intact' ? stored.databaseID : undefined
  if (storedID !== undefined && lostOf(known, stored, found, journal).length === 0) {
    await journal.begin(storedID, [...stored.outbox.values()], read.commitNumber)
    return { found, restored: [], databaseID: storedID }
  }
  // The files of a database that has lost rows belong to the old one.
  const databaseID = storedID ?? newID()
  let restored: Pending[] = []
  let outbox: Pending[] = []
  const commitNumber = await storage.transact(queries, answers => {
    const current = undamaged(answers)
    restored = lostOf(known, current, found, journal)
    outbox = [...current.outbox.values(), ...restored]
    return [
      databaseWrite({ databaseID }),
      ...(found === 'rolledBack' ? baseRemoval(current) : []),
      ...restored.map(outboxWrite)
    ]
  })
  await journal.begin(databaseID, outbox, commitNumber)
  return { found, restored, databaseID }
}

/** The readable operations that were added and not ended. */
function pendingOf({ earlier }: OutboxJournal): Map<string, Pending> {
  const ended = new Set(earlier.flatMap(facts => [...facts.ended]))
  const pending = new Map<string, Pending>()
  for (const [opID, row] of earlier.flatMap(({ added }) => [...added])) {
    const operation = ended.has(opID) ? undefined : parsed(storedRows.outbox, row)
    if (operation) pending.set(opID, operation)
  }
  return pending
}

function undamaged([[named], [meta], outbox, verdicts]: Answers<
  ReturnType<typeof queriesOf>
>): Stored {
  const operations = outbox.flatMap(row => parsed(storedRows.outbox, row) ?? [])
  const settled = verdicts.flatMap(row => parsed(storedRows.verdicts, row) ?? [])
  return {
    databaseID: parsed(storedRows.database, named)?.databaseID,
    meta: parsed(storedRows.meta, meta),
    outbox: new Map(operations.map(row => [row.opID, row])),
    verdicts: new Set(settled.map(({ verdict }) => verdict.opID))
  }
}

function assess(
  { databaseID }: Stored,
  commitNumber: number,
  { earlier }: OutboxJournal
): Recovery['found'] {
  const isBehind = (facts: JournalFacts) => facts.commitNumber > commitNumber
  if (databaseID === undefined) {
    if (earlier.length === 0) return 'new'
    // Only the ID is damaged, if all commits are there.
    return commitNumber === 0 || earlier.some(isBehind) ? 'wiped' : 'intact'
  }
  const own = earlier.filter(facts => facts.databaseID === databaseID)
  return own.some(isBehind) ? 'rolledBack' : 'intact'
}

/**
 * While other workers are alive, an operation of an intact database may have ended in one of their
 * journals, which cannot be read.
 */
function lostOf(
  known: ReadonlyMap<string, Pending>,
  { outbox, verdicts }: Stored,
  found: Recovery['found'],
  { hasOthers }: OutboxJournal
): Pending[] {
  if (found === 'intact' && hasOthers) return []
  return (
    [...known.values()]
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
  ...(meta ? [{ table: 'meta', scope: '', id: '', row: { ...meta, feed: 0 } } as const] : [])
]
