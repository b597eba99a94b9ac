/** The users with the role of owner or admin, now or recently. */

import { roleOperations, rolesGiven } from '../../kernel/role-changes.ts'
import type { LogEntry } from '../database/port.ts'
import type { Batch } from './batch.ts'
import { loadMemberships } from './memberships.ts'

const adminRoles: readonly string[] = ['Owner', 'Admin']
/** Older changes are not searched: reading them would make other groups wait. */
const roleChangesMax = 100

export async function admins({ tx, groupID, members }: Batch): Promise<string[]> {
  const users = new Set([...(await tx.admins(groupID)), ...members.keys()])
  return [...users].filter(
    userID =>
      !members.has(userID) || adminRoles.includes(members.get(userID)?.row?.role ?? 'Member')
  )
}

/** The admins, and the users that have lost that role since the commit. */
export async function adminsSince(batch: Batch, commit: number): Promise<string[]> {
  const named = (await roleChangesSince(batch, commit)).flatMap(({ name, actor, args }) => [
    actor,
    ...rolesGiven({ name, args, actor }).map(({ userID }) => userID)
  ])
  await loadMemberships(batch, named)
  const following = named.filter(userID => batch.memberships.get(userID)?.follows)
  return [...new Set([...(await admins(batch)), ...following])]
}

export async function roleChangesSince(batch: Batch, commit: number): Promise<LogEntry[]> {
  batch.storedRoleChanges ??= batch.tx.logSince(batch.groupID, 0, roleOperations, roleChangesMax)
  return [...(await batch.storedRoleChanges), ...batch.log].filter(
    ({ seq, name }) => seq > commit && roleOperations.includes(name)
  )
}
