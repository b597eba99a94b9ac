/** Checks the options of a server before it starts. Each mistake is one error naming the option. */

import * as v from 'valibot'
import { parseArgs } from '../kernel/args.ts'
import { isUserID } from '../kernel/ids.ts'
import { limits, type Policy, type WriteLevel } from '../kernel/limits.ts'
import { groupTypes, isOneOf, lookUp } from '../kernel/model.ts'
import { fieldKey } from '../kernel/profile-args.ts'
import { showsSomething } from '../kernel/visible.ts'
import { frameLimits } from '../protocol/messages.ts'
import type { ServerOptions } from './main.ts'
import { normalOrigin } from './transports/origins.ts'

type Rule = {
  readonly rule: string
  readonly isRight: (value: unknown) => boolean
  readonly isNeeded?: boolean
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isFilled = (value: unknown): boolean => isText(value) && value.trim() !== ''
const isWhole = (value: unknown, min: number, max: number) =>
  Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
const isList = (value: unknown, isRight: (item: unknown) => boolean) =>
  Array.isArray(value) && value.every(isRight)
const levels: readonly unknown[] = ['App', 'Owner', 'Admin', 'Member'] satisfies WriteLevel[]
const suppressTips: readonly unknown[] = ['none', 'tencent'] satisfies Policy['suppressTips'][]
/**
 * Checks own keys, as `policyFrom` reads them. A schema of a record skips `constructor` and
 * `__proto__`, so a wrong level of such a field would reach every client in its welcome.
 */
const isTable = (
  value: unknown,
  isRight: (item: unknown, key: string) => boolean
): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).every(([key, item]) => isRight(item, key))
function isFieldKey(key: string): boolean {
  const parsed = parseArgs({ key: fieldKey }, { key })
  return parsed.ok && !parsed.limit
}
const isGroupField = (write: unknown, key: string) => isFieldKey(key) && levels.includes(write)
const isMemberField = (field: unknown, key: string) =>
  isFieldKey(key) &&
  v.is(v.object({ write: v.unknown(), ownWrite: v.boolean() }), field) &&
  isTable(field, (item, name) => name === 'ownWrite' || (name === 'write' && levels.includes(item)))
const isCustomFields = (value: unknown) =>
  v.is(v.object({ group: v.unknown(), member: v.unknown() }), value) &&
  isTable(value, (_, name) => name === 'group' || name === 'member') &&
  isTable(value.group, isGroupField) &&
  isTable(
    value.member,
    (fields, type) => isOneOf(groupTypes, type) && isTable(fields, isMemberField)
  )
const policyRules: { readonly [Name in keyof Required<Policy>]: (value: unknown) => boolean } = {
  adminsCanKick: value => typeof value === 'boolean',
  // A hello with more groups is refused, so the user could not log in.
  groupsPerUserMax: value => isWhole(value, 0, frameLimits.groupsPerHelloMax),
  suppressTips: value => suppressTips.includes(value),
  customFields: value => value === undefined || isCustomFields(value)
}
const isPolicy = (value: unknown) =>
  isTable(value, (item, name) => lookUp(policyRules, name)?.(item) ?? false)
const isFunction = (value: unknown) => typeof value === 'function'
const aFunction: Rule = { rule: 'a function', isRight: isFunction }

const rules: { readonly [Name in keyof Required<ServerOptions>]: Rule } = {
  sdkAppID: {
    rule: 'a whole number from 1, the SDKAppID of the app',
    isRight: value => isWhole(value, 1, Number.MAX_SAFE_INTEGER),
    isNeeded: true
  },
  secretKey: {
    rule: 'a text that is not blank: whoever knows the key can log in as anybody',
    isRight: value => isText(value) && showsSomething(value),
    isNeeded: true
  },
  port: { rule: 'a whole number from 0 to 65535', isRight: value => isWhole(value, 0, 65_535) },
  host: {
    rule: 'an address or a name, without scheme, brackets, port or path',
    isRight: value =>
      isText(value) &&
      (/^[A-Za-z0-9._-]+$/.test(value) || /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%\w+)?$/.test(value))
  },
  dataDir: {
    rule: 'the path of a folder',
    isRight: value => isFilled(value) && !String(value).includes('\0')
  },
  database: {
    rule: 'a Database, as openSqlDatabase makes it',
    isRight: value =>
      typeof value === 'object' &&
      value !== null &&
      'transaction' in value &&
      isFunction(value.transaction)
  },
  appAdmins: {
    rule: `a list of user IDs: 1 to ${limits.userIDBytesMax} characters of printable ASCII each`,
    isRight: value => isList(value, isUserID)
  },
  policy: {
    rule:
      `an object with some of ${Object.keys(policyRules).join(', ')}: ` +
      `at most ${frameLimits.groupsPerHelloMax} groups per user, and keys that a call can write`,
    isRight: isPolicy
  },
  allowedOrigins: {
    rule: 'a list of origins such as https://app.example',
    isRight: value => isList(value, origin => isText(origin) && normalOrigin(origin) !== undefined)
  },
  onRequest: aFunction,
  onError: aFunction,
  now: aFunction
}

/** Throws a `TypeError` for the first mistake. */
export function checkOptions(options: ServerOptions): void {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(rules, name))
      throw new TypeError(
        `${name}: there is no such option; there are ${Object.keys(rules).join(', ')}`
      )
  for (const [name, { rule, isRight, isNeeded }] of Object.entries(rules)) {
    const value = options[name as keyof ServerOptions]
    if (value === undefined ? isNeeded : !isRight(value))
      throw new TypeError(`${name}: must be ${rule}${given(name, value)}`)
  }
  if (options.database && options.dataDir !== undefined)
    throw new TypeError(
      'dataDir: is for the embedded database, and there is another database: leave one of them out'
    )
}

/** The text of a wrong value in an error. A secret key must not appear in a log. */
function given(name: string, value: unknown): string {
  if (name === 'secretKey') return ''
  const text = isText(value) || Array.isArray(value) ? JSON.stringify(value) : String(value)
  return `; it is ${text.slice(0, 200)}`
}
