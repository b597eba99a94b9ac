/**
 * Reads and checks all rows that stay in memory. Damaged rows are removed and counted, and base rows
 * are fetched from the server once more. A damaged operation gets a verdict.
 */

import type { Answers, Commit, Storage, Write } from '../../storage/port.ts'
import {
  emptying,
  inspectBase,
  inspectOutbox,
  inspectRows,
  nothing,
  textOf,
  unknownRows,
  type Inspected,
  type Known
} from './damaged-rows.ts'
import { databaseWrite, lastEnded } from './database-id.ts'
import { leaseOf, leaseWrite } from './lease.ts'
import { parsed, storedRows } from './stored-rows.ts'

const everything = [
  { table: 'lease', scope: '' },
  { table: 'database', scope: '' },
  { table: 'meta', scope: '' },
  { table: 'groups', scope: '' },
  { table: 'attributes', scope: '' },
  { table: 'counters', scope: '' },
  { table: 'outbox', scope: '' },
  { table: 'verdicts', scope: '' },
  { table: 'notices', scope: '' },
  { table: 'undelivered', scope: '' }
] as const

type Stored = Answers<typeof everything>

/** `commit`: all rows that stay in memory, up to a commit. */
type Read = {
  readonly commit: Commit
  /** The commit that has repaired storage, for other tabs. */
  readonly repair?: Commit
  /** How many rows were damaged. */
  readonly damaged: number
}

/**
 * Repairs damaged rows, and reads all rows. `isFirst`: the first read of an engine also ends a
 * logout whose tab has died: it empties the database, and gives it another ID.
 */
export async function readStored(
  storage: Storage,
  newID: () => string,
  {
    isFirst = false,
    known = unknownRows
  }: { readonly isFirst?: boolean; readonly known?: Known } = {}
): Promise<Read> {
  const check = (answers: Stored) =>
    isFirst && isSealed(answers) ? emptied(answers, newID()) : inspect(answers, newID, known)
  const { answers, commitNumber } = await storage.read(everything)
  const { writes, repairs } = check(answers)
  if (repairs.length === 0) return { commit: { commitNumber, writes }, damaged: 0 }
  let done: Inspected = nothing
  const repairNumber = await storage.transact(everything, found => (done = check(found)).repairs)
  const repaired = await storage.read(everything)
  return {
    commit: { commitNumber: repaired.commitNumber, writes: check(repaired.answers).writes },
    ...(done.damaged > 0 && { repair: { commitNumber: repairNumber, writes: done.repairs } }),
    damaged: done.damaged
  }
}

/** Empties every table with rows that stay in memory. */
export const emptyingAll = everything.map(({ table }) => emptying(table))

const isSealed = ([[row]]: Stored): boolean => leaseOf(row).isSealed === true

function emptied([[row], [stored], , groups]: Stored, databaseID: string): Inspected {
  const { isSealed: _, ...unsealed } = leaseOf(row)
  const ended = parsed(storedRows.database, stored)
  const scopes = groups.flatMap(row => textOf(row, 'groupID') ?? [])
  const repairs: Write[] = [
    ...emptyingAll,
    ...scopes.flatMap((scope): Write[] => [
      { table: 'members', scope, empty: true },
      { table: 'tips', scope, empty: true }
    ]),
    // The term stays: a leader that was frozen during the logout must not commit.
    leaseWrite(unsealed),
    databaseWrite({
      databaseID,
      endedIDs: ended ? lastEnded([...ended.endedIDs, ended.databaseID]) : []
    })
  ]
  return { writes: [], repairs, damaged: 0 }
}

function inspect(
  [, [stored], metas, groups, attributes, counters, outbox, ...others]: Stored,
  newID: () => string,
  known: Known
): Inspected {
  const named = parsed(storedRows.database, stored)
  const parts = [
    inspectBase(metas, groups, { attributes, counters }, known),
    ...(['verdicts', 'notices', 'undelivered'] as const).map((table, index) =>
      inspectRows(table, others[index] ?? [])
    ),
    // After the verdicts, because it adds some.
    inspectOutbox(outbox, newID, known)
  ]
  return {
    writes: [...(named ? [databaseWrite(named)] : []), ...parts.flatMap(({ writes }) => writes)],
    repairs: parts.flatMap(({ repairs }) => repairs),
    damaged: parts.reduce((sum, { damaged }) => sum + damaged, 0)
  }
}
