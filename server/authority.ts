/**
 * Judges operations on one group with authority: loads what they need, decides one after another by the kernel's rules,
 * and writes rows, log, feeds and verdicts in the transaction it is given.
 */

import { prepare, type Prepared } from '../src/kernel/decide.ts'
import type { View } from '../src/kernel/decision.ts'
import { groupError, scopeOf, type GroupError } from '../src/kernel/errors.ts'
import type { Policy } from '../src/kernel/limits.ts'
import type { ApplicationRow, Change, GroupRow, Key, MemberRow, Rows, Table } from '../src/kernel/model.ts'
import { rejected, type Cause, type Verdict } from '../src/kernel/verdict.ts'
import type { FeedDelta, FeedEvent, PushedOperation } from '../src/sync/messages.ts'
import type { GroupState, LogEntry, Membership, StoredVerdict, Transaction } from './port.ts'

export type Submission = { readonly userID: string; readonly isAppAdmin: boolean; readonly operation: PushedOperation }

/** `retry`: what the operation builds on has not arrived, so it was not judged. */
export type Outcome = { readonly kind: 'verdict'; readonly verdict: Verdict } | { readonly kind: 'retry' }

/** What a committed batch has changed, for everybody who follows. */
export type Announcement = {
  readonly groupID: string
  readonly from: number
  readonly to: number
  readonly group: GroupRow | null
  readonly members: readonly MemberRow[]
  readonly gone: readonly string[]
  readonly feeds: ReadonlyMap<string, FeedDelta>
}

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
    checked: known.of(submission, submission.operation.opID) ? undefined : prepare(submission.operation, submission.userID)
  }))
  const prepared = candidates.flatMap(({ checked }) => (checked?.ok ? [checked.prepared] : []))
  const batch = await openBatch(tx, groupID, before, prepared)

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
      known.add(submission, { verdict, name: operation.name })
      batch.verdicts.push({ userID, verdict, name: operation.name, at: now })
      outcomes.push({ kind: 'verdict', verdict })
    }
    const refuse = (error: GroupError, cause?: Cause) => settle(rejected(operation, error, cause))

    if (isFatal(predecessor)) refuse(groupError('PredecessorRejected'), { reason: 'predecessor', by: userID, at: now })
    else if (!checked?.ok) refuse(checked?.error ?? groupError('UnknownOperation'))
    else {
      const decision = checked.prepared.decide(batch.view, { actor: userID, isAppAdmin, now, policy })
      // The authority has loaded every row that the operation said it needs.
      if (decision.kind === 'unknown') throw new Error(`${operation.name} was judged without ${JSON.stringify(decision.missing)}`)
      if (decision.kind === 'reject') refuse(decision.error, await causeOf(batch, submission, decision.error))
      else {
        const { args } = checked.prepared.operation
        if (decision.changes.length > 0)
          await batch.apply(decision.changes, { at: now, actor: userID, opID, name: operation.name, args })
        settle({ kind: decision.outcome, opID, groupID, seq: batch.seq(), result: decision.result })
      }
    }
  }
  return { outcomes, announcement: await batch.write() }
}

/** Without its group nothing in a lane can stand, even where somebody else has a group of that ID. */
const isFatal = (predecessor: StoredVerdict | undefined) =>
  predecessor?.verdict.kind === 'rejected' && (predecessor.name === 'createGroup' || predecessor.verdict.scope === 'dependency')

async function knownVerdicts(tx: Transaction, submissions: readonly Submission[]) {
  const ids = new Map<string, Set<string>>()
  for (const { userID, operation } of submissions) {
    const ofUser = ids.get(userID) ?? new Set<string>()
    ids.set(userID, ofUser.add(operation.opID))
    if (operation.after !== undefined) ofUser.add(operation.after)
  }
  const known = new Map<string, Map<string, StoredVerdict>>()
  for (const [userID, opIDs] of ids) known.set(userID, await tx.verdicts(userID, [...opIDs]))
  return {
    of: ({ userID }: Submission, opID: string) => known.get(userID)?.get(opID),
    add: ({ userID, operation }: Submission, verdict: StoredVerdict) => void known.get(userID)?.set(operation.opID, verdict)
  }
}

/** The group as it stands after the operations judged so far, and what has to be written. */
async function openBatch(tx: Transaction, groupID: string, before: GroupState, prepared: readonly Prepared[]) {
  const wanted = (table: Table) => [
    ...new Set(prepared.flatMap(({ needs }) => needs.filter(key => key.table === table).map(key => key.id)))
  ]
  const members = new Map((await tx.members(groupID, wanted('members'))).map(member => [member.userID, member]))
  const applications = new Map(
    (await tx.applications(groupID, wanted('applications'))).map(row => [row.userID, row as ApplicationRow | null])
  )
  const counts = await tx.groupCounts([...new Set(prepared.flatMap(({ counted }) => counted))])
  const memberships = new Map<string, Membership>()

  let { row: group, seq } = before
  let isDissolved = false
  const log: LogEntry[] = []
  const changedMembers = new Set<string>()
  const changedApplications = new Set<string>()
  const changedMemberships = new Set<string>()
  const feeds = new Map<string, FeedEvent[]>()
  const verdicts: (StoredVerdict & { userID: string; at: number })[] = []

  function get(key: Key): Rows[Table] | null {
    if (key.table === 'groups') return key.id === groupID ? group : null
    if (key.table === 'members') return members.get(key.id)?.row ?? null
    return applications.get(key.id) ?? null
  }
  const view: View = {
    // `get` answers with a row of the table that the key names.
    get: <T extends Table>(key: Key<T>) => get(key) as Rows[T] | null,
    groupCount: userID => counts.get(userID)
  }

  async function loadMemberships(userIDs: readonly string[]): Promise<void> {
    const missing = userIDs.filter(userID => !memberships.has(userID))
    for (const userID of missing) memberships.set(userID, { userID, mep: 0, follows: false, left: null })
    if (missing.length > 0)
      for (const membership of await tx.memberships(groupID, missing)) memberships.set(membership.userID, membership)
  }

  /** Compares who follows the group now with who did, and tells those for whom it has changed. */
  function follow(userID: string, { actor, at, name }: LogEntry): void {
    const membership = memberships.get(userID)
    if (!membership) throw new Error(`the membership of ${userID} was not loaded`)
    const follows =
      group !== null && (Boolean(members.get(userID)?.row) || (group.type === 'AVChatRoom' && group.ownerID === userID))
    if (follows === membership.follows) return
    const reason = userID === actor && name === 'quitGroup' ? 'quit' : group ? 'kicked' : 'dismissed'
    const next: Membership = follows
      ? { userID, mep: membership.mep + 1, follows, left: null }
      : { userID, mep: membership.mep, follows, left: { reason, by: actor, at } }
    const event: FeedEvent = next.left
      ? { kind: 'left', groupID, mep: next.mep, ...next.left }
      : { kind: 'joined', groupID, mep: next.mep }
    memberships.set(userID, next)
    changedMemberships.add(userID)
    counts.set(userID, (counts.get(userID) ?? 0) + (follows ? 1 : -1))
    feeds.set(userID, [...(feeds.get(userID) ?? []), event])
  }

  return {
    view,
    verdicts,
    seq: () => seq,
    memberRow: (userID: string) => members.get(userID),
    logEntry: async (position: number) => log.find(entry => entry.seq === position) ?? (await tx.logEntry(groupID, position)),
    membership: async (userID: string) => {
      await loadMemberships([userID])
      return memberships.get(userID)
    },

    async apply(changes: readonly Change[], by: Omit<LogEntry, 'seq'>): Promise<void> {
      seq++
      const entry = { ...by, seq }
      log.push(entry)
      const concerned = new Set<string>()
      for (const change of changes) {
        if (change.table === 'members') {
          members.set(change.id, { userID: change.id, row: change.row, rv: seq })
          changedMembers.add(change.id)
          concerned.add(change.id)
        } else if (change.table === 'applications') {
          applications.set(change.id, change.row)
          changedApplications.add(change.id)
        } else {
          group = change.row
          // Elsewhere a place in the group is a row among its members; their changes tell.
          if (group?.type === 'AVChatRoom') concerned.add(group.ownerID)
          if (!group) {
            isDissolved = true
            for (const userID of [...(await tx.followers(groupID)), ...memberships.keys()]) concerned.add(userID)
            for (const userID of members.keys()) members.set(userID, { userID, row: null, rv: seq })
            applications.clear()
            changedMembers.clear()
            changedApplications.clear()
          }
        }
      }
      concerned.delete('')
      await loadMemberships([...concerned])
      for (const userID of concerned) follow(userID, entry)
    },

    async write(): Promise<Announcement | undefined> {
      const rows = [...changedMembers].map(userID => members.get(userID) ?? { userID, row: null, rv: seq })
      const tails = feeds.size > 0 ? await tx.appendFeeds(feeds) : new Map<string, number>()
      await tx.write({
        groupID,
        state: { seq, row: group },
        log,
        members: rows,
        dissolved: isDissolved,
        applications: [...changedApplications].map(userID => ({ userID, row: applications.get(userID) ?? null })),
        memberships: [...changedMemberships].flatMap(userID => memberships.get(userID) ?? []),
        verdicts
      })
      if (seq === before.seq) return undefined
      return {
        groupID,
        from: before.seq,
        to: seq,
        group,
        members: rows.flatMap(({ row }) => row ?? []),
        gone: rows.flatMap(({ userID, row }) => (row ? [] : [userID])),
        feeds: new Map([...feeds].map(([userID, events]) => [userID, feedDelta(events, tails.get(userID) ?? 0)]))
      }
    }
  }
}
type Batch = Awaited<ReturnType<typeof openBatch>>

const feedDelta = (events: FeedEvent[], to: number): FeedDelta => ({ from: to - events.length, to, events })

/** Who made the operation impossible, as far as the actor may know: how it left the group, or lost its role. */
async function causeOf(batch: Batch, { userID, operation }: Submission, error: GroupError): Promise<Cause | undefined> {
  const scope = scopeOf(error)
  if (scope !== 'permission' && scope !== 'gone' && scope !== 'state') return undefined
  const membership = await batch.membership(userID)
  if (membership && !membership.follows) return membership.left ?? undefined
  const self = batch.memberRow(userID)
  if (scope !== 'permission' || !self || self.rv <= operation.seen) return undefined
  const entry = await batch.logEntry(self.rv)
  return entry?.name === 'setGroupMemberRole' ? { reason: 'demoted', by: entry.actor, at: entry.at } : undefined
}
