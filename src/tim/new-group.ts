/** Options of groups whose meaning differs from that of a kernel operation. */

import type { Args } from '../kernel/decide.ts'
import { hasOwn } from '../kernel/model.ts'
import { fieldOf } from './field.ts'
import { ownError } from './im-error.ts'
import { failure } from './perform.ts'

/**
 * Options of later SDKs that change the rights of users. Without them, users would get rights that
 * the app has not given. An empty value of each is the default.
 */
const laterOptions = {
  createGroup: ['inviteOption', 'isSupportTopic'],
  updateGroupProfile: ['inviteOption', 'isSupportTopic']
} as const

export function refuseLaterOptions(api: keyof typeof laterOptions, options: object): void {
  const given = laterOptions[api].find(name => Boolean(fieldOf(options, name)))
  if (given) throw failure(ownError('IllegalArgument', `${given} is not supported`), api, options)
}

/** As in Tencent's SDK, an empty word is an absent one. UI kits pass them. */
export function withoutEmpty<A extends object>(args: A, names: readonly (string & keyof A)[]): A {
  const empty = names.filter(name => fieldOf(args, name) === '')
  if (empty.length === 0) return args
  return { ...args, ...Object.fromEntries(empty.map(name => [name, undefined])) }
}

/** A misspelt constant of `TYPES` is `undefined`. */
export function newGroup(options: Args<'createGroup'>): Args<'createGroup'> {
  refuseLaterOptions('createGroup', options)
  const given = Object(options) as Args<'createGroup'>
  if (hasOwn(given, 'type') && given.type === undefined)
    throw failure(ownError('IllegalGroupType', 'type is undefined'), 'createGroup', options)
  const { memberList } = given
  const isList = (value: unknown): value is NonNullable<typeof memberList> => Array.isArray(value)
  return {
    ...withoutEmpty(given, ['type', 'joinOption']),
    ...(isList(memberList) && {
      memberList: memberList.map(member => withoutEmpty(member, ['role']))
    })
  }
}
