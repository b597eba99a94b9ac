/**
 * Arguments of operations, checked by data. An operation has one check per argument. `parseArgs`
 * rebuilds the arguments field by field from untrusted input and drops every other field.
 *
 * A wrong shape is refused at once. A value over a limit is refused last, after permissions and
 * state, as Tencent does.
 *
 * Why: the kernel has its own few checks instead of a schema library. They carry exact codes,
 * count UTF-8 bytes without TextEncoder, and are small enough for the UI thread.
 */

import { groupError, type GroupError, type Reason } from './errors.ts'
import { utf8Length } from './limits.ts'
import { hasOwn } from './model.ts'

/** The first problem of each kind. */
type Problems = { shape?: GroupError; limit?: GroupError }
export type Check<T> = (value: unknown, path: string, problems: Problems) => T
export type ArgsSpec = Readonly<Record<string, Check<unknown>>>

type Parsed<S extends ArgsSpec> = { [K in keyof S]: ReturnType<S[K]> }
type OptionalKeys<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T]

/** Arguments after parsing. An optional argument that is null or undefined has no key. */
export type ArgsOf<S extends ArgsSpec> = Omit<Parsed<S>, OptionalKeys<Parsed<S>>> & {
  [K in OptionalKeys<Parsed<S>>]?: Exclude<Parsed<S>[K], undefined>
}

export function parseArgs<S extends ArgsSpec>(
  spec: S,
  input: unknown
): { ok: true; args: ArgsOf<S>; limit: GroupError | undefined } | { ok: false; error: GroupError } {
  const problems: Problems = {}
  const args = record(spec)(input, '', problems)
  return problems.shape
    ? { ok: false, error: problems.shape }
    : { ok: true, args, limit: problems.limit }
}

export function record<S extends ArgsSpec>(spec: S): Check<ArgsOf<S>> {
  return (value, path, problems) => {
    const fields: Record<string, unknown> = {}
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      reportShape(problems, path || 'arguments', 'must be an object')
    } else {
      for (const [name, check] of Object.entries(spec)) {
        const field = check(
          hasOwn(value, name) ? value[name as keyof typeof value] : undefined,
          path ? `${path}.${name}` : name,
          problems
        )
        if (field !== undefined) fields[name] = field
      }
    }
    // Without a problem, each field of the spec has passed its check.
    return fields as ArgsOf<S>
  }
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, path, problems) =>
    value === undefined || value === null ? undefined : check(value, path, problems)
}

export function text({
  bytesMax,
  filled = false
}: {
  bytesMax: number
  filled?: boolean
}): Check<string> {
  return (value, path, problems) => {
    if (typeof value !== 'string') return (reportShape(problems, path, 'must be a string'), '')
    if (filled && value === '') return (reportShape(problems, path, 'must not be empty'), '')
    if (utf8Length(value) > bytesMax)
      reportLimit(problems, 'IllegalArgument', `${path}: at most ${bytesMax} bytes`)
    if (unprintable.test(value))
      reportLimit(
        problems,
        'IllegalArgument',
        `${path}: has control characters or half a surrogate pair`
      )
    return value
  }
}
// An introduction may have line breaks and tabs. No text may have other control characters.
const unprintable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]|\p{Surrogate}/u

/** More items than a frame can hold, so the server checks every item. */
const itemsMax = 300_000

export function list<T>(
  check: Check<T>,
  { countMax, reason }: { countMax: number; reason: Reason }
): Check<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) return (reportShape(problems, path, 'must be an array'), [])
    if (value.length > countMax) reportLimit(problems, reason, `${path}: at most ${countMax}`)
    // `map` skips the holes of a sparse array, and its length may be four billion.
    const length = Math.min(value.length, itemsMax)
    const items = Array.from({ length }, (_, index) =>
      check(value[index] as unknown, `${path}[${index}]`, problems)
    )
    // A list over its limit is refused at the end. The surplus must not load or lock rows before.
    return items.slice(0, countMax)
  }
}

export function choice<const T extends string>(
  values: readonly T[],
  reason: Reason = 'IllegalArgument'
): Check<T> {
  return (value, path, problems) => {
    const chosen = values.find(each => each === value)
    if (chosen === undefined)
      problems.shape ??= groupError(reason, `${path}: one of ${values.join(', ')}`)
    // Without a problem, the value is one of the list.
    return chosen as T
  }
}

export function count({ min, max }: { min: number; max: number }): Check<number> {
  return (value, path, problems) => {
    if (typeof value !== 'number' || !Number.isInteger(value))
      return (reportShape(problems, path, 'must be a whole number'), 0)
    if (value < min || value > max)
      reportLimit(problems, 'IllegalArgument', `${path}: ${min} to ${max}`)
    return value
  }
}

export const flag: Check<boolean> = (value, path, problems) => {
  if (typeof value !== 'boolean') reportShape(problems, path, 'must be true or false')
  return value === true
}

export function reportShape(problems: Problems, path: string, detail: string): void {
  problems.shape ??= groupError('IllegalArgument', `${path}: ${detail}`)
}

export function reportLimit(problems: Problems, reason: Reason, detail: string): void {
  problems.limit ??= groupError(reason, detail)
}
