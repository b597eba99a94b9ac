/**
 * What is read at the start, checked: storage may hold what a damaged disk, an older build or somebody else has left
 * there. A damaged row of the base is forgotten and fetched again; a damaged operation is never dropped in silence.
 */

import * as v from 'valibot'
import { groupError } from '../../kernel/errors.ts'
import { utf8Length } from '../../kernel/limits.ts'
import { rejected } from '../../kernel/verdict.ts'
import type { Answers, Commit, Storage, Write } from '../../storage/port.ts'
import {
  ringPlace,
  tableNames,
  type UndeliveredEvent,
  type HeldGroup,
  type HeldNotice,
  type HeldTip,
  type Meta,
  type Pending,
  type Settled
} from '../../storage/tables.ts'
import type { PeerMessage } from '../host.ts'
import type { SyncStatus } from '../sync/sync.ts'
import {
  frameLimits,
  parse,
  pushedOperation,
  type PushedOperation
} from '../../protocol/messages.ts'
import {
  fields,
  number,
  text,
  truth,
  id,
  natural,
  oneOf,
  where,
  word
} from '../../protocol/fields.ts'
import { orNull, rowOf } from '../../protocol/exact.ts'
import {
  groupRow,
  memberRow,
  memberRows,
  notice,
  noticeRow,
  policySchema,
  settingsRow,
  tip,
  tipRow
} from '../../protocol/rows.ts'
import { effective, groupErrorSchema, verdictSchema } from '../../protocol/verdicts.ts'

const meta: v.GenericSchema<unknown, Meta> = v.object({
  userID: text(),
  epoch: id,
  receipt: v.exactOptional(text()),
  feed: natural,
  noticeCount: natural,
  noticeSeq: natural,
  undeliveredCount: natural,
  kernel: natural,
  isAppAdmin: truth,
  policy: policySchema,
  clockOffsetMs: number,
  serverTimeMs: number
})

const heldGroup: v.GenericSchema<unknown, HeldGroup> = where(
  rowOf({
    groupID: id,
    row: orNull(groupRow),
    self: orNull(memberRow),
    membershipEpoch: natural,
    seq: natural,
    membersUpTo: orNull(text()),
    settings: orNull(settingsRow),
    tipCount: natural,
    tipSeq: natural
  }),
  ({ groupID, row, self }) => [row, self].every(each => !each || each.groupID === groupID)
)

const operation = { name: text(), args: fields, askedAtMs: number }

const pending: v.GenericSchema<unknown, Pending> = where(
  v.object({
    opID: text(),
    order: number,
    ...operation,
    groupID: text(),
    askedAtServerSeconds: number,
    isTimeUnknown: v.exactOptional(oneOf(true)),
    seen: natural,
    applied: v.exactOptional(effective)
  }),
  row => isSendable(row)
)

/** What no server takes would stand in the way of everything behind it. */
function isSendable({
  opID,
  name,
  args,
  groupID,
  seen
}: Pick<PushedOperation, 'opID' | 'name' | 'args' | 'groupID' | 'seen'>): boolean {
  const frame = JSON.stringify({ opID, name, args, groupID, seen, waited: 0 })
  return (
    utf8Length(frame) <= frameLimits.toServerBytesMax && parse(pushedOperation, frame) !== undefined
  )
}

const numbered = { number: natural }
const handled = rowOf({ state: word, by: text() })
const heldNotice: v.GenericSchema<unknown, HeldNotice> = v.object({
  ...notice,
  ...numbered,
  handled: orNull(handled)
})
const heldTip: v.GenericSchema<unknown, HeldTip> = v.object({ ...tip, ...numbered })
const arrival: v.GenericSchema<unknown, UndeliveredEvent> = v.union([
  v.object({ ...numbered, kind: oneOf('tip'), tip: tipRow }),
  v.object({ ...numbered, kind: oneOf('notice'), notice: noticeRow })
])

const settled: v.GenericSchema<unknown, Settled> = v.object({
  verdict: verdictSchema,
  ...operation
})

const everything = [
  { table: 'meta', scope: '' },
  { table: 'groups', scope: '' },
  { table: 'outbox', scope: '' },
  { table: 'verdicts', scope: '' },
  { table: 'notices', scope: '' },
  { table: 'undelivered', scope: '' }
] as const

/** Everything that is kept in memory, up to a commit, after mending what is damaged. */
export async function readStored(storage: Storage): Promise<Commit> {
  const { answers, commitNumber } = await storage.read(everything)
  const { writes, repairs } = inspect(answers)
  if (repairs.length === 0) return { commitNumber, writes }
  await storage.transact(everything, answers => inspect(answers).repairs)
  const mended = await storage.read(everything)
  return { commitNumber: mended.commitNumber, writes: inspect(mended.answers).writes }
}

function inspect([metas, groups, outbox, verdicts, notices, undelivered]: Answers<
  typeof everything
>): {
  writes: Write[]
  repairs: Write[]
} {
  const writes: Write[] = []
  const repairs: Write[] = []

  const known = good(meta, metas[0])
  // Without a position nobody knows of what history the groups are.
  const held = groups.map(each => (known ? good(heldGroup, each) : undefined))
  for (const row of held) if (row) writes.push({ table: 'groups', scope: '', id: row.groupID, row })
  if (known) writes.push({ table: 'meta', scope: '', id: '', row: known })
  if (held.includes(undefined)) {
    repairs.push(
      { table: 'groups', scope: '', empty: true },
      ...writes.filter(({ table }) => table === 'groups')
    )
    // From the beginning of the feed the server tells all that the user is in; what is whole is not sent again.
    if (known) repairs.push({ table: 'meta', scope: '', id: '', row: { ...known, feed: 0 } })
  }

  const operations = outbox.map(each => good(pending, each))
  const waiting = operations.flatMap((row): Write[] =>
    row ? [{ table: 'outbox', scope: '', id: row.opID, row }] : []
  )
  writes.push(...waiting)
  if (operations.includes(undefined)) {
    repairs.push({ table: 'outbox', scope: '', empty: true }, ...waiting)
    outbox.forEach(
      (each, index) => operations[index] ?? repairs.push(damagedOperation(each, index))
    )
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
  for (const each of undelivered) {
    const row = good(arrival, each)
    if (row) writes.push({ table: 'undelivered', scope: '', id: String(row.number), row })
  }
  return { writes, repairs }
}

function good<T>(schema: v.GenericSchema<unknown, T>, row: unknown): T | undefined {
  const parsed = v.safeParse(schema, row)
  return parsed.success ? parsed.output : undefined
}

const textOf = (value: unknown, name: string): string | undefined => {
  const field: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof field === 'string' ? field : undefined
}

/** The user is told, with what could still be read. */
function damagedOperation(row: unknown, index: number): Write {
  const opID = good(id, textOf(row, 'opID')) ?? `damaged-${index}`
  const verdict = rejected(
    { opID, groupID: good(id, textOf(row, 'groupID')) ?? 'unknown' },
    groupError('DamagedOperation')
  )
  return {
    table: 'verdicts',
    scope: '',
    id: opID,
    row: { verdict, name: textOf(row, 'name') ?? '', args: { stored: row }, askedAtMs: 0 }
  }
}

const rows = {
  meta,
  groups: heldGroup,
  members: memberRow,
  tips: heldTip,
  notices: heldNotice,
  undelivered: arrival,
  outbox: pending,
  verdicts: settled
}
const write = v.union([
  v.object({ table: oneOf(...tableNames), scope: text(), empty: oneOf(true) }),
  v.object({ table: oneOf('members'), scope: text(), block: memberRows }),
  ...tableNames.map(table =>
    v.object({ table: oneOf(table), scope: text(), id: text(), row: orNull<unknown>(rows[table]) })
  )
])

const profileAnswer = v.union([groupRow, groupErrorSchema])
const syncStatus: v.GenericSchema<unknown, SyncStatus> = v.object({
  connection: oneOf('offline', 'connecting', 'online'),
  caughtUp: truth,
  lastError: orNull(groupErrorSchema),
  nextRetryAtMs: orNull(number)
})
const peerMessage = v.union([
  v.object({
    type: oneOf('committed'),
    commits: v.array(v.object({ commitNumber: natural, writes: v.array(write) }))
  }),
  v.object({ type: oneOf('leading', 'logout') }),
  v.object({ type: oneOf('status'), status: syncStatus }),
  v.object({ type: oneOf('token'), token: text() }),
  v.object({ type: oneOf('ask'), id: text(), groupID: text(), search: truth }),
  v.object({ type: oneOf('answer'), id: text(), answer: profileAnswer }),
  v.object({ type: oneOf('hello'), wanted: v.array(text()) })
])

/** `undefined`: it is not a message as this build sends them. */
export const parsePeerMessage = (message: unknown): PeerMessage | undefined =>
  // A write holds a row of the table it names: the schema checks that, its type does not say it.
  good(peerMessage, message) as PeerMessage | undefined
