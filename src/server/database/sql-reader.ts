/**
 * The reads of the database port in SQL. A list is one JSON parameter, because drivers differ in
 * the arrays that they can pass.
 */

import type { GroupRow, MemberRow } from '../../kernel/model.ts'
import type { TipRow } from '../../kernel/notices.ts'
import type { NewFeedEvent } from '../../protocol/messages.ts'
import {
  noGroup,
  type GroupState,
  type LogEntry,
  type MarkedMember,
  type Membership,
  type Other,
  type Reader,
  type StoredVerdict
} from './port.ts'

/** Runs one statement of PostgreSQL, with parameters `$1`, `$2` and so on. */
export type SqlQuery = (text: string, params?: readonly unknown[]) => Promise<{ rows: unknown[] }>

export function all<R>({ rows }: { rows: unknown[] }): R[] {
  // The statement beside each call selects these columns.
  return rows as R[]
}
const one = <R>(result: { rows: unknown[] }): R | undefined => all<R>(result)[0]

export function groupState(result: { rows: unknown[] }): GroupState {
  const row = one<{ seq: string; body: GroupRow | null; floor: string; digest: string }>(result)
  return row
    ? { seq: Number(row.seq), row: row.body, floor: Number(row.floor), digest: Number(row.digest) }
    : noGroup
}

const markedMembers = (result: { rows: unknown[] }): MarkedMember[] =>
  all<{ user_id: string; body: MemberRow | null; revision: string }>(result).map(
    ({ user_id, body, revision }) => ({
      userID: user_id,
      row: body,
      revision: Number(revision)
    })
  )

export function reader(query: SqlQuery): Reader {
  return {
    async identity() {
      const row = one<{ epoch: string; receipt_key: string }>(
        await query('SELECT epoch, receipt_key FROM server')
      )
      return { epoch: row?.epoch ?? '', receiptKey: row?.receipt_key ?? '' }
    },
    async group(groupID) {
      return groupState(
        await query('SELECT seq, body, floor, digest FROM groups WHERE group_id = $1', [groupID])
      )
    },
    async changedSince(groupID, from) {
      return markedMembers(
        await query(
          `SELECT user_id, body, revision FROM members
           WHERE group_id = $1 AND revision > $2 ORDER BY revision`,
          [groupID, from]
        )
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
    async tipsSince(groupID, from, limit) {
      const rows = await query(
        'SELECT body FROM tips WHERE group_id = $1 AND seq > $2 ORDER BY seq DESC LIMIT $3',
        [groupID, from, limit]
      )
      return all<{ body: TipRow }>(rows)
        .map(({ body }) => body)
        .reverse()
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
    async followed(userID) {
      const rows = await query(
        `SELECT m.group_id, m.membership_epoch, m.since, g.seq
         FROM memberships m JOIN groups g USING (group_id)
         WHERE m.user_id = $1 AND m.follows ORDER BY m.group_id`,
        [userID]
      )
      return all<{ group_id: string; membership_epoch: string; since: string; seq: string }>(
        rows
      ).map(row => ({
        groupID: row.group_id,
        membershipEpoch: Number(row.membership_epoch),
        since: Number(row.since),
        seq: Number(row.seq)
      }))
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
    },
    async groupCounts(userIDs) {
      if (userIDs.length === 0) return new Map()
      const rows = await query(
        `SELECT user_id, count(*) AS count FROM memberships
         WHERE follows AND user_id IN (SELECT jsonb_array_elements_text($1::jsonb))
         GROUP BY user_id`,
        [JSON.stringify(userIDs)]
      )
      const counted = new Map(
        all<{ user_id: string; count: string }>(rows).map(row => [row.user_id, Number(row.count)])
      )
      return new Map(userIDs.map(userID => [userID, counted.get(userID) ?? 0]))
    },
    async feed(userID) {
      const row = one<{ head: string; floor: string }>(
        await query('SELECT head, floor FROM feeds WHERE user_id = $1', [userID])
      )
      return { head: Number(row?.head ?? 0), floor: Number(row?.floor ?? 0) }
    },
    async feedSince(userID, from) {
      const rows = await query(
        'SELECT fseq, body FROM feed WHERE user_id = $1 AND fseq > $2 ORDER BY fseq',
        [userID, from]
      )
      return all<{ fseq: string; body: NewFeedEvent }>(rows).map(({ fseq, body }) => ({
        ...body,
        fseq: Number(fseq)
      }))
    },
    async verdicts(userID, opIDs) {
      const rows = await query(
        `SELECT name, body FROM verdicts
         WHERE user_id = $1 AND op_id IN (SELECT jsonb_array_elements_text($2::jsonb))`,
        [userID, JSON.stringify(opIDs)]
      )
      return new Map(
        all<{ name: string; body: StoredVerdict['verdict'] }>(rows).map(({ name, body }) => [
          body.opID,
          { verdict: body, name }
        ])
      )
    }
  }
}
