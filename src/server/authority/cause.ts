/**
 * The event by which the actor of a refused operation lost the right to it, if it may know that.
 */

import { scopeOf, type GroupError } from '../../kernel/errors.ts'
import { rolesGiven } from '../../kernel/role-changes.ts'
import type { Cause } from '../../kernel/verdict.ts'
import type { LogEntry, MarkedMember } from '../database/port.ts'
import type { Batch } from './batch.ts'
import { membershipOf } from './memberships.ts'
import { roleChangesSince } from './roles.ts'
import type { Submission } from './submission.ts'

/**
 * Finds how the actor left the group, or lost its role since the state that the operation saw. An
 * event of an earlier group with the same ID is no cause.
 */
export async function causeOf(
  batch: Batch,
  { userID, operation }: Submission,
  error: GroupError
): Promise<Cause | undefined> {
  const scope = scopeOf(error)
  if (scope !== 'permission' && scope !== 'gone' && scope !== 'state') return undefined
  const membership = await membershipOf(batch, userID)
  if (!membership.follows) {
    if (!membership.left) return undefined
    return membership.since < (await creationOf(batch)) ? undefined : membership.left
  }
  const self = batch.members.get(userID)
  if (scope !== 'permission' || !self || self.revision <= operation.seen) return undefined
  const changes = await roleChangesSince(batch, Math.max(operation.seen, await creationOf(batch)))
  const entry = changes.findLast(each => isDemotion(each, self))
  return entry && { reason: 'demoted', by: entry.actor, atSeconds: entry.atSeconds }
}

const creation = 'createGroup'
/** The commit of the last creation of the group: 0 if it is older than the log. */
async function creationOf(batch: Batch): Promise<number> {
  batch.storedCreation ??= batch.tx.logSince(batch.groupID, 0, [creation], 1)
  const inBatch = batch.log.findLast(({ name }) => name === creation)
  return (inBatch ?? (await batch.storedCreation)[0])?.seq ?? 0
}

/**
 * A transfer by an app admin does not name the former owner, but changes the revision of its row.
 */
function isDemotion(entry: LogEntry, { userID, revision }: MarkedMember): boolean {
  const given = rolesGiven(entry).find(each => each.userID === userID)
  return given ? given.role === 'Member' : revision === entry.seq
}
