/** Checks of names, avatars, custom fields and initial members. */

import {
  choice,
  list,
  optional,
  reportLimit,
  record,
  text,
  reportShape,
  type Check
} from './args.ts'
import { userID } from './ids.ts'
import { limits } from './limits.ts'
import type { CustomField } from './model.ts'
import { isOneLine, showsSomething } from './visible.ts'

/** A name is one line with at least one visible character. */
export function name({
  bytesMax,
  filled = true
}: {
  bytesMax: number
  filled?: boolean
}): Check<string> {
  return (value, path, problems) => {
    const checked = text({ bytesMax, filled })(value, path, problems)
    if (!isOneLine(checked)) reportLimit(problems, 'IllegalArgument', `${path}: must be one line`)
    if (checked !== '' && !showsSomething(checked))
      reportLimit(problems, 'IllegalArgument', `${path}: must show something`)
    return checked
  }
}

export const avatar: Check<string> = (value, path, problems) => {
  const url = text({ bytesMax: limits.avatarBytesMax })(value, path, problems)
  // Browsers ignore line breaks and tabs in an address, and read a backslash as a slash.
  const scheme = /^\s*(?:([a-z][a-z0-9+.-]*):|[\\/]{2})/i.exec(url.replace(/[\t\n\r]/g, ''))
  if (scheme && !/^https?$/i.test(scheme[1] ?? ''))
    reportLimit(problems, 'IllegalArgument', `${path}: only http and https addresses`)
  return url
}

export const fieldKey: Check<string> = (value, path, problems) => {
  const key = text({ bytesMax: limits.customFieldKeyBytesMax, filled: true })(value, path, problems)
  if (!/^[A-Za-z0-9_]*$/.test(key)) reportShape(problems, path, 'letters, digits and _ only')
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
