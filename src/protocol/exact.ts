/**
 * Fast checks of rows. Nearly every row has exactly the fields that this build knows. Plain checks
 * find that out, and the row stays the object it is. Only other rows go through a schema, which
 * leaves out unknown fields and makes new objects.
 */

import * as v from 'valibot'
import { isColumnBlock } from './column-block.ts'
import { isFields } from './fields.ts'

/** `items`: if the field is a list of objects, the checks of their fields. */
type Check = ((value: unknown) => boolean) & { readonly items?: Checks }
type Checks = readonly (readonly [field: string, check: Check])[]
type FieldSchemas = Readonly<Record<string, v.GenericSchema>>

/** The schema sees only values that fail the check. */
export const exactFirst = <T>(check: Check, schema: v.GenericSchema<unknown, T>) => ({
  ...v.union([v.custom<T>(check), schema]),
  check
})

export const checksOf = (schemas: FieldSchemas): Checks =>
  Object.entries(schemas).map(([field, schema]) => [field, checkOf(schema)])

// A schema without a pipe is called as one function: parsing by a schema would create an object.
const checkOf = (schema: v.GenericSchema): Check =>
  'check' in schema && !('pipe' in schema) ? (schema.check as Check) : value => v.is(schema, value)

/** Whether a value is an object with these fields and no others. */
export function exactly(schemas: FieldSchemas): Check {
  const checks = checksOf(schemas)
  return value =>
    isFields(value) &&
    Object.keys(value).length === checks.length &&
    checks.every(([field, check]) => check(value[field]))
}

/** Whether a value is a column block whose rows have these fields and no others. */
export const isBlockOf = (value: unknown, checks: Checks, itemsPerListMax: number): boolean =>
  isColumnBlock(value) &&
  Object.keys(value.columns).length === checks.length &&
  checks.every(([field, check]) => {
    const column = value.columns[field] ?? [undefined]
    if ('columns' in column) return false
    if (!('per' in column)) return column.every(check)
    if (!check.items || column.per > itemsPerListMax) return false
    return isBlockOf(column.items, check.items, itemsPerListMax)
  })

export const rowOf = <const S extends FieldSchemas>(schemas: S) =>
  exactFirst<v.InferOutput<v.ObjectSchema<S, undefined>>>(exactly(schemas), v.object(schemas))

export function orNull<T>(schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T | null> {
  const check = checkOf(schema)
  return exactFirst<T | null>(value => value === null || check(value), schema)
}
