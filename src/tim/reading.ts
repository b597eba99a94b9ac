/** The arguments of calls that only read. The kernel checks the arguments of operations. */

import {
  choice,
  count as countCheck,
  list,
  optional,
  parseArgs,
  text,
  type ArgsOf,
  type Check
} from '../kernel/args.ts'
import { describe } from '../kernel/error-texts.ts'
import { groupID as groupIDCheck, userIDList as userIDListCheck } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'
import { markType } from '../kernel/marks.ts'
import { hasOwn, roles } from '../kernel/model.ts'
import { failure } from './perform.ts'

export const profilesPerCallMax = 50

/** Further users are left out, so they are not checked either. */
const firstUserIDs: Check<readonly string[]> = (value, path, problems) =>
  userIDListCheck(Array.isArray(value) ? value.slice(0, profilesPerCallMax) : value, path, problems)
const page = optional(countCheck({ min: 0, max: 4_294_967_295 }))
const keyList = optional(
  list(text({ bytesMax: limits.counterKeyBytesMax }), {
    countMax: limits.countersMax,
    reason: 'IllegalArgument'
  })
)
const fieldKeys = optional(
  list(text({ bytesMax: limits.customFieldKeyBytesMax }), {
    // As many as an answer can have.
    countMax: profilesPerCallMax * limits.memberCustomFieldsMax,
    reason: 'IllegalArgument'
  })
)
const reading = {
  getGroupProfile: { groupID: groupIDCheck },
  getGroupMemberList: {
    groupID: groupIDCheck,
    count: page,
    offset: page,
    role: optional(choice(roles)),
    filter: optional(markType)
  },
  getGroupMemberProfile: {
    groupID: groupIDCheck,
    userIDList: firstUserIDs,
    memberCustomFieldFilter: fieldKeys
  },
  getGroupAttributes: { groupID: groupIDCheck, keyList },
  getGroupCounters: { groupID: groupIDCheck, keyList }
}

export const isReading = (api: string): boolean =>
  hasOwn(reading, api) || otherReading.includes(api)

const otherReading: readonly string[] = [
  'getGroupList',
  'searchGroupByID',
  'getGroupApplicationList',
  'getMessageList',
  'getMyProfile',
  'getConversationProfile'
]

export function parsed<N extends keyof typeof reading>(
  api: N,
  options: unknown
): ArgsOf<(typeof reading)[N]> {
  const checked = parseArgs(reading[api], options)
  if (!checked.ok) throw failure(describe(checked.error), api)
  if (checked.limit) throw failure(describe(checked.limit), api)
  return checked.args
}
