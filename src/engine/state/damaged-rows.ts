/** Finds damaged rows among those that storage returns, and the writes that repair storage. */

import type * as v from 'valibot'
import { groupError } from '../../kernel/errors.ts'
import { entriesTables, type EntriesTable } from '../../kernel/model.ts'
import { rejected } from '../../kernel/verdict.ts'
import type { Write } from '../../storage/port.ts'
import {
  idOf,
  type HeldGroup,
  type Pending,
  type TableName,
  type Tables
} from '../../storage/tables.ts'
import { id } from '../../protocol/fields.ts'
import { parsed, storedRows } from './stored-rows.ts'

/** `writes`: all rows that count. `repairs`: writes that repair storage. */
export type Inspected = {
  readonly writes: readonly Write[]
  readonly repairs: readonly Write[]
  /** How many rows are damaged. */
  readonly damaged: number
}

export const nothing: Inspected = { writes: [], repairs: [], damaged: 0 }

/** The rows in memory. They replace damaged ones, if damage arises while the engine is open. */
export type Known = {
  readonly groups: ReadonlyMap<string, HeldGroup>
  readonly operations: readonly Pending[]
}
export const unknownRows: Known = { groups: new Map(), operations: [] }

export const emptying = (table: TableName): Write =>
  // Each write of this form is one of its table.
  ({ table, scope: '', empty: true }) as Write

type InspectedRows<T extends TableName> = Inspected & {
  readonly rows: readonly Tables[T][]
  readonly damagedRows: readonly unknown[]
}

/** A repair removes the damaged rows of the table. */
export function inspectRows<T extends TableName>(
  table: T,
  stored: readonly unknown[]
): InspectedRows<T> {
  // The schema is that of the table.
  const schema = storedRows[table] as v.GenericSchema<unknown, Tables[T]>
  const all = stored.map(each => parsed(schema, each))
  const rows: readonly Tables[T][] = all.flatMap(row => row ?? [])
  const damagedRows = stored.filter((_, index) => !all[index])
  const writes = rows.map(row => put(table, row))
  const repairs = damagedRows.length > 0 ? [emptying(table), ...writes] : []
  return { rows, damagedRows, writes, repairs, damaged: damagedRows.length }
}

const put = <T extends TableName>(table: T, row: Tables[T]): Write =>
  // The row is one of this table.
  ({ table, scope: '', id: idOf[table](row), row }) as Write

export function inspectBase(
  [storedMeta]: readonly unknown[],
  storedGroups: readonly unknown[],
  storedEntries: Readonly<Record<EntriesTable, readonly unknown[]>>,
  known: Known
): Inspected {
  const meta = parsed(storedRows.meta, storedMeta)
  // Without the epoch, the history to which the rows belong is unknown.
  if (!meta) {
    const isLost = [storedMeta, ...storedGroups, ...Object.values(storedEntries).flat()].some(
      row => row !== undefined
    )
    const repairs = isLost ? (['meta', 'groups', ...entriesTables] as const).map(emptying) : []
    return { writes: [], repairs, damaged: isLost ? 1 : 0 }
  }
  const held = inspectRows('groups', storedGroups)
  const isGroupDamaged = held.damaged > 0
  const entries = entriesTables.map(table => inspectRows(table, storedEntries[table]))
  const isMissing = missingEntries(held.rows, entries)
  const ids = new Set(held.rows.map(({ groupID }) => groupID))
  const replaced = isGroupDamaged
    ? [...known.groups.values()].filter(({ groupID }) => !ids.has(groupID))
    : []
  const groups = [
    ...held.rows.map(row => put('groups', isMissing(row.groupID) ? unread(row) : row)),
    ...replaced.map(row => put('groups', unread(row)))
  ]
  // From the beginning of the feed, the server names the groups that are missing here.
  const metaWrite = put('meta', isGroupDamaged ? { ...meta, feed: 0 } : meta)
  const damaged = entries.reduce((sum, each) => sum + each.damaged, held.damaged)
  return {
    writes: [...groups, ...entries.flatMap(({ writes }) => writes), metaWrite],
    repairs: [
      ...(damaged > 0 ? [emptying('groups'), ...groups] : []),
      ...entries.flatMap(({ repairs }) => repairs),
      ...(isGroupDamaged ? [metaWrite] : [])
    ],
    damaged
  }
}

/** From position 0, the server sends the whole group. Its tips stay delivered. */
const unread = (row: HeldGroup): HeldGroup => ({ ...row, seq: 0 })

/** Whether the damaged entries may be those of a group. A row without an ID may be of any group. */
function missingEntries(
  groups: readonly HeldGroup[],
  entries: readonly InspectedRows<EntriesTable>[]
): (groupID: string) => boolean {
  const known = new Set(groups.map(({ groupID }) => groupID))
  const parts = entries.map(({ rows, damagedRows }) => {
    const ids = damagedRows.map(row => textOf(row, 'groupID') ?? '')
    return {
      ids: new Set(ids),
      isUnnamed: ids.some(id => !known.has(id)),
      present: new Set(rows.map(({ groupID }) => groupID))
    }
  })
  return groupID =>
    parts.some(
      ({ ids, isUnnamed, present }) => ids.has(groupID) || (isUnnamed && !present.has(groupID))
    )
}

export function inspectOutbox(
  stored: readonly unknown[],
  newID: () => string,
  { operations }: Known
): Inspected {
  const { rows, damagedRows, damaged, ...inspected } = inspectRows('outbox', stored)
  if (damaged === 0) return { ...inspected, damaged }
  const ids = new Set(rows.map(({ opID }) => opID))
  const replaced = operations.filter(({ opID }) => !ids.has(opID))
  const named = new Set(replaced.map(({ opID }) => opID))
  const others = damagedRows.filter(row => !named.has(textOf(row, 'opID') ?? ''))
  // Each further operation of memory replaces a row without an ID.
  const refused = others.slice(replaced.length - (damaged - others.length))
  const added = replaced.map(row => put('outbox', row))
  return {
    writes: [...inspected.writes, ...added],
    repairs: [...inspected.repairs, ...added, ...refused.map(row => damagedOperation(row, newID))],
    damaged
  }
}

export const textOf = (value: unknown, name: string): string | undefined => {
  const field: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof field === 'string' ? field : undefined
}

/** A refusal with the fields that could still be read. */
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
