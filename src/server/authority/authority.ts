/**
 * Judges operations on one group with authority: decides one after another by the kernel's rules, on rows that it has
 * locked, and sees to it that each gets one verdict.
 */

import { prepare } from '../../kernel/decide.ts'
import { groupError, scopeOf, type GroupError } from '../../kernel/errors.ts'
import type { Policy } from '../../kernel/limits.ts'
import { rolesGiven } from '../../kernel/role-changes.ts'
import { rejected, type Cause, type Verdict } from '../../kernel/verdict.ts'
import type { PushedOperation } from '../../protocol/messages.ts'
import { openBatch, type Announcement, type Batch } from './batch.ts'
import type { LogEntry, StoredVerdict, Transaction } from '../database/port.ts'

/** What somebody wanted so long ago is no longer done. */
const waitedSecondsMax = 30 * 86_400

/** An operation that is to be judged, without its arguments: `checked` has those that it takes. */
export type Submission = {
  readonly userID: string
  readonly isAppAdmin: boolean
  readonly operation: Omit<PushedOperation, 'args'>
  readonly checked: ReturnType<typeof prepare>
  /** About so many bytes are held while it waits. */
  readonly bytes: number
  /** How many rows a transaction loads to judge it. */
  readonly rows: number
}

export function submission({
  userID,
  isAppAdmin,
  operation
}: {
  userID: string
  isAppAdmin: boolean
  operation: PushedOperation
}): Submission {
  const { args: _args, ...rest } = operation
  const checked = prepare(operation, userID)
  const bytes = Buffer.byteLength(
    JSON.stringify([rest, checked.ok ? checked.prepared.operation.args : checked.error])
  )
  const rows = checked.ok
    ? checked.prepared.needs(undefined).length + checked.prepared.counted.length
    : 0
  return { userID, isAppAdmin, operation: rest, checked, bytes, rows }
}

/** `retry`: what the operation builds on has not arrived, so it was not judged. */
export type Outcome =
  { readonly kind: 'verdict'; readonly verdict: Verdict } | { readonly kind: 'retry' }

export async function judge(
  tx: Transaction,
  groupID: string,
  submissions: readonly Submission[],
  { nowMs, policy }: { nowMs: number; policy: Policy }
): Promise<{ outcomes: Outcome[]; announcement: Announcement | undefined }> {
  const now = Math.floor(nowMs / 1000)
  const before = await tx.lockGroup(groupID)
  const known = await knownVerdicts(tx, submissions)
  const candidates = submissions.map(submission => ({
    submission,
    checked: known.of(submission, submission.operation.opID) ? undefined : submission.checked
  }))
  const prepared = candidates.flatMap(({ checked }) => (checked?.ok ? [checked.prepared] : []))
  const batch = await openBatch(tx, { groupID, before, prepared, policy, now })

  const outcomes: Outcome[] = []
  for (const { submission, checked } of candidates) {
    const { userID, isAppAdmin, operation } = submission
    const { opID, after } = operation
    const stored = known.of(submission, opID)
    const predecessor = after === undefined ? undefined : known.of(submission, after)
    if (stored) {
      outcomes.push({ kind: 'verdict', verdict: stored.verdict })
      continue
    }
    if (after !== undefined && !predecessor) {
      outcomes.push({ kind: 'retry' })
      continue
    }
    const settle = (verdict: Verdict) => {
      known.add(submission, opID, { verdict, name: operation.name })
      batch.verdicts.push({ userID, verdict, name: operation.name, at: now })
      outcomes.push({ kind: 'verdict', verdict })
    }
    const refuse = (error: GroupError, cause?: Cause) => settle(rejected(operation, error, cause))

    if (operation.waited > waitedSecondsMax) refuse(groupError('OperationExpired'))
    else if (isFatal(predecessor))
      refuse(groupError('PredecessorRejected'), { reason: 'predecessor', by: userID, at: now })
    else if (!checked?.ok) refuse(checked?.error ?? groupError('UnknownOperation'))
    else {
      const decision = checked.prepared.decide(batch.view, {
        actor: userID,
        isAppAdmin,
        now,
        policy,
        seq: batch.seq() + 1
      })
      // The authority has loaded every row that the operation said it needs.
      if (decision.kind === 'unknown' && decision.missing.length > 0)
        throw new Error(`${operation.name} was judged without ${JSON.stringify(decision.missing)}`)
      // A newer build has written words here whose rules this one does not know.
      if (decision.kind === 'unknown') refuse(groupError('NotJudged'))
      else if (decision.kind === 'reject')
        refuse(decision.error, await causeOf(batch, submission, decision.error))
      else {
        const { args } = checked.prepared.operation
        if (decision.changes.length > 0)
          await batch.apply(decision, { at: now, actor: userID, opID, name: operation.name, args })
        settle({ kind: decision.outcome, opID, groupID, seq: batch.seq(), result: decision.result })
      }
    }
  }
  return { outcomes, announcement: await batch.write() }
}

/** Without its group nothing in a lane can stand, even where somebody else has a group of that ID. */
const isFatal = (predecessor: StoredVerdict | undefined) =>
  predecessor?.verdict.kind === 'rejected' &&
  (predecessor.name === 'createGroup' || predecessor.verdict.scope === 'dependency')

async function knownVerdicts(tx: Transaction, submissions: readonly Submission[]) {
  const ids = new Map<string, Set<string>>()
  for (const { userID, operation } of submissions) {
    const { opID, after = opID } = operation
    ids.set(userID, new Set([...(ids.get(userID) ?? []), opID, after]))
  }
  const known = new Map<string, Map<string, StoredVerdict>>()
  // In one order, so that two transactions never wait for each other.
  for (const [userID, opIDs] of [...ids].sort(([a], [b]) => (a < b ? -1 : 1)))
    known.set(userID, await tx.verdicts(userID, [...opIDs]))
  return {
    of: ({ userID }: Submission, opID: string) => known.get(userID)?.get(opID),
    add: ({ userID }: Submission, opID: string, verdict: StoredVerdict) =>
      void known.get(userID)?.set(opID, verdict)
  }
}

/** Who made the operation impossible, as far as the actor may know: how it left the group, or lost its role. */
async function causeOf(
  batch: Batch,
  { userID, operation }: Submission,
  error: GroupError
): Promise<Cause | undefined> {
  const scope = scopeOf(error)
  if (scope !== 'permission' && scope !== 'gone' && scope !== 'state') return undefined
  const membership = await batch.membership(userID)
  if (membership && !membership.follows) return membership.left ?? undefined
  const self = batch.memberRow(userID)
  if (scope !== 'permission' || !self || self.revision <= operation.seen) return undefined
  const entry = (await batch.roleChanges(operation.seen)).findLast(each => isDemotion(each, self))
  return entry && { reason: 'demoted', by: entry.actor, at: entry.at }
}

/** A former owner is not named by the transfer of an app admin: the position of their row tells. */
function isDemotion(
  entry: LogEntry,
  { userID, revision }: { userID: string; revision: number }
): boolean {
  const given = rolesGiven(entry).find(each => each.userID === userID)
  return given ? given.role === 'Member' : revision === entry.seq
}
