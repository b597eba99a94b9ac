/** The tip and the feed events that follow from a decision. */

import { isTipSent, noticeTypes } from '../../kernel/notices.ts'
import type { LogEntry } from '../database/port.ts'
import type { Accepted } from './apply-decision.ts'
import { addFeedEvent, type Batch } from './batch.ts'
import { admins, adminsSince } from './roles.ts'

/** `former`: the group before the decision. Members that the decision removes are notified too. */
export async function addNotices(
  batch: Batch,
  { tip, notices, changes }: Accepted,
  entry: LogEntry,
  former: { groupName: string; followers: readonly string[] }
): Promise<void> {
  const { groupID, group, policy, seq, tips } = batch
  const { actor, atSeconds, seq: applicationSeq } = entry
  if (tip && group && isTipSent(tip, group.type, policy))
    tips.push({ ...tip, groupID, seq, time: atSeconds, operatorID: actor })
  for (const { operationType, to, handleMessage = '' } of notices) {
    const users = to === 'members' ? former.followers : to === 'admins' ? await admins(batch) : to
    const notice = {
      kind: 'notice',
      time: atSeconds,
      groupID,
      groupName: group?.name ?? former.groupName,
      operationType,
      operatorID: actor,
      handleMessage
    } as const
    const event = operationType === noticeTypes.applied ? { ...notice, applicationSeq } : notice
    for (const userID of users) addFeedEvent(batch, userID, event)
  }
  await addHandled(batch, changes, entry)
}

/** Every admin that may have received the notice of an application learns that it is handled. */
async function addHandled(
  batch: Batch,
  changes: Accepted['changes'],
  { actor, atSeconds }: LogEntry
): Promise<void> {
  for (const { table, row } of changes) {
    if (table !== 'applications' || !row || row.state === 'pending') continue
    for (const userID of await adminsSince(batch, row.seq))
      addFeedEvent(batch, userID, {
        kind: 'handled',
        groupID: batch.groupID,
        userID: row.userID,
        applicationSeq: row.seq,
        state: row.state,
        by: actor,
        atSeconds
      })
  }
}
