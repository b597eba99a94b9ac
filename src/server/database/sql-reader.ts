/**
 * The reads of the database port in SQL. A list is one JSON parameter, because drivers differ in
 * the arrays that they can pass.
 */

import type { Reader, StoredVerdict } from './port.ts'
import { groupReader } from './sql-group-reader.ts'
import { all, one, type SqlQuery } from './sql-rows.ts'
import { sync } from './sql-sync.ts'

export function reader(query: SqlQuery): Reader {
  return {
    ...groupReader(query),
    async identity() {
      const row = one<{ epoch: string; receipt_key: string }>(
        await query('SELECT epoch, receipt_key FROM server')
      )
      return { epoch: row?.epoch ?? '', receiptKey: row?.receipt_key ?? '' }
    },
    sync: (userID, request) => sync(query, userID, request),
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
