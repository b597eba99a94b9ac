/** IDs of groups and users: their checks, and IDs that the store generates. */

import { list, reportShape, type Check } from './args.ts'
import { groupError } from './errors.ts'
import { limits } from './limits.ts'

const printable = /^[\x20-\x7e]+$/

/** The ID of an existing group. */
export const groupID: Check<string> = (value, path, problems) => {
  if (typeof value !== 'string' || value === '')
    return (reportShape(problems, path, 'must be a group ID'), '')
  if (!printable.test(value) || value.length > limits.groupIDBytesMax)
    problems.shape ??= groupError('IllegalGroupID')
  return value
}

/** The ID that the creator of a group chooses. With `''` the store generates one. */
export const newGroupID: Check<string | undefined> = (value, path, problems) => {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') return (reportShape(problems, path, 'must be a string'), undefined)
  const isPrintable = printable.test(value) && value.trim() !== ''
  if (
    !isPrintable ||
    value.length > limits.groupIDBytesMax ||
    value.startsWith(generatedIDPrefix)
  ) {
    reportShape(
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
      reportShape(
        problems,
        path,
        `must be a user ID: 1 to ${limits.userIDBytesMax} characters of ASCII`
      ),
      ''
    )
  }
  return value
}

/** Users to act on, without duplicates. */
export const userIDList: Check<readonly string[]> = (value, path, problems) => {
  const users = list(userID, { countMax: limits.accountsPerCallMax, reason: 'TooManyAccounts' })(
    value,
    path,
    problems
  )
  if (users.length === 0) reportShape(problems, path, 'must name at least one user')
  return [...new Set(users)]
}
