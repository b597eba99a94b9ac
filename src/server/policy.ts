/** The policy as an operator writes it down, and as servers and clients use it. */

import { defaultPolicy, type Policy, type WriteLevel } from '../kernel/limits.ts'
import { groupTypes, type GroupType } from '../kernel/model.ts'

export type PolicyOptions = Partial<Omit<Policy, 'customFields'>> & {
  /** The custom fields and who may write them. Default: all fields, by users who may write the row. */
  readonly customFields?: {
    /** By key. */
    readonly group: Readonly<Record<string, WriteLevel>>
    /** By group type, then by key; `ownWrite`: whether members may write their own. */
    readonly member: Readonly<
      Partial<
        Record<
          GroupType,
          Readonly<Record<string, { readonly write: WriteLevel; readonly ownWrite: boolean }>>
        >
      >
    >
  }
}

/** Objects by key become lists here, once: users look up keys of their own choice. */
export function policyFrom({ customFields, ...options }: PolicyOptions = {}): Policy {
  const policy = { ...defaultPolicy, ...options }
  if (!customFields) return policy
  const group = Object.entries(customFields.group).map(([key, write]) => ({ key, write }))
  const member = groupTypes.flatMap(type =>
    Object.entries(customFields.member[type] ?? {}).map(([key, { write, ownWrite }]) => ({
      type,
      key,
      write,
      ownWrite
    }))
  )
  return { ...policy, customFields: { group, member } }
}
