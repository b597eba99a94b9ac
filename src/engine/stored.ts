/**
 * What is read at the start, checked: storage may hold what a damaged disk, an older build or somebody else has left
 * there. A damaged row of the base is forgotten and fetched again; a damaged operation is never dropped in silence.
 */

import * as v from 'valibot'
import { groupError } from '../kernel/errors.ts'
import { rejected } from '../kernel/verdict.ts'
import {
  ringPlace,
  type Answers,
  type Arrival,
  type HeldGroup,
  type HeldNotice,
  type Meta,
  type Pending,
  type Settled,
  type Storage,
  type Write
} from '../storage/port.ts'
import { groupRow, memberRow, noticeRow, policySchema, settingsRow, tipRow, verdictSchema } from '../sync/messages.ts'

const natural = v.pipe(v.number(), v.integer(), v.minValue(0))

const meta: v.GenericSchema<unknown, Meta> = v.object({
  userID: v.string(),
  epoch: v.string(),
  feed: natural,
  noticeCount: natural,
  noticeSeq: natural,
  arrivalCount: natural,
  kernel: natural,
  isAppAdmin: v.boolean(),
  policy: policySchema,
  clockOffsetMs: v.number()
})

const heldGroup: v.GenericSchema<unknown, HeldGroup> = v.object({
  groupID: v.string(),
  row: v.nullable(groupRow),
  self: v.nullable(memberRow),
  mep: natural,
  seq: natural,
  membersUpTo: v.nullable(v.string()),
  settings: v.nullable(settingsRow),
  tipCount: natural,
  tipSeq: natural
})

const operation = { name: v.string(), args: v.record(v.string(), v.unknown()), at: v.number() }

const applied = v.variant('kind', [
  v.object({ kind: v.picklist(['applied', 'partial']), opID: v.string(), groupID: v.string(), seq: natural, result: v.unknown() })
])
const pending: v.GenericSchema<unknown, Pending> = v.object({
  opID: v.string(),
  order: v.number(),
  ...operation,
  groupID: v.string(),
  now: v.number(),
  seen: natural,
  merged: v.exactOptional(v.array(v.object({ opID: v.string(), ...operation }))),
  applied: v.exactOptional(applied)
})

const heldNotice: v.GenericSchema<unknown, HeldNotice> = v.intersect([
  noticeRow,
  v.object({ number: natural, handled: v.nullable(v.object({ state: v.picklist(['agreed', 'refused']), by: v.string() })) })
])

const numbered = { number: natural }
const arrival: v.GenericSchema<unknown, Arrival> = v.variant('kind', [
  v.object({ ...numbered, kind: v.literal('tip'), tip: tipRow }),
  v.object({ ...numbered, kind: v.literal('notice'), notice: noticeRow })
])

const settled: v.GenericSchema<unknown, Settled> = v.object({ verdict: verdictSchema, ...operation })

const everything = [
  { table: 'meta', scope: '' },
  { table: 'groups', scope: '' },
  { table: 'outbox', scope: '' },
  { table: 'verdicts', scope: '' },
  { table: 'notices', scope: '' },
  { table: 'arrivals', scope: '' }
] as const

/** Everything that is kept in memory, after mending what is damaged. */
export async function readStored(storage: Storage): Promise<Write[]> {
  const { writes, repairs } = inspect(await storage.read(everything))
  if (repairs.length === 0) return writes
  await storage.transact(everything, answers => inspect(answers).repairs)
  return inspect(await storage.read(everything)).writes
}

function inspect([metas, groups, outbox, verdicts, notices, arrivals]: Answers<typeof everything>): {
  writes: Write[]
  repairs: Write[]
} {
  const writes: Write[] = []
  const repairs: Write[] = []

  const known = good(meta, metas[0])
  const held = groups.map(each => good(heldGroup, each))
  for (const row of held) if (row) writes.push({ table: 'groups', scope: '', id: row.groupID, row })
  if (known) writes.push({ table: 'meta', scope: '', id: '', row: known })
  if (held.includes(undefined)) {
    repairs.push({ table: 'groups', scope: '', empty: true }, ...writes.filter(({ table }) => table === 'groups'))
    // From the beginning of the feed the server tells all that the user is in; what is whole is not sent again.
    if (known) repairs.push({ table: 'meta', scope: '', id: '', row: { ...known, feed: 0 } })
  }

  const operations = outbox.map(each => good(pending, each))
  const waiting = operations.flatMap((row): Write[] => (row ? [{ table: 'outbox', scope: '', id: row.opID, row }] : []))
  writes.push(...waiting)
  if (operations.includes(undefined)) {
    repairs.push({ table: 'outbox', scope: '', empty: true }, ...waiting)
    outbox.forEach((each, index) => operations[index] ?? repairs.push(damagedOperation(each, index)))
  }

  for (const each of verdicts) {
    const row = good(settled, each)
    if (row) writes.push({ table: 'verdicts', scope: '', id: row.verdict.opID, row })
  }
  // A notice that cannot be read says nothing that the server will not say again, or the rows do not show.
  for (const each of notices) {
    const row = good(heldNotice, each)
    if (row) writes.push({ table: 'notices', scope: '', id: ringPlace(row.number), row })
  }
  for (const each of arrivals) {
    const row = good(arrival, each)
    if (row) writes.push({ table: 'arrivals', scope: '', id: String(row.number), row })
  }
  return { writes, repairs }
}

function good<T>(schema: v.GenericSchema<unknown, T>, row: unknown): T | undefined {
  const parsed = v.safeParse(schema, row)
  return parsed.success ? parsed.output : undefined
}

const text = (value: unknown, name: string): string | undefined => {
  const field: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof field === 'string' ? field : undefined
}

/** The user is told, with what could still be read. */
function damagedOperation(row: unknown, index: number): Write {
  const opID = text(row, 'opID') || `damaged-${index}`
  const verdict = rejected({ opID, groupID: text(row, 'groupID') || 'unknown' }, groupError('DamagedOperation'))
  return { table: 'verdicts', scope: '', id: opID, row: { verdict, name: text(row, 'name') ?? '', args: { stored: row }, at: 0 } }
}
