/** Checks the options of a store. JavaScript can pass any value, despite the types. */

import { groupError, type GroupError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'

type Options = { readonly [name: string]: unknown }

const checks: readonly (readonly [
  name: string,
  isValid: (value: unknown, options: Options) => boolean,
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
  ['worker', canUsePorts, 'false, or left out, with storage or connect'],
  ['paused', value => value === undefined || typeof value === 'boolean', 'true or false'],
  [
    'storage',
    value => value === undefined || hasMethod(value, 'transact') || hasMethod(value, 'then'),
    'an adapter of the storage port, or a promise of one'
  ],
  [
    'connect',
    value => value === undefined || typeof value === 'function',
    'a function that starts a connection'
  ]
]

function isUserID(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= limits.userIDBytesMax &&
    /^[\x20-\x7e]*$/.test(value)
  )
}

/** A worker of another realm is no instance of this realm's `Worker`, so its method decides. */
function isWorker(value: unknown): boolean {
  return (
    value === undefined ||
    value === false ||
    typeof value === 'function' ||
    hasMethod(value, 'postMessage')
  )
}

/** Ports cannot cross to a worker. */
function canUsePorts(worker: unknown, { storage, connect }: Options): boolean {
  return !worker || (storage === undefined && connect === undefined)
}

const hasMethod = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'

export function wrongOption(options: Options): GroupError | undefined {
  if (options['userID'] === undefined || options['userID'] === '') return groupError('NoUserID')
  if (options['token'] === undefined) return groupError('NoUserSig')
  const wrong = checks.find(([name, isValid]) => !isValid(options[name], options))
  return wrong && groupError('IllegalArgument', `${wrong[0]}: must be ${wrong[2]}`)
}
