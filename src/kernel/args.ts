/**
 * What arguments may look like, as data. An operation lists a check per argument; `parseArgs` rebuilds the arguments
 * field by field from untrusted input, so nothing that is not listed gets through.
 *
 * A wrong shape is refused at once. A value over a limit is refused only if nothing weightier stands against the
 * operation: Tencent's order of checks ends with the limits.
 *
 * Why: the kernel has its own few checks instead of a schema library. They carry exact codes,
 * count UTF-8 bytes without TextEncoder, and are small enough for the UI thread.
 */

import { groupError, type GroupError, type Reason } from './errors.ts'
import { limits, utf8Length } from './limits.ts'
import type { CustomField } from './model.ts'
import { isOneLine, showsSomething } from './visible.ts'

type Problems = { shape?: GroupError; limit?: GroupError }
type Check<T> = (value: unknown, path: string, problems: Problems) => T
export type ArgsSpec = Readonly<Record<string, Check<unknown>>>

type Parsed<S extends ArgsSpec> = { [K in keyof S]: ReturnType<S[K]> }
type OptionalKeys<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T]

/** The arguments a spec describes, after parsing: what was left out is not there. */
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

function record<S extends ArgsSpec>(spec: S): Check<ArgsOf<S>> {
  return (value, path, problems) => {
    const fields: Record<string, unknown> = {}
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      wrong(problems, path || 'arguments', 'must be an object')
    } else {
      for (const [name, check] of Object.entries(spec)) {
        const field = check(
          Object.hasOwn(value, name) ? value[name as keyof typeof value] : undefined,
          path ? `${path}.${name}` : name,
          problems
        )
        if (field !== undefined) fields[name] = field
      }
    }
    // Built from the spec just above; without a problem each field has passed its check.
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
    if (typeof value !== 'string') return (wrong(problems, path, 'must be a string'), '')
    if (filled && value === '') return (wrong(problems, path, 'must not be empty'), '')
    if (utf8Length(value) > bytesMax)
      over(problems, 'IllegalArgument', `${path}: at most ${bytesMax} bytes`)
    if (unprintable.test(value))
      over(problems, 'IllegalArgument', `${path}: has characters that nobody can see`)
    return value
  }
}
// Line breaks and tabs belong into introductions; the other control characters and lone surrogates into nothing.
const unprintable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]|\p{Surrogate}/u

/** The name of something: one line that shows something. */
export function name({
  bytesMax,
  filled = true
}: {
  bytesMax: number
  filled?: boolean
}): Check<string> {
  return (value, path, problems) => {
    const checked = text({ bytesMax, filled })(value, path, problems)
    if (!isOneLine(checked)) over(problems, 'IllegalArgument', `${path}: must be one line`)
    if (checked !== '' && !showsSomething(checked))
      over(problems, 'IllegalArgument', `${path}: must show something`)
    return checked
  }
}

export const avatar: Check<string> = (value, path, problems) => {
  const url = text({ bytesMax: limits.avatarBytesMax })(value, path, problems)
  // Browsers pass over line breaks and tabs in an address, and take a backslash for a slash.
  const scheme = /^\s*(?:([a-z][a-z0-9+.-]*):|[\\/]{2})/i.exec(url.replace(/[\t\n\r]/g, ''))
  if (scheme && !/^https?$/i.test(scheme[1] ?? ''))
    over(problems, 'IllegalArgument', `${path}: only http and https addresses`)
  return url
}

const printable = /^[\x20-\x7e]+$/

/** The ID of a group that may exist. */
export const groupID: Check<string> = (value, path, problems) => {
  if (typeof value !== 'string' || value === '')
    return (wrong(problems, path, 'must be a group ID'), '')
  if (!printable.test(value) || value.length > limits.groupIDBytesMax)
    problems.shape ??= groupError('IllegalGroupID')
  return value
}

/** The ID that the creator of a group chooses. `''` leaves the choice to the store. */
export const newGroupID: Check<string | undefined> = (value, path, problems) => {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') return (wrong(problems, path, 'must be a string'), undefined)
  const isPrintable = printable.test(value) && value.trim() !== ''
  if (
    !isPrintable ||
    value.length > limits.groupIDBytesMax ||
    value.startsWith(generatedIDPrefix)
  ) {
    wrong(
      problems,
      path,
      `1 to ${limits.groupIDBytesMax} characters of ASCII, not starting with ${generatedIDPrefix}`
    )
  }
  return value
}
export const generatedIDPrefix = '@TGS#'
export const isGeneratedID = (id: string) => /^@TGS#[A-Za-z0-9_-]{22}$/.test(id)

export const isUserID = (value: unknown): value is string =>
  typeof value === 'string' &&
  printable.test(value) &&
  value.trim() !== '' &&
  value.length <= limits.userIDBytesMax

export const userID: Check<string> = (value, path, problems) => {
  if (!isUserID(value)) {
    return (
      wrong(problems, path, `must be a user ID: 1 to ${limits.userIDBytesMax} characters of ASCII`),
      ''
    )
  }
  return value
}

/** Users to act on, each once. */
export const userIDList: Check<readonly string[]> = (value, path, problems) => {
  const users = list(userID, { countMax: limits.accountsPerCallMax, reason: 'TooManyAccounts' })(
    value,
    path,
    problems
  )
  if (users.length === 0) wrong(problems, path, 'must name at least one user')
  return [...new Set(users)]
}

/** More than a frame can hold, so that the server looks at all items. */
const itemsMax = 300_000

function list<T>(
  check: Check<T>,
  { countMax, reason }: { countMax: number; reason: Reason }
): Check<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) return (wrong(problems, path, 'must be an array'), [])
    if (value.length > countMax) over(problems, reason, `${path}: at most ${countMax}`)
    // A sparse array has no items for `map` to see, and its length may be four billion.
    const length = Math.min(value.length, itemsMax)
    const items = Array.from({ length }, (_, index) =>
      check(value[index] as unknown, `${path}[${index}]`, problems)
    )
    // Too long a list is refused in the end. Until then no row is loaded, and no user locked, for the rest of it.
    return items.slice(0, countMax)
  }
}

export function choice<const T extends string>(
  values: readonly T[],
  reason: Reason = 'IllegalArgument'
): Check<T> {
  return (value, path, problems) => {
    const found = values.find(each => each === value)
    if (found === undefined)
      problems.shape ??= groupError(reason, `${path}: one of ${values.join(', ')}`)
    // Only used when nothing was found wrong.
    return found as T
  }
}

export function count({ min, max }: { min: number; max: number }): Check<number> {
  return (value, path, problems) => {
    if (typeof value !== 'number' || !Number.isInteger(value))
      return (wrong(problems, path, 'must be a whole number'), 0)
    if (value < min || value > max) over(problems, 'IllegalArgument', `${path}: ${min} to ${max}`)
    return value
  }
}

export const flag: Check<boolean> = (value, path, problems) => {
  if (typeof value !== 'boolean') wrong(problems, path, 'must be true or false')
  return value === true
}

const fieldKey: Check<string> = (value, path, problems) => {
  const key = text({ bytesMax: limits.customFieldKeyBytesMax, filled: true })(value, path, problems)
  if (!/^[A-Za-z0-9_]*$/.test(key)) wrong(problems, path, 'letters, digits and _ only')
  return key
}

const customFields =
  ({
    fieldsMax,
    valueBytesMax
  }: {
    fieldsMax: number
    valueBytesMax: number
  }): Check<readonly CustomField[]> =>
  (value, path, problems) => {
    const field = { key: fieldKey, value: optional(text({ bytesMax: valueBytesMax })) }
    const fields = list(record(field), { countMax: fieldsMax, reason: 'IllegalArgument' })(
      value,
      path,
      problems
    )
    return fields.map(({ key, value = '' }) => ({ key, value }))
  }

export const groupCustomField = customFields({
  fieldsMax: limits.groupCustomFieldsMax,
  valueBytesMax: limits.groupCustomFieldBytesMax
})
export const memberCustomField = customFields({
  fieldsMax: limits.memberCustomFieldsMax,
  valueBytesMax: limits.memberCustomFieldBytesMax
})

const initialMember = {
  userID,
  role: optional(choice(['Admin'])),
  memberCustomField: optional(memberCustomField)
}
export const memberList = list(record(initialMember), {
  countMax: limits.accountsPerCallMax,
  reason: 'TooManyAccounts'
})

function wrong(problems: Problems, path: string, detail: string): void {
  problems.shape ??= groupError('IllegalArgument', `${path}: ${detail}`)
}

function over(problems: Problems, reason: Reason, detail: string): void {
  problems.limit ??= groupError(reason, detail)
}
