/** Options of groups whose meaning differs from that of a kernel operation. */

import type { Args } from '../kernel/decide.ts'
import { fieldOf } from './field.ts'
import { ownError } from './im-error.ts'
import { failure } from './perform.ts'

/**
 * Options of later SDKs that change the rights of users. Without them, users would get rights that
 * the app has not given.
 */
const laterOptions = ['inviteOption', 'isSupportTopic']

export function refuseLaterOptions(api: string, options: object): void {
  const given = laterOptions.find(name => fieldOf(options, name) !== undefined)
  if (given) throw failure(ownError('IllegalArgument', `${given} is not supported`), api, options)
}

/** As in Tencent's SDK, empty words are absent. A misspelt constant of `TYPES` is `undefined`. */
export function newGroup(options: Args<'createGroup'>): Args<'createGroup'> {
  refuseLaterOptions('createGroup', options)
  const given = Object(options) as Args<'createGroup'>
  if (Object.hasOwn(given, 'type') && given.type === undefined)
    throw failure(ownError('IllegalGroupType', 'type is undefined'), 'createGroup', options)
  const { memberList } = given
  return {
    ...given,
    ...(fieldOf(given, 'type') === '' && { type: undefined }),
    ...(Array.isArray(memberList) && {
      memberList: memberList.map((member: object) =>
        fieldOf(member, 'role') === '' ? { ...member, role: undefined } : member
      )
    })
  } as Args<'createGroup'>
}
