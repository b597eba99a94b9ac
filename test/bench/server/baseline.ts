/**
 * The simplest correct server: one transaction per operation, over a pool. It locks the group,
 * checks in JavaScript, and writes everything in one statement. It has no verdicts to look up, no
 * memberships and no sessions.
 */

import type { Pool } from 'pg'

export async function baseline(pool: Pool) {
  await pool.query('DROP TABLE IF EXISTS base_groups, base_members, base_log')
  await pool.query('CREATE TABLE base_groups (id text PRIMARY KEY, seq bigint, body jsonb)')
  await pool.query(
    'CREATE TABLE base_members (id text, user_id text, body jsonb, PRIMARY KEY (id, user_id))'
  )
  await pool.query('CREATE TABLE base_log (id text, seq bigint, body jsonb, PRIMARY KEY (id, seq))')
  await pool.query(
    `INSERT INTO base_groups SELECT g, 0, '{}'
     FROM (SELECT 'own-' || generate_series(0, 63) UNION SELECT 'hot') t(g)`
  )
  let count = 0

  return async (groupID: string, userID: string): Promise<void> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      const { rows } = await client.query<{ seq: string }>(
        'SELECT seq, body FROM base_groups WHERE id = $1 FOR UPDATE',
        [groupID]
      )
      const seq = Number(rows[0]?.seq) + 1
      const body = JSON.stringify({ userID, nameCard: `card ${count++}` })
      await client.query(
        `WITH g AS (UPDATE base_groups SET seq = $2 WHERE id = $1),
           m AS (INSERT INTO base_members VALUES ($1, $3, $4::jsonb)
             ON CONFLICT (id, user_id) DO UPDATE SET body = excluded.body)
         INSERT INTO base_log VALUES ($1, $2, $4::jsonb)`,
        [groupID, seq, userID, body]
      )
      await client.query('COMMIT')
    } finally {
      client.release()
    }
  }
}
