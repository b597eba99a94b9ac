/**
 * What rows look like when they come from the network, or from storage: everything is checked field by field. Nearly all
 * rows are exactly as this build knows them, and stay as they are; of others, unknown fields are left out.
 */

import * as v from 'valibot'
import type { GroupError } from '../kernel/errors.ts'
import type { CustomField, GroupRow, MemberRow, SettingsRow } from '../kernel/model.ts'
import type { NoticeRow, TipRow } from '../kernel/notices.ts'
import type { Policy } from '../kernel/limits.ts'
import { isColumnBlock, decodeRows, type ColumnBlock, type RowsOrBlock } from './column-block.ts'
import { isShallow } from '../kernel/shallow.ts'
import type { Effective, Verdict } from '../kernel/verdict.ts'

// One check each, where there are pieces to put together: rows come by the hundred thousand, and the worker has to stay small.
const isText = (value: unknown): value is string => typeof value === 'string'
export const text = (lengthMax = Infinity) =>
  v.custom<string>(value => isText(value) && value.length <= lengthMax)
export const printable = (form: RegExp) =>
  v.custom<string>(value => isText(value) && form.test(value))
export const id = printable(/^[\x20-\x7e]{1,64}$/)
/** Far above the limits of this build: a newer one may have raised them. */
export const short = text(65_536)
/** A word of an enumeration. Another build may know more of them, so any passes. */
export const word = printable(/^[\x20-\x7e]{1,64}$/)
const within = (min: number, max: number) =>
  v.custom<number>(value => typeof value === 'number' && value >= min && value <= max)
export const number = within(-Infinity, Infinity)
export const milliseconds = within(-8.64e15, 8.64e15)
export const natural = v.custom<number>(value => Number.isSafeInteger(value) && Number(value) >= 0)
/** What also has to hold. */
export const where = <T>(
  schema: v.GenericSchema<unknown, T>,
  check: (value: T) => boolean
): v.GenericSchema<unknown, T> =>
  v.pipe(
    schema,
    v.custom<T>(value => check(value as T))
  )
/** The length is checked first: a list that is too long costs nothing else. */
export const listOf = <T>(
  schema: v.GenericSchema<unknown, T>,
  { countMin = 0, countMax }: { countMin?: number; countMax: number }
) =>
  v.pipe(
    v.custom<unknown[]>(
      list => Array.isArray(list) && list.length >= countMin && list.length <= countMax
    ),
    v.array(schema)
  )
export const truth = v.custom<boolean>(value => typeof value === 'boolean')
export const oneOf = <const T extends string | number | boolean>(...values: readonly T[]) =>
  v.custom<T>(value => values.includes(value as T))
/** Anything, within reason. */
const anything = v.custom<unknown>(value => isShallow(value))
export const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).every(({ length }) => length <= 64)
/** An object whose keys are data. */
export const fields = v.custom<Readonly<Record<string, unknown>>>(isFields)

/** `items`: of a list, what the fields of its items have to be. */
type Check = ((value: unknown) => boolean) & { readonly items?: Checks }
type Checks = readonly (readonly [field: string, check: Check])[]
type Schemas<R> = { readonly [F in keyof R]: v.GenericSchema<unknown, R[F]> }

/** What is exactly so stays as it is; else it is looked at in detail. */
const exactFirst = <T>(check: Check, schema: v.GenericSchema<unknown, T>) => ({
  ...v.union([v.custom<T>(check), schema]),
  check
})

// One call where it can be: a schema makes objects of everything it looks at.
const checkOf = (schema: v.GenericSchema): Check =>
  'check' in schema && !('pipe' in schema) ? (schema.check as Check) : value => v.is(schema, value)
const checksOf = (schemas: Readonly<Record<string, v.GenericSchema>>): Checks =>
  Object.entries(schemas).map(([field, schema]) => [field, checkOf(schema)])

/** Whether it is an object with these fields and no others. */
function exactly(schemas: Readonly<Record<string, v.GenericSchema>>): Check {
  const checks = checksOf(schemas)
  return value =>
    isFields(value) &&
    Object.keys(value).length === checks.length &&
    checks.every(([field, check]) => check(value[field]))
}

export const rowOf = <const S extends Readonly<Record<string, v.GenericSchema>>>(schemas: S) =>
  exactFirst<v.InferOutput<v.ObjectSchema<S, undefined>>>(exactly(schemas), v.object(schemas))

export function orNull<T>(schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T | null> {
  const check = checkOf(schema)
  return exactFirst<T | null>(value => value === null || check(value), schema)
}

const customField = { key: short, value: short }
const isCustomField = exactly(customField)
const fieldsMax = 256
const isCustomFields = Object.assign(
  (value: unknown) =>
    Array.isArray(value) && value.length <= fieldsMax && value.every(isCustomField),
  { items: checksOf(customField) }
)
const customFields = exactFirst<readonly CustomField[]>(
  isCustomFields,
  where(v.array(v.object(customField)), list => list.length <= fieldsMax)
)

const groupProfile: Schemas<GroupRow> = {
  groupID: id,
  type: word,
  name: short,
  avatar: short,
  introduction: short,
  notification: short,
  ownerID: short,
  createTime: natural,
  lastInfoTime: natural,
  infoSequence: natural,
  memberNum: natural,
  maxMemberNum: natural,
  joinOption: word,
  muteAllMembers: truth,
  groupCustomField: customFields
}
export const groupRow: v.GenericSchema<unknown, GroupRow> = rowOf(groupProfile)
// What has come as JSON holds no undefined.
const groupFields = v.object(
  Object.fromEntries(
    Object.entries(groupProfile).map(([field, schema]) => [
      field,
      v.exactOptional(schema as v.GenericSchema)
    ])
  )
) as v.GenericSchema<unknown, Partial<GroupRow>>

const member: Schemas<MemberRow> = {
  groupID: id,
  userID: id,
  role: word,
  joinTime: natural,
  nameCard: short,
  muteUntil: natural,
  memberCustomField: customFields
}
export const memberRow: v.GenericSchema<unknown, MemberRow> = rowOf(member)

const memberChecks = checksOf(member)
/** Whether rows are packed, and each column holds what it should, and there are no others. */
const isTable = (rows: unknown, checks: Checks): rows is ColumnBlock =>
  isColumnBlock(rows) &&
  Object.keys(rows.columns).length === checks.length &&
  checks.every(([field, check]) => {
    const column = rows.columns[field] ?? [undefined]
    if ('columns' in column) return false
    if (!('per' in column)) return column.every(check)
    return (
      check.items !== undefined && column.per <= fieldsMax && isTable(column.items, check.items)
    )
  })

/** Many rows; packed ones are checked column by column, and stay packed. */
export const memberRows = exactFirst<RowsOrBlock<MemberRow>>(
  rows => isTable(rows, memberChecks),
  v.pipe(
    v.custom(() => true),
    v.transform(decodeRows),
    v.array(memberRow)
  )
)

export const settingsRow: v.GenericSchema<unknown, SettingsRow> = rowOf({
  groupID: id,
  userID: id,
  messageRemindType: word
})

const told = { groupID: id, time: natural, operatorID: short }

export const tip = {
  ...told,
  seq: natural,
  operationType: natural,
  userIDList: v.array(id),
  memberNum: v.exactOptional(natural),
  newGroupProfile: v.exactOptional(groupFields),
  memberList: v.exactOptional(v.array(v.object({ userID: id, muteTime: natural })))
}
export const tipRow: v.GenericSchema<unknown, TipRow> = v.object(tip)

export const notice = {
  ...told,
  operationType: natural,
  groupName: short,
  handleMessage: short,
  applicationSeq: v.exactOptional(natural),
  userDefinedField: v.exactOptional(text(8000)),
  fseq: natural
}
export const noticeRow: v.GenericSchema<unknown, NoticeRow> = v.object(notice)

const fieldPolicy = { key: short, write: word }
export const policySchema: v.GenericSchema<unknown, Policy> = v.object({
  adminsCanKick: truth,
  groupsPerUserMax: natural,
  suppressTips: word,
  customFields: v.exactOptional(
    v.object({
      group: v.array(v.object(fieldPolicy)),
      member: v.array(v.object({ ...fieldPolicy, type: word, ownWrite: truth }))
    })
  )
})

export const groupErrorSchema: v.GenericSchema<unknown, GroupError> = v.object({
  code: natural,
  reason: word,
  message: short
})

const outcome = { opID: id, groupID: id, seq: natural }
const knownKinds: readonly unknown[] = ['applied', 'partial', 'rejected', 'unknown']
/** Verdicts of operations that may have had an effect. Of a kind that only another build knows, the word is kept. */
export const effective: v.GenericSchema<unknown, Effective> = v.union([
  v.object({ ...outcome, kind: oneOf('applied', 'partial'), result: anything }),
  v.object({ ...outcome, kind: oneOf('unknown'), word }),
  v.pipe(
    v.object({ opID: id, groupID: id, kind: word, seq: v.optional(natural, 0) }),
    v.check(({ kind }) => !knownKinds.includes(kind)),
    v.transform(({ kind, ...rest }) => ({ ...rest, kind: 'unknown' as const, word: kind }))
  )
])

export const verdictSchema: v.GenericSchema<unknown, Verdict> = v.union([
  effective,
  v.object({
    kind: oneOf('rejected'),
    opID: id,
    groupID: id,
    error: groupErrorSchema,
    scope: word,
    cause: v.exactOptional(v.object({ reason: word, by: short, at: natural }))
  })
])
