/** The reads of one group's rows in SQL. */

import type { MemberRow } from '../../kernel/model.ts'
import type { LogEntry, Membership, Other, Reader } from './port.ts'
import { all, groupState, markedMembers, type SqlQuery } from './sql-rows.ts'

/** An index has the same expression. */
const placeOf = (role: string) => `array_position(ARRAY['Owner', 'Admin', 'Member'], ${role})`
const place = placeOf(`body->>'role'`)

export function groupReader(
  query: SqlQuery
): Pick<
  Reader,
  | 'group'
  | 'membersAfter'
  | 'membersByRole'
  | 'members'
  | 'admins'
  | 'others'
  | 'logSince'
  | 'followers'
  | 'memberships'
> {
  return {
    async group(groupID) {
      return groupState(
        await query('SELECT seq, body, floor, digest FROM groups WHERE group_id = $1', [groupID])
      )
    },
    async membersAfter(groupID, after, limit) {
      const rows = await query(
        `SELECT body FROM members
         WHERE group_id = $1 AND user_id > $2 AND body IS NOT NULL ORDER BY user_id LIMIT $3`,
        [groupID, after, limit]
      )
      return all<{ body: MemberRow }>(rows).map(({ body }) => body)
    },
    async membersByRole(groupID, { offset, limit, role, userIDList }) {
      const params: unknown[] = [groupID, offset, limit]
      const put = (value: unknown) => `$${params.push(value)}`
      // A condition with OR would read every row of the group, for the sake of a few users.
      const ofUsers = userIDList
        ? `AND user_id IN (SELECT jsonb_array_elements_text(${put(JSON.stringify(userIDList))}::jsonb))`
        : ''
      const ofRole = role === undefined ? '' : `AND ${place} = ${placeOf(`${put(role)}::text`)}`
      const rows = await query(
        `SELECT body FROM members WHERE group_id = $1 AND body IS NOT NULL ${ofUsers} ${ofRole}
         ORDER BY ${place}, (body->>'joinTime')::bigint, user_id OFFSET $2 LIMIT $3`,
        params
      )
      return all<{ body: MemberRow }>(rows).map(({ body }) => body)
    },
    async members(groupID, userIDs) {
      if (userIDs.length === 0) return []
      const rows = await query(
        `SELECT user_id, body, revision FROM members
         WHERE group_id = $1 AND user_id IN (SELECT jsonb_array_elements_text($2::jsonb))`,
        [groupID, JSON.stringify(userIDs)]
      )
      return markedMembers(rows)
    },
    async admins(groupID) {
      const rows = await query(
        `SELECT user_id FROM members WHERE group_id = $1 AND body->>'role' IN ('Owner', 'Admin')`,
        [groupID]
      )
      return all<{ user_id: string }>(rows).map(row => row.user_id)
    },
    async others(groupID, keys) {
      if (keys.length === 0) return []
      const rows = await query(
        `SELECT o.kind AS table, o.user_id AS id, o.body AS row, o.revision
         FROM others o, jsonb_array_elements($2::jsonb) e
         WHERE o.group_id = $1 AND o.kind = e->>'table' AND o.user_id = e->>'id'`,
        [groupID, JSON.stringify(keys)]
      )
      return all<Omit<Other, 'revision'> & { revision: string }>(rows).map(
        ({ revision, ...other }) => ({ ...other, revision: Number(revision) }) as Other
      )
    },
    async logSince(groupID, from, names, limit) {
      const rows = await query(
        `SELECT body FROM log WHERE group_id = $1 AND seq > $2
           AND body->>'name' IN (SELECT jsonb_array_elements_text($3::jsonb))
         ORDER BY seq DESC LIMIT $4`,
        [groupID, from, JSON.stringify(names), limit]
      )
      return all<{ body: LogEntry }>(rows)
        .map(({ body }) => body)
        .reverse()
    },
    async followers(groupID) {
      return all<{ user_id: string }>(
        await query('SELECT user_id FROM memberships WHERE group_id = $1 AND follows', [groupID])
      ).map(row => row.user_id)
    },
    async memberships(groupID, userIDs) {
      if (userIDs.length === 0) return []
      const rows = await query(
        `SELECT user_id, membership_epoch, since, follows, "left" FROM memberships
         WHERE group_id = $1 AND user_id IN (SELECT jsonb_array_elements_text($2::jsonb))`,
        [groupID, JSON.stringify(userIDs)]
      )
      return all<{
        user_id: string
        membership_epoch: string
        since: string
        follows: boolean
        left: Membership['left']
      }>(rows).map(({ user_id, membership_epoch, since, follows, left }) => ({
        userID: user_id,
        membershipEpoch: Number(membership_epoch),
        since: Number(since),
        follows,
        left
      }))
    }
  }
}
