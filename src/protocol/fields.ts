/**
 * Schemas of single fields. Each is one check instead of a pipe of small ones. A client receives
 * hundreds of thousands of rows, and each piece of a pipe costs time and bytes of the worker.
 */

import * as v from 'valibot'
import { isShallow } from '../kernel/shallow.ts'

const isText = (value: unknown): value is string => typeof value === 'string'
export const text = (lengthMax = Infinity) =>
  v.custom<string>(value => isText(value) && value.length <= lengthMax)
export const printable = (form: RegExp) =>
  v.custom<string>(value => isText(value) && form.test(value))
export const id = printable(/^[\x20-\x7e]{1,64}$/)
/** Far above the limits of this build: a newer build may have raised them. */
export const short = text(65_536)
/** A member of an enumeration. Another build may know more members, so any word passes. */
export const word = printable(/^[\x20-\x7e]{1,64}$/)

const within = (min: number, max: number) =>
  v.custom<number>(value => typeof value === 'number' && value >= min && value <= max)
export const number = within(-Infinity, Infinity)
/** The range of `Date`. */
export const milliseconds = within(-8.64e15, 8.64e15)
export const integer = v.custom<number>(value => Number.isSafeInteger(value))
export const natural = v.custom<number>(value => Number.isSafeInteger(value) && Number(value) >= 0)
export const truth = v.custom<boolean>(value => typeof value === 'boolean')
export const oneOf = <const T extends string | number | boolean>(...values: readonly T[]) =>
  v.custom<T>(value => values.includes(value as T))

/** Any value that is not nested too deeply to be walked. */
export const anything = v.custom<unknown>(value => isShallow(value))
export const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).every(({ length }) => length <= 64)
/** An object whose keys are data. */
export const fields = v.custom<Readonly<Record<string, unknown>>>(isFields)

/** A schema with one more condition. */
export const where = <T>(
  schema: v.GenericSchema<unknown, T>,
  check: (value: T) => boolean
): v.GenericSchema<unknown, T> =>
  v.pipe(
    schema,
    v.custom<T>(value => check(value as T))
  )

/** Checks the length first, so a list that is too long costs nothing else. */
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
