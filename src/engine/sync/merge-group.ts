/** Merges deltas of a group, and pages of its members. */

import { lastOf } from '../../kernel/model.ts'
import type { MemberRow } from '../../kernel/model.ts'
import type { TipRow } from '../../kernel/notices.ts'
import type { Write } from '../../storage/port.ts'
import { ringPlace, type HeldGroup } from '../../storage/tables.ts'
import type { GroupDelta, MembersMessage } from '../../protocol/server-messages.ts'
import { groupOf, noEntries, putEntries, putGroup, putUndelivered, type Draft } from './draft.ts'

/** Returns `false` if changes before the delta are missing. */
export function mergeGroup(draft: Draft, delta: GroupDelta): boolean {
  const { groupID, membershipEpoch, from, to } = delta
  const group = groupOf(draft, groupID)
  const isWhole = from === 0
  // The delta is about another membership, or is merged already. A full snapshot at the same
  // position is still merged: it repairs wrong rows.
  if (
    !group ||
    group.membershipEpoch !== membershipEpoch ||
    to < group.seq ||
    (to === group.seq && !isWhole)
  )
    return true
  if (from > group.seq) return false
  putMembers(draft, delta)
  putEntries(draft, groupID, isWhole ? { ...noEntries, ...delta } : delta)
  putGroup(draft, {
    groupID,
    row: delta.group,
    self: selfAfter(draft, group, delta),
    membershipEpoch,
    seq: to,
    membersUpTo: isWhole ? (delta.complete ? null : '') : group.membersUpTo,
    settings: delta.settings ?? group.settings,
    ...putTips(draft, group, delta.tips)
  })
  return true
}

function putMembers({ writes }: Draft, { groupID, from, members, gone }: GroupDelta): void {
  if (from === 0)
    writes.push(
      { table: 'members', scope: groupID, empty: true },
      { table: 'members', scope: groupID, block: members }
    )
  else for (const member of members) writes.push(putMember(member))
  for (const id of gone) writes.push({ table: 'members', scope: groupID, id, row: null })
}

const putMember = (row: MemberRow): Write => ({
  table: 'members',
  scope: row.groupID,
  id: row.userID,
  row
})

function selfAfter(
  { base: { userID } }: Draft,
  { self }: HeldGroup,
  { from, members, gone }: GroupDelta
): MemberRow | null {
  const changed = members.find(member => member.userID === userID)
  return changed ?? (from === 0 || gone.includes(userID) ? null : self)
}

/** Puts the new tips into the ring of the group. */
function putTips(
  draft: Draft,
  { groupID, tipCount, tipSeq }: HeldGroup,
  tips: readonly TipRow[]
): Pick<HeldGroup, 'tipCount' | 'tipSeq'> {
  const added = tips.filter(({ seq }) => seq > tipSeq)
  for (const [index, tip] of added.entries()) {
    const row = { ...tip, number: tipCount + index }
    draft.writes.push({ table: 'tips', scope: groupID, id: ringPlace(row.number), row })
    putUndelivered(draft, { kind: 'tip', tip })
  }
  return { tipCount: tipCount + added.length, tipSeq: lastOf(added)?.seq ?? tipSeq }
}

/**
 * A page is merged only if it was read at the position of the group and continues the stored
 * members: a full snapshot may have arrived meanwhile. Any other page is requested once more.
 */
export function mergePage(
  draft: Draft,
  { groupID, membershipEpoch, asOf, after, members, next }: MembersMessage
): void {
  const group = groupOf(draft, groupID)
  if (
    group?.membershipEpoch === membershipEpoch &&
    group.seq === asOf &&
    group.membersUpTo === after
  ) {
    draft.writes.push({ table: 'members', scope: groupID, block: members })
    putGroup(draft, { ...group, membersUpTo: next })
  }
}
