/**
 * The authority: judges the operations of one group in one transaction, one after another, by the
 * kernel's rules on locked rows. Each operation gets one verdict.
 */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { Policy } from '../../kernel/limits.ts'
import { entriesTables, isOneOf } from '../../kernel/model.ts'
import { rejected, type Cause, type Verdict } from '../../kernel/verdict.ts'
import type { StoredVerdict, Transaction } from '../database/port.ts'
import type { Announcement } from './announcement.ts'
import { applyDecision } from './apply-decision.ts'
import { openBatch, viewOf, type Batch } from './batch.ts'
import { causeOf } from './cause.ts'
import { knownVerdicts, type KnownVerdicts } from './known-verdicts.ts'
import type { Outcome, Submission } from './submission.ts'
import { writeBatch } from './write-batch.ts'

/** An operation that has waited longer is refused: the user no longer expects it. */
const waitedSecondsMax = 30 * 86_400

export async function judge(
  tx: Transaction,
  groupID: string,
  submissions: readonly Submission[],
  { nowMs, policy }: { nowMs: number; policy: Policy }
): Promise<{ outcomes: Outcome[]; announcement: Announcement | undefined }> {
  const now = Math.floor(nowMs / 1000)
  const before = await tx.lockGroup(groupID)
  const known = await knownVerdicts(tx, submissions)
  const prepared = submissions.flatMap(submission => {
    const { checked, operation } = submission
    return checked.ok && !known.of(submission, operation.opID) ? [checked.prepared] : []
  })
  const batch = await openBatch(tx, { groupID, before, prepared, policy, now })
  const outcomes: Outcome[] = []
  for (const submission of submissions) outcomes.push(await outcomeOf(batch, known, submission))
  return { outcomes, announcement: await writeBatch(batch) }
}

async function outcomeOf(
  batch: Batch,
  known: KnownVerdicts,
  submission: Submission
): Promise<Outcome> {
  const { userID, operation } = submission
  const { opID, after, name } = operation
  const stored = known.of(submission, opID)
  if (stored) return { kind: 'verdict', verdict: stored.verdict }
  const predecessor = after === undefined ? undefined : known.of(submission, after)
  if (after !== undefined && !predecessor) return { kind: 'retry' }
  const verdict = await verdictOn(batch, submission, predecessor)
  known.add(submission, opID, { verdict, name })
  batch.verdicts.push({ userID, verdict, name, atSeconds: batch.now })
  return { kind: 'verdict', verdict }
}

async function verdictOn(
  batch: Batch,
  submission: Submission,
  predecessor: StoredVerdict | undefined
): Promise<Verdict> {
  const { userID, isAppAdmin, operation, checked } = submission
  const { now, policy, groupID } = batch
  const { opID, name } = operation
  const refuse = (error: GroupError, cause?: Cause) => rejected(operation, error, cause)

  if (operation.waitedSeconds > waitedSecondsMax) return refuse(groupError('OperationExpired'))
  if (isFatal(predecessor))
    return refuse(groupError('PredecessorRejected'), {
      reason: 'predecessor',
      by: userID,
      atSeconds: now
    })
  if (!checked.ok) return refuse(checked.error)

  const seq = batch.seq + 1
  const decision = checked.prepared.decide(viewOf(batch), {
    actor: userID,
    isAppAdmin,
    now,
    policy,
    seq,
    seen: operation.seen
  })
  if (decision.kind === 'unknown') {
    // The batch has loaded every row that the operation said it needs.
    if (decision.missing.length > 0)
      throw new Error(`${name} was judged without ${JSON.stringify(decision.missing)}`)
    // A newer build has written values that this build has no rules for.
    return refuse(groupError('NotJudged'))
  }
  if (decision.kind === 'reject')
    return refuse(decision.error, await causeOf(batch, submission, decision.error))
  // The log is kept for 30 days. Attributes take up to 16 KiB, and no reader of the log needs them.
  const isEntriesOnly = decision.changes.every(({ table }) => isOneOf(entriesTables, table))
  const args = isEntriesOnly ? { groupID } : checked.prepared.operation.args
  if (decision.changes.length > 0)
    await applyDecision(batch, decision, { atSeconds: now, actor: userID, opID, name, args })
  return { kind: decision.outcome, opID, groupID, seq: batch.seq, result: decision.result }
}

/**
 * If its group was not created, no later operation of the lane applies: a group with that ID
 * belongs to another user.
 */
const isFatal = (predecessor: StoredVerdict | undefined) =>
  predecessor?.verdict.kind === 'rejected' &&
  (predecessor.name === 'createGroup' || predecessor.verdict.scope === 'dependency')
