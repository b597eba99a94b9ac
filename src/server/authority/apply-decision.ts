/** Applies an accepted decision to the batch: log entry, rows, memberships, tips and notices. */

import type { Decision } from '../../kernel/decision.ts'
import type { Change, EntriesRow } from '../../kernel/model.ts'
import { must } from '../../kernel/must.ts'
import { rowDigest } from '../../protocol/digest.ts'
import { isEntries, type LogEntry, type Other } from '../database/port.ts'
import { otherName, type Batch } from './batch.ts'
import { addNotices } from './batch-notices.ts'
import { followers, loadMemberships, updateMembership } from './memberships.ts'

export type Accepted = Extract<Decision, { kind: 'accept' }>

export async function applyDecision(
  batch: Batch,
  decision: Accepted,
  by: Omit<LogEntry, 'seq'>
): Promise<void> {
  const former = {
    groupName: batch.group?.name ?? '',
    followers: decision.notices.some(({ to }) => to === 'members') ? await followers(batch) : []
  }
  batch.seq++
  const entry = { ...by, seq: batch.seq }
  batch.log.push(entry)
  const affected = new Set<string>()
  for (const change of decision.changes)
    for (const userID of await applyChange(batch, change)) if (userID) affected.add(userID)
  await loadMemberships(batch, [...affected])
  for (const userID of affected) updateMembership(batch, userID, entry)
  await addNotices(batch, decision, entry, former)
}

/** Returns the users with a membership that the change may affect. */
async function applyChange(batch: Batch, change: Change): Promise<string[]> {
  const { members, others, changed, seq } = batch
  if (change.table === 'members') {
    batch.digest ^= rowDigest(members.get(change.id)?.row) ^ rowDigest(change.row)
    members.set(change.id, { userID: change.id, row: change.row, revision: seq })
    changed.members.add(change.id)
    return [change.id]
  }
  if (change.table !== 'groups') {
    // Rows of these tables are put, and removed only together with their group.
    const other = { ...change, row: must(change.row), revision: seq } as Other
    if (isEntries(other))
      // A row of this name is one of the same table.
      batch.digest ^=
        rowDigest(others.get(otherName(other)) as EntriesRow | undefined) ^ rowDigest(other.row)
    others.set(otherName(other), other.row)
    changed.others.set(otherName(other), other)
    return []
  }
  batch.digest ^= rowDigest(batch.group) ^ rowDigest(change.row)
  batch.group = change.row
  // An owner follows an AVChatRoom without a member row. Other memberships change with their rows.
  if (batch.group) return batch.group.type === 'AVChatRoom' ? [batch.group.ownerID] : []
  return dissolve(batch)
}

async function dissolve(batch: Batch): Promise<string[]> {
  const { tx, groupID, members, others, changed, memberships, seq } = batch
  batch.isDissolved = true
  batch.digest = 0
  for (const userID of members.keys()) members.set(userID, { userID, row: null, revision: seq })
  others.clear()
  changed.members.clear()
  changed.others.clear()
  return [...(await tx.followers(groupID)), ...memberships.keys()]
}
