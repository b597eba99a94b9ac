/** The writes of the database port in SQL. */

import { refusalsMax, type GroupWrites, type Transaction } from './port.ts'
import { reader } from './sql-reader.ts'
import { all, groupState, type SqlQuery } from './sql-rows.ts'

export function writer(
  query: SqlQuery
): Pick<Transaction, 'lockGroup' | 'verdicts' | 'groupCounts' | 'appendFeeds' | 'write'> {
  return {
    async verdicts(userID, opIDs) {
      await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 2))', [userID])
      return reader(query).verdicts(userID, opIDs)
    },
    async groupCounts(userIDs) {
      // All transactions lock in the same order, so they cannot deadlock. A batch may name 100,000
      // users, and PostgreSQL holds a few thousand locks, so the users share 1,024 locks.
      await query(
        `SELECT pg_advisory_xact_lock(1, key) FROM (
           SELECT DISTINCT (hashtextextended(e, 1) & 1023)::int AS key
           FROM jsonb_array_elements_text($1::jsonb) e ORDER BY key) keys`,
        [JSON.stringify(userIDs)]
      )
      return reader(query).groupCounts(userIDs)
    },
    async lockGroup(groupID) {
      // A group that does not exist yet has no row to lock. The advisory lock serializes two
      // creations of one ID, and leaves no row behind if both are refused.
      await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [groupID])
      return groupState(
        await query('SELECT seq, body, floor, digest FROM groups WHERE group_id = $1 FOR UPDATE', [
          groupID
        ])
      )
    },
    async appendFeeds(events, atSeconds) {
      const users = JSON.stringify([...events].map(([userID, { length }]) => ({ userID, length })))
      const heads = await query(
        `INSERT INTO feeds AS f (user_id, head)
         SELECT e->>'userID', (e->>'length')::bigint
         FROM jsonb_array_elements($1::jsonb) e ORDER BY e->>'userID'
         ON CONFLICT (user_id) DO UPDATE SET head = f.head + excluded.head RETURNING user_id, head`,
        [users]
      )
      const tails = new Map(
        all<{ user_id: string; head: string }>(heads).map(row => [row.user_id, Number(row.head)])
      )
      const entries = [...events].flatMap(([userID, list]) =>
        list.map((body, index) => ({
          userID,
          fseq: (tails.get(userID) ?? 0) - list.length + 1 + index,
          body
        }))
      )
      await query(
        `INSERT INTO feed (user_id, fseq, at_seconds, body)
         SELECT e->>'userID', (e->>'fseq')::bigint, $2, e->'body'
         FROM jsonb_array_elements($1::jsonb) e`,
        [JSON.stringify(entries), atSeconds]
      )
      return tails
    },
    async write(writes) {
      for (const [statement, list] of statementsFor(writes))
        if (list.length > 0) await query(statement, [writes.groupID, JSON.stringify(list)])
    }
  }
}

function statementsFor({
  state,
  log,
  members,
  dissolved,
  others,
  tips,
  memberships,
  verdicts
}: GroupWrites): [string, readonly unknown[]][] {
  return [
    [
      `INSERT INTO groups (group_id, seq, body, digest)
       SELECT $1, (e->>'seq')::bigint, NULLIF(e->'row', 'null'::jsonb), (e->>'digest')::bigint
       FROM jsonb_array_elements($2::jsonb) e
       ON CONFLICT (group_id) DO UPDATE
       SET seq = excluded.seq, body = excluded.body, digest = excluded.digest`,
      log.length > 0 ? [state] : []
    ],
    [
      `UPDATE members SET body = NULL, revision = (e->>'seq')::bigint
       FROM jsonb_array_elements($2::jsonb) e WHERE group_id = $1 AND body IS NOT NULL`,
      dissolved ? [state] : []
    ],
    [
      `DELETE FROM others USING jsonb_array_elements($2::jsonb) e WHERE group_id = $1`,
      dissolved ? [state] : []
    ],
    [
      `INSERT INTO members (group_id, user_id, body, revision)
       SELECT $1, e->>'userID', NULLIF(e->'row', 'null'::jsonb), (e->>'revision')::bigint
       FROM jsonb_array_elements($2::jsonb) e
       ON CONFLICT (group_id, user_id) DO UPDATE
       SET body = excluded.body, revision = excluded.revision`,
      members
    ],
    [
      `INSERT INTO others (group_id, kind, user_id, body, revision)
       SELECT $1, e->>'table', e->>'id', e->'row', (e->>'revision')::bigint
       FROM jsonb_array_elements($2::jsonb) e
       ON CONFLICT (group_id, kind, user_id) DO UPDATE
       SET body = excluded.body, revision = excluded.revision`,
      others
    ],
    [
      `INSERT INTO tips (group_id, seq, body)
       SELECT $1, (e->>'seq')::bigint, e FROM jsonb_array_elements($2::jsonb) e`,
      tips
    ],
    [
      `INSERT INTO log (group_id, seq, at_seconds, body)
       SELECT $1, (e->>'seq')::bigint, (e->>'atSeconds')::bigint, e
       FROM jsonb_array_elements($2::jsonb) e`,
      log
    ],
    [
      `INSERT INTO memberships (user_id, group_id, membership_epoch, since, follows, "left")
       SELECT e->>'userID', $1, (e->>'membershipEpoch')::bigint, (e->>'since')::bigint,
         (e->>'follows')::boolean, NULLIF(e->'left', 'null'::jsonb)
       FROM jsonb_array_elements($2::jsonb) e
       ON CONFLICT (user_id, group_id) DO UPDATE
       SET membership_epoch = excluded.membership_epoch, since = excluded.since,
         follows = excluded.follows, "left" = excluded."left"`,
      memberships
    ],
    [
      `INSERT INTO verdicts (user_id, group_id, op_id, name, at_seconds, is_refusal, body)
       SELECT e->>'userID', $1, e->'verdict'->>'opID', e->>'name', (e->>'atSeconds')::bigint,
         e->'verdict'->>'kind' = 'rejected', e->'verdict' FROM jsonb_array_elements($2::jsonb) e`,
      verdicts
    ]
  ]
}

export async function compact(
  query: SqlQuery,
  before: { history: number; verdicts: number; refusals: number }
): Promise<void> {
  await query(
    `UPDATE groups g SET floor = l.seq
     FROM (SELECT group_id, max(seq) AS seq FROM log WHERE at_seconds < $1 GROUP BY group_id) l
     WHERE g.group_id = l.group_id AND g.floor < l.seq`,
    [before.history]
  )
  await query('DELETE FROM log WHERE at_seconds < $1', [before.history])
  await query(
    'DELETE FROM tips t USING groups g WHERE t.group_id = g.group_id AND t.seq <= g.floor'
  )
  await query(
    `DELETE FROM members m USING groups g
     WHERE m.group_id = g.group_id AND m.body IS NULL AND m.revision <= g.floor`
  )
  await query(
    `UPDATE feeds f SET floor = e.fseq
     FROM (SELECT user_id, max(fseq) AS fseq FROM feed WHERE at_seconds < $1 GROUP BY user_id) e
     WHERE f.user_id = e.user_id AND f.floor < e.fseq`,
    [before.history]
  )
  await query('DELETE FROM feed WHERE at_seconds < $1', [before.history])
  // The feed events that ended these memberships are deleted above. A client that has not received
  // one is below the floor, so it gets a full snapshot.
  await query(`DELETE FROM memberships WHERE NOT follows AND ("left"->>'atSeconds')::bigint < $1`, [
    before.history
  ])
  await query(`DELETE FROM others WHERE kind = 'bans' AND (body->>'until')::numeric < $1`, [
    before.history
  ])
  await query('DELETE FROM verdicts WHERE at_seconds < $1 OR (is_refusal AND at_seconds < $2)', [
    before.verdicts,
    before.refusals
  ])
  await query(
    `DELETE FROM verdicts v USING (
       SELECT user_id, op_id,
         row_number() OVER (PARTITION BY user_id ORDER BY at_seconds DESC, op_id) AS place
       FROM verdicts WHERE is_refusal AND user_id IN (
         SELECT user_id FROM verdicts WHERE is_refusal GROUP BY user_id HAVING count(*) > $1)) o
     WHERE o.place > $1 AND v.user_id = o.user_id AND v.op_id = o.op_id`,
    [refusalsMax]
  )
  await query('DELETE FROM groups WHERE seq = 0')
}
