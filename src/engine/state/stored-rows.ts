/**
 * Schemas of stored rows. A damaged disk, an older build or another program may have written them.
 */

import * as v from 'valibot'
import { utf8Length } from '../../kernel/limits.ts'
import type {
  UndeliveredEvent,
  HeldGroup,
  HeldNotice,
  HeldTip,
  Lease,
  Meta,
  Pending,
  Settled
} from '../../storage/tables.ts'
import {
  frameLimits,
  parse,
  pushedOperation,
  type PushedOperation
} from '../../protocol/messages.ts'
import { effective, verdictSchema } from '../../protocol/verdicts.ts'
import {
  attributesRow,
  countersRow,
  groupRow,
  memberRow,
  notice,
  noticeRow,
  policySchema,
  settingsRow,
  tip,
  tipRow
} from '../../protocol/rows.ts'
import { orNull, rowOf } from '../../protocol/exact.ts'
import {
  fields,
  isFields,
  number,
  text,
  truth,
  id,
  natural,
  oneOf,
  where,
  word
} from '../../protocol/fields.ts'

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
  v.pipe(
    // Builds before schema 7 stored attributes in this row. The server sends such a group again.
    v.custom<unknown>(row => isFields(row) && !('attributes' in row)),
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
    })
  ),
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
    isRepeated: v.exactOptional(oneOf(true)),
    seen: natural,
    applied: v.exactOptional(effective)
  }),
  row => isSendable(row)
)

/** An operation that no server accepts would block all later operations. */
function isSendable({
  opID,
  name,
  args,
  groupID,
  seen
}: Pick<PushedOperation, 'opID' | 'name' | 'args' | 'groupID' | 'seen'>): boolean {
  const frame = JSON.stringify({ opID, name, args, groupID, seen, waitedSeconds: 0 })
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
const undeliveredEvent: v.GenericSchema<unknown, UndeliveredEvent> = v.union([
  v.object({ ...numbered, kind: oneOf('tip'), tip: tipRow }),
  v.object({ ...numbered, kind: oneOf('notice'), notice: noticeRow })
])

const settled: v.GenericSchema<unknown, Settled> = v.object({
  verdict: verdictSchema,
  ...operation
})

const lease: v.GenericSchema<unknown, Lease> = v.object({
  term: natural,
  isSealed: v.exactOptional(oneOf(true)),
  pauseCalls: v.exactOptional(natural)
})

/** By table. */
export const storedRows = {
  meta,
  groups: heldGroup,
  attributes: attributesRow,
  counters: countersRow,
  members: memberRow,
  tips: heldTip,
  notices: heldNotice,
  undelivered: undeliveredEvent,
  outbox: pending,
  verdicts: settled,
  lease,
  database: v.object({ databaseID: id, endedIDs: v.array(id) })
}

/** `undefined`: damaged. */
export function parsed<T>(schema: v.GenericSchema<unknown, T>, row: unknown): T | undefined {
  const result = v.safeParse(schema, row)
  return result.success ? result.output : undefined
}
