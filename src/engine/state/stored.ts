/**
 * Reads and checks all rows that stay in memory. Damaged base rows are removed, and fetched from
 * the server once more. A damaged operation gets a verdict: it must not disappear unnoticed.
 */

import { groupError } from '../../kernel/errors.ts'
import { entriesTables, type EntriesRow, type EntriesTable } from '../../kernel/model.ts'
import { rejected } from '../../kernel/verdict.ts'
import type { Answers, Commit, Storage, Write } from '../../storage/port.ts'
import { ringPlace, type TableName } from '../../storage/tables.ts'
import { id } from '../../protocol/fields.ts'
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

/**
 * Repairs damaged rows, and returns all rows that stay in memory, up to a commit. `isFirst`: the
 * first read of an engine also ends a logout whose tab has died: it empties the database, and gives
 * it another ID.
 */
export async function readStored(
  storage: Storage,
  newID: () => string,
  { isFirst = false }: { readonly isFirst?: boolean } = {}
): Promise<Commit> {
  const check = (answers: Stored) =>
    isFirst && isSealed(answers) ? emptied(answers, newID()) : inspect(answers, newID)
  const { answers, commitNumber } = await storage.read(everything)
  const { writes, repairs } = check(answers)
  if (repairs.length === 0) return { commitNumber, writes }
  await storage.transact(everything, found => check(found).repairs)
  const repaired = await storage.read(everything)
  return { commitNumber: repaired.commitNumber, writes: check(repaired.answers).writes }
}

const emptying = (table: TableName): Write =>
  // Each write of this form is one of its table.
  ({ table, scope: '', empty: true }) as Write

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
  return { writes: [], repairs }
}

/** `writes`: all undamaged rows. `repairs`: writes that repair storage. */
type Inspected = { readonly writes: readonly Write[]; readonly repairs: readonly Write[] }

function inspect(
  [, [stored], metas, groups, attributes, counters, outbox, ...others]: Stored,
  newID: () => string
): Inspected {
  const named = parsed(storedRows.database, stored)
  const base = inspectBase(metas[0], groups, { attributes, counters })
  const operations = inspectOutbox(outbox, newID)
  return {
    writes: [
      ...(named ? [databaseWrite(named)] : []),
      ...base.writes,
      ...operations.writes,
      ...undamaged(...others)
    ],
    repairs: [...base.repairs, ...operations.repairs]
  }
}

function inspectBase(
  storedMeta: unknown,
  storedGroups: readonly unknown[],
  storedEntries: Readonly<Record<EntriesTable, readonly unknown[]>>
): Inspected {
  const meta = parsed(storedRows.meta, storedMeta)
  const ofEntries = entriesTables.flatMap(table =>
    storedEntries[table].map(each => ({ table, row: parsed<EntriesRow>(storedRows[table], each) }))
  )
  // Without the epoch, the history to which the groups belong is unknown. Damaged entries may
  // belong to any group.
  const isUsable = meta && ofEntries.every(({ row }) => row)
  const rows = storedGroups.map(each => (isUsable ? parsed(storedRows.groups, each) : undefined))
  const entries = ofEntries.flatMap(({ table, row }): Write[] =>
    // The row is one of this table.
    row ? [{ table, scope: '', id: row.groupID, row } as Write] : []
  )
  const groups = rows.flatMap((row): Write[] =>
    row ? [{ table: 'groups', scope: '', id: row.groupID, row }] : []
  )
  const metaWrite = (feed: number): Write[] =>
    meta ? [{ table: 'meta', scope: '', id: '', row: { ...meta, feed } }] : []
  const writes = [...groups, ...entries, ...metaWrite(meta?.feed ?? 0)]
  const isWhole = !rows.includes(undefined) && ofEntries.every(({ row }) => row)
  if (isWhole) return { writes, repairs: [] }
  // From the beginning of the feed, the server sends only the groups that are missing here.
  const repairs: Write[] = [
    ...(['groups', ...entriesTables] as const).map(emptying),
    ...groups,
    ...entries,
    ...metaWrite(0)
  ]
  return { writes, repairs }
}

function inspectOutbox(stored: readonly unknown[], newID: () => string): Inspected {
  const rows = stored.map(each => parsed(storedRows.outbox, each))
  const writes = rows.flatMap((row): Write[] =>
    row ? [{ table: 'outbox', scope: '', id: row.opID, row }] : []
  )
  if (!rows.includes(undefined)) return { writes, repairs: [] }
  const refusals = stored.flatMap((each, index) =>
    rows[index] ? [] : damagedOperation(each, newID)
  )
  return { writes, repairs: [{ table: 'outbox', scope: '', empty: true }, ...writes, ...refusals] }
}

/**
 * Damaged rows of these tables are left out: the server repeats them, or other rows show the same.
 */
function undamaged(
  verdicts: readonly unknown[],
  notices: readonly unknown[],
  undelivered: readonly unknown[]
): Write[] {
  const writes: Write[] = []
  for (const each of verdicts) {
    const row = parsed(storedRows.verdicts, each)
    if (row) writes.push({ table: 'verdicts', scope: '', id: row.verdict.opID, row })
  }
  for (const each of notices) {
    const row = parsed(storedRows.notices, each)
    if (row) writes.push({ table: 'notices', scope: '', id: ringPlace(row.number), row })
  }
  for (const each of undelivered) {
    const row = parsed(storedRows.undelivered, each)
    if (row) writes.push({ table: 'undelivered', scope: '', id: String(row.number), row })
  }
  return writes
}

const textOf = (value: unknown, name: string): string | undefined => {
  const field: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof field === 'string' ? field : undefined
}

/** A refusal with the fields that could still be read. An ID used twice would replace a verdict. */
function damagedOperation(row: unknown, newID: () => string): Write {
  const opID = parsed(id, textOf(row, 'opID')) ?? newID()
  const verdict = rejected(
    { opID, groupID: parsed(id, textOf(row, 'groupID')) ?? 'unknown' },
    groupError('DamagedOperation')
  )
  return {
    table: 'verdicts',
    scope: '',
    id: opID,
    row: { verdict, name: textOf(row, 'name') ?? '', args: { stored: row }, askedAtMs: 0 }
  }
}
