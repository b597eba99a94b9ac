/** Writes many groups of a user at once, for tests and measurements of large accounts. */

import { newMember } from '../../src/kernel/model.ts'
import type { SqlQuery } from '../../src/server/database/sql.ts'
import { group } from '../kernel/world.ts'

/**
 * Groups `group-1`, `group-2` and so on with two commits each: the user's creation, and a change of
 * one member row. The feed of the user has one event for each group.
 */
export async function seedGroups(
  query: SqlQuery,
  { userID, groups, members }: { userID: string; groups: number; members: number }
): Promise<void> {
  const groupID = 'id of the group'
  const row = JSON.stringify({ ...group({ groupID }), ownerID: userID, memberNum: members })
  const member = JSON.stringify(newMember({ groupID, userID: 'id of the user', joinTime: 1 }))
  const event = JSON.stringify({ kind: 'joined', groupID, membershipEpoch: 1, since: 1 })
  const id = `jsonb_build_object('groupID', 'group-' || n)`
  await query(
    `INSERT INTO groups (group_id, seq, body, digest)
     SELECT 'group-' || n, 2, $1::jsonb || ${id}, 0 FROM generate_series(1, $2::int) n`,
    [row, groups]
  )
  await query(
    `INSERT INTO members (group_id, user_id, body, revision)
     SELECT 'group-' || n, u.id, $1::jsonb || ${id} || jsonb_build_object('userID', u.id),
       CASE m WHEN 2 THEN 2 ELSE 1 END
     FROM generate_series(1, $2::int) n, generate_series(1, $3::int) m,
       LATERAL (SELECT CASE m WHEN 1 THEN $4 ELSE 'user-' || m END AS id) u`,
    [member, groups, members, userID]
  )
  await query(
    `INSERT INTO memberships (user_id, group_id, membership_epoch, since, follows)
     SELECT $1, 'group-' || n, 1, 1, true FROM generate_series(1, $2::int) n`,
    [userID, groups]
  )
  await query('INSERT INTO feeds (user_id, head) VALUES ($1, $2)', [userID, groups])
  await query(
    `INSERT INTO feed (user_id, fseq, at_seconds, body)
     SELECT $1, n, 1, $2::jsonb || ${id} FROM generate_series(1, $3::int) n`,
    [userID, event, groups]
  )
}
