/** Permissions for the custom fields that an installation declares in its policy. */

import type { Reason } from './errors.ts'
import type { Policy, WriteLevel } from './limits.ts'
import { lookUp, type OrOther } from './model.ts'
import type { Acting } from './permissions.ts'

const ranks: Record<WriteLevel | 'None', number> = {
  None: 0,
  Member: 1,
  Admin: 2,
  Owner: 3,
  App: 4
}

/** `unknown`: the policy has a level that only another build knows. */
type FieldRefusal = Reason | 'unknown' | undefined
function levelRefusal(level: OrOther<WriteLevel>, { role, isAppAdmin }: Acting): FieldRefusal {
  const needed = lookUp(ranks, level)
  if (needed === undefined) return 'unknown'
  return (isAppAdmin ? ranks.App : ranks[role]) >= needed ? undefined : 'NotPermitted'
}

/** Without declarations, the right to write the row is enough for any field. */
export function groupFieldRefusal(
  { customFields }: Policy,
  acting: Acting,
  key: string
): FieldRefusal {
  if (!customFields) return undefined
  const field = customFields.group.find(each => each.key === key)
  return field ? levelRefusal(field.write, acting) : 'UndeclaredField'
}

export function memberFieldRefusal(
  { customFields }: Policy,
  acting: Acting,
  { key, isOwn }: { key: string; isOwn: boolean }
): FieldRefusal {
  if (!customFields) return undefined
  const field = customFields.member.find(each => each.type === acting.type && each.key === key)
  if (!field) return 'UndeclaredField'
  return isOwn && field.ownWrite ? undefined : levelRefusal(field.write, acting)
}
