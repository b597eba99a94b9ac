/** The policy in the form of the server's options, and its conversion to the kernel's form. */

import { defaultPolicy, type Policy, type WriteLevel } from '../kernel/limits.ts'
import { groupTypes, type GroupType } from '../kernel/model.ts'

/** Deviations from the default policy, which is Tencent's. Clients receive them at login. */
export type PolicyOptions = Partial<Omit<Policy, 'customFields'>> & {
  /**
   * The custom fields, with the role that each needs for a write. Default: every key is a field,
   * and every user with the right to change the row may write it.
   */
  readonly customFields?: {
    /** By key. */
    readonly group: Readonly<Record<string, WriteLevel>>
    /** By group type, then by key. `ownWrite`: whether members may write their own field. */
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

/** Objects become lists: users choose the keys to look up, and `constructor` is in any object. */
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
