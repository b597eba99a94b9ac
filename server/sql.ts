/** The database port in PostgreSQL's SQL, over any connection that runs it. */

import { randomUUID } from 'node:crypto'
import type { GroupRow, MemberRow } from '../src/kernel/model.ts'
import type { TipRow } from '../src/kernel/notices.ts'
import type { NewFeedEvent } from '../src/sync/messages.ts'
import {
  noGroup,
  type Database,
  type GroupState,
  type GroupWrites,
  type LogEntry,
  type Membership,
  type Other,
  type Reader,
  type StoredVerdict,
  type Transaction
} from './port.ts'

export type Query = (text: string, params?: readonly unknown[]) => Promise<{ rows: unknown[] }>
/**
 * Lends a connection of which `work` is the only user. Where `work` rejects with a `BrokenConnectionError`, the connection
 * may be within a transaction still, so it must not be lent again.
 */
export type Sql = { withConnection<T>(work: (query: Query) => Promise<T>): Promise<T>; close(): Promise<void> }

export class BrokenConnectionError extends Error {}

/** Two transactions met: neither did anything wrong, and a later attempt succeeds. */
const conflicts = new Set(['40001', '40P01'])
const attemptsMax = 5

// Lists travel as one JSON parameter: arrays of JSON are not understood by every engine that speaks this SQL.
const schema = `
  CREATE TABLE IF NOT EXISTS server (epoch text NOT NULL);
  CREATE TABLE IF NOT EXISTS groups (group_id text PRIMARY KEY, seq bigint NOT NULL, body jsonb, floor bigint NOT NULL DEFAULT 0, digest bigint NOT NULL DEFAULT 0) WITH (fillfactor = 70);
  CREATE TABLE IF NOT EXISTS members (group_id text, user_id text COLLATE "C", body jsonb, rv bigint NOT NULL, PRIMARY KEY (group_id, user_id));
  CREATE INDEX IF NOT EXISTS members_changed ON members (group_id, rv);
  CREATE TABLE IF NOT EXISTS others (group_id text, kind text, user_id text, body jsonb NOT NULL, rv bigint NOT NULL, PRIMARY KEY (group_id, kind, user_id));
  CREATE TABLE IF NOT EXISTS tips (group_id text, seq bigint, body jsonb NOT NULL, PRIMARY KEY (group_id, seq));
  CREATE TABLE IF NOT EXISTS log (group_id text, seq bigint, at bigint NOT NULL, body jsonb NOT NULL, PRIMARY KEY (group_id, seq));
  CREATE INDEX IF NOT EXISTS log_by_time ON log (at);
  CREATE TABLE IF NOT EXISTS memberships (user_id text, group_id text, mep bigint NOT NULL, since bigint NOT NULL, follows boolean NOT NULL, "left" jsonb, PRIMARY KEY (user_id, group_id));
  CREATE INDEX IF NOT EXISTS memberships_of_group ON memberships (group_id);
  CREATE TABLE IF NOT EXISTS feeds (user_id text PRIMARY KEY, head bigint NOT NULL, floor bigint NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS feed (user_id text, fseq bigint, at bigint NOT NULL, body jsonb NOT NULL, PRIMARY KEY (user_id, fseq));
  CREATE INDEX IF NOT EXISTS feed_by_time ON feed (at);
  CREATE TABLE IF NOT EXISTS verdicts (user_id text, op_id text, group_id text NOT NULL, name text NOT NULL, at bigint NOT NULL, body jsonb NOT NULL, PRIMARY KEY (user_id, op_id));
  CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (at);
`

export async function openSqlDatabase(sql: Sql): Promise<Database> {
  const epoch = await sql.withConnection(async query => {
    for (const statement of schema.split(';\n')) if (statement.trim()) await query(statement)
    await query('INSERT INTO server (epoch) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM server)', [randomUUID()])
    return one<{ epoch: string }>(await query('SELECT epoch FROM server'))?.epoch ?? ''
  })

  const within = <T>(begin: string, work: (query: Query) => Promise<T>) =>
    sql.withConnection(async query => {
      await query(begin)
      try {
        const result = await work(query)
        await query('COMMIT')
        return result
      } catch (error) {
        await query('ROLLBACK').catch((cause: unknown) => {
          throw new BrokenConnectionError(`a transaction could not be rolled back after: ${String(error)}`, { cause })
        })
        throw error
      }
    })

  async function writing<T>(work: (query: Query) => Promise<T>, attempt = 1): Promise<T> {
    try {
      return await within('BEGIN', work)
    } catch (error) {
      if (attempt === attemptsMax || !conflicts.has((error as { code?: string }).code ?? '')) throw error
      return writing(work, attempt + 1)
    }
  }

  return {
    epoch,
    transaction: work => writing(query => work({ ...reader(query), ...writer(query) })),
    snapshot: work => within('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', query => work(reader(query))),
    compact: before => writing(query => compact(query, before)),
    close: () => sql.close()
  }
}

function all<R>({ rows }: { rows: unknown[] }): R[] {
  // The statement next to each call says what its rows are.
  return rows as R[]
}
const one = <R>(result: { rows: unknown[] }): R | undefined => all<R>(result)[0]

function groupState(result: { rows: unknown[] }): GroupState {
  const row = one<{ seq: string; body: GroupRow | null; floor: string; digest: string }>(result)
  return row ? { seq: Number(row.seq), row: row.body, floor: Number(row.floor), digest: Number(row.digest) } : noGroup
}

async function compact(query: Query, before: { history: number; verdicts: number }): Promise<void> {
  await query(
    `UPDATE groups g SET floor = l.seq FROM (SELECT group_id, max(seq) AS seq FROM log WHERE at < $1 GROUP BY group_id) l
     WHERE g.group_id = l.group_id AND g.floor < l.seq`,
    [before.history]
  )
  await query('DELETE FROM log WHERE at < $1', [before.history])
  await query('DELETE FROM tips t USING groups g WHERE t.group_id = g.group_id AND t.seq <= g.floor')
  await query('DELETE FROM members m USING groups g WHERE m.group_id = g.group_id AND m.body IS NULL AND m.rv <= g.floor')
  await query(
    `UPDATE feeds f SET floor = e.fseq FROM (SELECT user_id, max(fseq) AS fseq FROM feed WHERE at < $1 GROUP BY user_id) e
     WHERE f.user_id = e.user_id AND f.floor < e.fseq`,
    [before.history]
  )
  await query('DELETE FROM feed WHERE at < $1', [before.history])
  await query('DELETE FROM verdicts WHERE at < $1', [before.verdicts])
}

function reader(query: Query): Reader {
  return {
    async group(groupID) {
      return groupState(await query('SELECT seq, body, floor, digest FROM groups WHERE group_id = $1', [groupID]))
    },
    async changedSince(groupID, from) {
      const rows = all<{ user_id: string; body: MemberRow | null }>(
        await query('SELECT user_id, body FROM members WHERE group_id = $1 AND rv > $2', [groupID, from])
      )
      return { members: rows.flatMap(({ body }) => body ?? []), gone: rows.filter(({ body }) => !body).map(row => row.user_id) }
    },
    async membersAfter(groupID, after, limit) {
      const rows = await query(
        'SELECT body FROM members WHERE group_id = $1 AND user_id > $2 AND body IS NOT NULL ORDER BY user_id LIMIT $3',
        [groupID, after, limit]
      )
      return all<{ body: MemberRow }>(rows).map(({ body }) => body)
    },
    async members(groupID, userIDs) {
      if (userIDs.length === 0) return []
      const rows = await query(
        'SELECT user_id, body, rv FROM members WHERE group_id = $1 AND user_id IN (SELECT jsonb_array_elements_text($2::jsonb))',
        [groupID, JSON.stringify(userIDs)]
      )
      return all<{ user_id: string; body: MemberRow | null; rv: string }>(rows).map(({ user_id, body, rv }) => ({
        userID: user_id,
        row: body,
        rv: Number(rv)
      }))
    },
    async admins(groupID) {
      const rows = await query(`SELECT user_id FROM members WHERE group_id = $1 AND body->>'role' IN ('Owner', 'Admin')`, [
        groupID
      ])
      return all<{ user_id: string }>(rows).map(row => row.user_id)
    },
    async others(groupID, keys) {
      if (keys.length === 0) return []
      const rows = await query(
        `SELECT o.kind AS table, o.user_id AS id, o.body AS row, o.rv FROM others o, jsonb_array_elements($2::jsonb) e
         WHERE o.group_id = $1 AND o.kind = e->>'table' AND o.user_id = e->>'id'`,
        [groupID, JSON.stringify(keys)]
      )
      return all<Omit<Other, 'rv'> & { rv: string }>(rows).map(({ rv, ...other }) => ({ ...other, rv: Number(rv) }) as Other)
    },
    async tipsSince(groupID, from, limit) {
      const rows = await query('SELECT body FROM tips WHERE group_id = $1 AND seq > $2 ORDER BY seq DESC LIMIT $3', [
        groupID,
        from,
        limit
      ])
      return all<{ body: TipRow }>(rows)
        .map(({ body }) => body)
        .reverse()
    },
    async logSince(groupID, from, names) {
      const rows = await query(
        `SELECT body FROM log WHERE group_id = $1 AND seq > $2 AND body->>'name' IN (SELECT jsonb_array_elements_text($3::jsonb))
         ORDER BY seq`,
        [groupID, from, JSON.stringify(names)]
      )
      return all<{ body: LogEntry }>(rows).map(({ body }) => body)
    },
    async followed(userID) {
      const rows = await query(
        'SELECT m.group_id, m.mep, m.since, g.seq FROM memberships m JOIN groups g USING (group_id) WHERE m.user_id = $1 AND m.follows ORDER BY m.group_id',
        [userID]
      )
      return all<{ group_id: string; mep: string; since: string; seq: string }>(rows).map(row => ({
        groupID: row.group_id,
        mep: Number(row.mep),
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
        'SELECT user_id, mep, since, follows, "left" FROM memberships WHERE group_id = $1 AND user_id IN (SELECT jsonb_array_elements_text($2::jsonb))',
        [groupID, JSON.stringify(userIDs)]
      )
      return all<{ user_id: string; mep: string; since: string; follows: boolean; left: Membership['left'] }>(rows).map(
        ({ user_id, mep, since, follows, left }) => ({
          userID: user_id,
          mep: Number(mep),
          since: Number(since),
          follows,
          left
        })
      )
    },
    async groupCounts(userIDs) {
      if (userIDs.length === 0) return new Map()
      const rows = await query(
        'SELECT user_id, count(*) AS count FROM memberships WHERE follows AND user_id IN (SELECT jsonb_array_elements_text($1::jsonb)) GROUP BY user_id',
        [JSON.stringify(userIDs)]
      )
      const counted = new Map(all<{ user_id: string; count: string }>(rows).map(row => [row.user_id, Number(row.count)]))
      return new Map(userIDs.map(userID => [userID, counted.get(userID) ?? 0]))
    },
    async feed(userID) {
      const row = one<{ head: string; floor: string }>(await query('SELECT head, floor FROM feeds WHERE user_id = $1', [userID]))
      return { head: Number(row?.head ?? 0), floor: Number(row?.floor ?? 0) }
    },
    async feedSince(userID, from) {
      const rows = await query('SELECT fseq, body FROM feed WHERE user_id = $1 AND fseq > $2 ORDER BY fseq', [userID, from])
      return all<{ fseq: string; body: NewFeedEvent }>(rows).map(({ fseq, body }) => ({ ...body, fseq: Number(fseq) }))
    },
    async verdicts(userID, opIDs) {
      const rows = await query(
        'SELECT op_id, name, body FROM verdicts WHERE user_id = $1 AND op_id IN (SELECT jsonb_array_elements_text($2::jsonb))',
        [userID, JSON.stringify(opIDs)]
      )
      return new Map(
        all<{ op_id: string; name: string; body: StoredVerdict['verdict'] }>(rows).map(({ op_id, name, body }) => [
          op_id,
          { verdict: body, name }
        ])
      )
    }
  }
}

function writer(query: Query): Pick<Transaction, 'lockGroup' | 'appendFeeds' | 'write'> {
  return {
    async lockGroup(groupID) {
      // A row for a group that does not exist yet keeps two creations of one ID apart.
      await query('INSERT INTO groups (group_id, seq, body) VALUES ($1, 0, NULL) ON CONFLICT (group_id) DO NOTHING', [groupID])
      return groupState(await query('SELECT seq, body, floor, digest FROM groups WHERE group_id = $1 FOR UPDATE', [groupID]))
    },
    async appendFeeds(events, at) {
      const users = JSON.stringify([...events].map(([userID, { length }]) => ({ userID, length })))
      const heads = await query(
        `INSERT INTO feeds AS f (user_id, head)
         SELECT e->>'userID', (e->>'length')::bigint FROM jsonb_array_elements($1::jsonb) e ORDER BY e->>'userID'
         ON CONFLICT (user_id) DO UPDATE SET head = f.head + excluded.head RETURNING user_id, head`,
        [users]
      )
      const tails = new Map(all<{ user_id: string; head: string }>(heads).map(row => [row.user_id, Number(row.head)]))
      const entries = [...events].flatMap(([userID, list]) =>
        list.map((body, index) => ({ userID, fseq: (tails.get(userID) ?? 0) - list.length + 1 + index, body }))
      )
      await query(
        `INSERT INTO feed (user_id, fseq, at, body)
         SELECT e->>'userID', (e->>'fseq')::bigint, $2, e->'body' FROM jsonb_array_elements($1::jsonb) e`,
        [JSON.stringify(entries), at]
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
      `UPDATE groups SET seq = (e->>'seq')::bigint, body = NULLIF(e->'row', 'null'::jsonb), digest = (e->>'digest')::bigint
       FROM jsonb_array_elements($2::jsonb) e WHERE group_id = $1`,
      log.length > 0 ? [state] : []
    ],
    [
      `UPDATE members SET body = NULL, rv = (e->>'seq')::bigint FROM jsonb_array_elements($2::jsonb) e WHERE group_id = $1 AND body IS NOT NULL`,
      dissolved ? [state] : []
    ],
    [`DELETE FROM others USING jsonb_array_elements($2::jsonb) e WHERE group_id = $1`, dissolved ? [state] : []],
    [
      `INSERT INTO members (group_id, user_id, body, rv)
       SELECT $1, e->>'userID', NULLIF(e->'row', 'null'::jsonb), (e->>'rv')::bigint FROM jsonb_array_elements($2::jsonb) e
       ON CONFLICT (group_id, user_id) DO UPDATE SET body = excluded.body, rv = excluded.rv`,
      members
    ],
    [
      `INSERT INTO others (group_id, kind, user_id, body, rv)
       SELECT $1, e->>'table', e->>'id', e->'row', (e->>'rv')::bigint FROM jsonb_array_elements($2::jsonb) e
       ON CONFLICT (group_id, kind, user_id) DO UPDATE SET body = excluded.body, rv = excluded.rv`,
      others
    ],
    [`INSERT INTO tips (group_id, seq, body) SELECT $1, (e->>'seq')::bigint, e FROM jsonb_array_elements($2::jsonb) e`, tips],
    [
      `INSERT INTO log (group_id, seq, at, body) SELECT $1, (e->>'seq')::bigint, (e->>'at')::bigint, e FROM jsonb_array_elements($2::jsonb) e`,
      log
    ],
    [
      `INSERT INTO memberships (user_id, group_id, mep, since, follows, "left")
       SELECT e->>'userID', $1, (e->>'mep')::bigint, (e->>'since')::bigint, (e->>'follows')::boolean, NULLIF(e->'left', 'null'::jsonb)
       FROM jsonb_array_elements($2::jsonb) e
       ON CONFLICT (user_id, group_id) DO UPDATE
       SET mep = excluded.mep, since = excluded.since, follows = excluded.follows, "left" = excluded."left"`,
      memberships
    ],
    [
      `INSERT INTO verdicts (user_id, op_id, group_id, name, at, body)
       SELECT e->>'userID', e->'verdict'->>'opID', $1, e->>'name', (e->>'at')::bigint, e->'verdict' FROM jsonb_array_elements($2::jsonb) e`,
      verdicts
    ]
  ]
}
