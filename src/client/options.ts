/** What is wrong with the options of a store. JavaScript passes anything: a number for a user ID, nothing for a url. */

import { groupError, type GroupError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'

type Options = { readonly [name: string]: unknown }

const checks: readonly (readonly [
  name: string,
  isValid: (value: unknown) => boolean,
  expected: string
])[] = [
  ['userID', isUserID, `a text: 1 to ${limits.userIDBytesMax} characters of ASCII`],
  [
    'url',
    value => typeof value === 'string' && /^(ws|http)s?:\/\/[^/]/i.test(value),
    'an address with wss: or https:'
  ],
  [
    'token',
    value => typeof value === 'string' || typeof value === 'function',
    'a userSig, or a function that gets one'
  ],
  ['worker', isWorker, 'a Worker, a function that makes one, or false'],
  ['paused', value => value === undefined || typeof value === 'boolean', 'true or false']
]

function isUserID(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= limits.userIDBytesMax &&
    /^[\x20-\x7e]*$/.test(value)
  )
}

/** A worker of another realm is no instance of this one's `Worker`. */
function isWorker(value: unknown): boolean {
  if (value === undefined || value === false || typeof value === 'function') return true
  return typeof value === 'object' && value !== null && 'postMessage' in value
}

export function wrongOption(options: Options): GroupError | undefined {
  if (options['userID'] === undefined || options['userID'] === '') return groupError('NoUserID')
  if (options['token'] === undefined) return groupError('NoUserSig')
  const wrong = checks.find(([name, isValid]) => !isValid(options[name]))
  return wrong && groupError('IllegalArgument', `${wrong[0]}: must be ${wrong[2]}`)
}
