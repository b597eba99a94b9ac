/**
 * The parameter checks of Tencent's SDK 2.6.3, with its texts. They are used only with the option
 * `strict2x`, for apps that expect a call to throw at once. Without it, a call with wrong arguments
 * rejects with 10004.
 */

import { lookUp } from '../kernel/model.ts'
import type { GroupCalls } from './api.ts'
import { fieldOf } from './field.ts'

type Type = 'String' | 'Number' | 'Boolean' | 'Array' | 'Object'
type Parameter = {
  readonly type: Type
  readonly required?: true
  isValid?(value: unknown): boolean
}

const text: Parameter = { type: 'String' }
const requiredText: Parameter = { type: 'String', required: true }
const list: Parameter = { type: 'Array' }
const requiredList: Parameter = { type: 'Array', required: true }
const requiredObject: Parameter = { type: 'Object', required: true }
const requiredNumber: Parameter = { type: 'Number', required: true }
const texts: Parameter = {
  ...requiredObject,
  isValid: value => Object.values(Object(value) as object).every(each => typeof each === 'string')
}

type Spec = Parameter | Readonly<Record<string, Parameter>>

/** By call: the parameters in its options, or its only positional parameter. */
const specs: Readonly<Record<keyof GroupCalls, Spec>> = {
  getGroupList: { groupProfileFilter: list },
  getGroupProfile: {
    groupID: requiredText,
    groupCustomFieldFilter: list,
    memberCustomFieldFilter: list
  },
  createGroup: { name: requiredText },
  joinGroup: { groupID: requiredText, type: text, applyMessage: text },
  quitGroup: requiredText,
  dismissGroup: requiredText,
  searchGroupByID: requiredText,
  changeGroupOwner: { groupID: requiredText, newOwnerID: requiredText },
  updateGroupProfile: { groupID: requiredText, muteAllMembers: { type: 'Boolean' } },
  getGroupMemberList: {
    groupID: requiredText,
    offset: { type: 'Number' },
    count: { type: 'Number' }
  },
  getGroupMemberProfile: {
    groupID: requiredText,
    userIDList: requiredList,
    memberCustomFieldFilter: list
  },
  setGroupMemberRole: { groupID: requiredText, userID: requiredText, role: requiredText },
  setGroupMemberMuteTime: {
    groupID: requiredText,
    userID: requiredText,
    muteTime: { type: 'Number', isValid: value => Number(value) >= 0 }
  },
  setGroupMemberNameCard: {
    groupID: requiredText,
    userID: text,
    nameCard: { ...requiredText, isValid: value => String(value).trim() !== '' }
  },
  setMessageRemindType: { groupID: requiredText, messageRemindType: requiredText },
  setGroupMemberCustomField: {
    groupID: requiredText,
    userID: text,
    memberCustomField: requiredList
  },
  deleteGroupMember: { groupID: requiredText },
  markGroupMemberList: {
    groupID: requiredText,
    markType: { ...requiredNumber, isValid: value => typeof value === 'number' && value >= 1000 },
    userIDList: requiredList,
    enableMark: { type: 'Boolean', required: true }
  },
  // The SDK does not check these.
  addGroupMember: {},
  handleGroupApplication: {},
  getGroupApplicationList: {},
  getMessageList: { conversationID: requiredText },
  // SDK 2.6.3 does not have these. The checks are those of later versions.
  initGroupAttributes: { groupID: requiredText, groupAttributes: texts },
  setGroupAttributes: { groupID: requiredText, groupAttributes: texts },
  deleteGroupAttributes: { groupID: requiredText, keyList: { ...list, isValid: Array.isArray } },
  getGroupAttributes: { groupID: requiredText, keyList: list },
  setGroupCounters: { groupID: requiredText, counters: requiredObject },
  increaseGroupCounter: { groupID: requiredText, key: requiredText, value: requiredNumber },
  decreaseGroupCounter: { groupID: requiredText, key: requiredText, value: requiredNumber },
  getGroupCounters: { groupID: requiredText }
}

/** Throws as the SDK does, after printing each problem to the console. */
export function validate2x(api: string, argument: unknown): void {
  const spec = lookUp<Spec>(specs, api)
  if (!spec) return
  const parameters: readonly (readonly [string, Parameter, unknown])[] = isParameter(spec)
    ? [['groupID', spec, argument]]
    : Object.entries(spec).map(([name, parameter]) => [name, parameter, fieldOf(argument, name)])
  const problems = parameters.flatMap(([name, parameter, value]) =>
    problemsOf(api, name, parameter, value)
  )
  if (problems.length === 0) return
  for (const problem of problems) console.error(problem)
  throw new Error('Params validate failed.')
}

function problemsOf(
  api: string,
  name: string,
  { type, required, isValid }: Parameter,
  value: unknown
): string[] {
  const problems: string[] = []
  if (isEmpty(value)) {
    if (required) problems.push(`TIM [${api}] Missing required params: "${name}".`)
  } else if (typeOf(value) !== type)
    problems.push(`TIM [${api}] Invalid params: type check failed for "${name}".Expected ${type}.`)
  if (isValid && !isValid(value))
    problems.push(`TIM [${api}] Invalid params: custom validator check failed for params.`)
  return problems
}

const isParameter = (spec: object): spec is Parameter =>
  'type' in spec && typeof spec.type === 'string'
const typeOf = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1)

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
