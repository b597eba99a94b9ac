/**
 * Merges the user's feed: the groups that the user is in, notices, and decisions about
 * applications.
 */

import { noticeTypes } from '../../kernel/notices.ts'
import type { Write } from '../../storage/port.ts'
import { ringPlace, type HeldNotice } from '../../storage/tables.ts'
import type { FeedDelta, FeedEvent } from '../../protocol/server-messages.ts'
import { isApplication } from '../state/held.ts'
import { dropGroup, groupOf, putGroup, putUndelivered, storedGroups, type Draft } from './draft.ts'

/** Returns `false` if events before the delta are missing. */
export function mergeFeed(draft: Draft, { from, to, events }: FeedDelta): boolean {
  if (from > draft.feed || (from > 0 && events.length !== to - from)) return false
  if (to <= draft.feed) return true
  // A feed from the beginning names all groups.
  if (from === 0) dropOtherGroups(draft, events)
  for (const event of events) if (event.fseq > draft.feed) mergeEvent(draft, event)
  if (from === 0) dropOtherApplications(draft, events)
  draft.feed = to
  return true
}

function dropOtherGroups(draft: Draft, events: readonly FeedEvent[]): void {
  const joined = new Set(events.flatMap(event => (event.kind === 'joined' ? event.groupID : [])))
  for (const groupID of new Set([...storedGroups(draft.base), ...draft.groups.keys()]))
    if (!joined.has(groupID)) dropGroup(draft, groupID)
}

function mergeEvent(draft: Draft, event: FeedEvent): void {
  switch (event.kind) {
    case 'joined':
      return mergeJoined(draft, event)
    case 'left': {
      const group = groupOf(draft, event.groupID)
      if (group && group.membershipEpoch <= event.membershipEpoch) dropGroup(draft, event.groupID)
      return
    }
    case 'notice':
      return mergeNotice(draft, event)
    case 'handled': {
      const { groupID, userID: applicant, applicationSeq, state, by } = event
      return settleApplications(draft, { groupID, applicant, upTo: applicationSeq }, { state, by })
    }
    case 'unknown':
  }
}

function mergeJoined(
  draft: Draft,
  { groupID, membershipEpoch }: Extract<FeedEvent, { kind: 'joined' }>
): void {
  const group = groupOf(draft, groupID)
  if (group && group.membershipEpoch >= membershipEpoch) return
  if (group) dropGroup(draft, groupID)
  putGroup(draft, {
    groupID,
    row: null,
    self: null,
    membershipEpoch,
    seq: 0,
    membersUpTo: '',
    settings: null,
    tipCount: 0,
    tipSeq: 0
  })
}

function mergeNotice(draft: Draft, event: Extract<FeedEvent, { kind: 'notice' }>): void {
  const { kind, ...notice } = event
  // A feed from the beginning repeats recent notices.
  if (notice.fseq <= draft.noticeSeq) return
  draft.noticeSeq = notice.fseq
  if (notice.operationType === noticeTypes.applied) {
    const { groupID, operatorID: by, applicationSeq = 0 } = notice
    settleApplications(
      draft,
      { groupID, applicant: by, upTo: applicationSeq },
      { state: 'replaced', by }
    )
  }
  draft.writes.push(putNotice({ ...notice, number: draft.noticeCount++, handled: null }))
  putUndelivered(draft, { kind, notice })
}

/**
 * A feed from the beginning lacks old decisions. So an open application that it does not repeat may
 * be settled, and a new device would not have it either.
 */
function dropOtherApplications(draft: Draft, events: readonly FeedEvent[]): void {
  const repeated = new Set(events.map(({ fseq }) => fseq))
  for (const { fseq, number, operationType, handled } of heldNotices(draft))
    if (operationType === noticeTypes.applied && !handled && !repeated.has(fseq))
      draft.writes.push({ table: 'notices', scope: '', id: ringPlace(number), row: null })
}

/** The held notices, with the changes of this draft. A new one replaces the one in its place. */
function heldNotices({ base, writes }: Draft): HeldNotice[] {
  const changed = writes.flatMap(write =>
    write.table === 'notices' && 'row' in write && write.row ? write.row : []
  )
  const all = [...base.notices.values(), ...changed]
  return [...new Map(all.map(notice => [ringPlace(notice.number), notice])).values()]
}

/** An application is settled together with earlier ones of the same user. */
function settleApplications(
  draft: Draft,
  { groupID, applicant, upTo }: { groupID: string; applicant: string; upTo: number },
  handled: NonNullable<HeldNotice['handled']>
): void {
  for (const notice of heldNotices(draft))
    if (
      isApplication(notice, groupID, applicant) &&
      !notice.handled &&
      (notice.applicationSeq ?? 0) <= upTo
    )
      draft.writes.push(putNotice({ ...notice, handled }))
}

const putNotice = (row: HeldNotice): Write => ({
  table: 'notices',
  scope: '',
  id: ringPlace(row.number),
  row
})
