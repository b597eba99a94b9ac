/**
 * The tables, by versions. A server that opens a database brings it to the newest version, never
 * back to an older one. A released version does not change: a later change is a new version.
 */

import { one, type SqlQuery } from './sql-rows.ts'

const first = `
  CREATE TABLE IF NOT EXISTS server (epoch text NOT NULL, receipt_key text NOT NULL);
  CREATE TABLE IF NOT EXISTS groups (
    group_id text PRIMARY KEY, seq bigint NOT NULL, body jsonb,
    floor bigint NOT NULL DEFAULT 0, digest bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 70);
  CREATE TABLE IF NOT EXISTS members (
    group_id text, user_id text COLLATE "C", body jsonb, revision bigint NOT NULL,
    PRIMARY KEY (group_id, user_id)
  );
  CREATE INDEX IF NOT EXISTS members_changed ON members (group_id, revision);
  CREATE TABLE IF NOT EXISTS others (
    group_id text, kind text, user_id text, body jsonb NOT NULL, revision bigint NOT NULL,
    PRIMARY KEY (group_id, kind, user_id)
  );
  CREATE TABLE IF NOT EXISTS tips (
    group_id text, seq bigint, body jsonb NOT NULL,
    PRIMARY KEY (group_id, seq)
  );
  CREATE TABLE IF NOT EXISTS log (
    group_id text, seq bigint, at_seconds bigint NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (group_id, seq)
  );
  CREATE INDEX IF NOT EXISTS log_by_time ON log (at_seconds);
  CREATE TABLE IF NOT EXISTS memberships (
    user_id text, group_id text, membership_epoch bigint NOT NULL, since bigint NOT NULL,
    follows boolean NOT NULL, "left" jsonb,
    PRIMARY KEY (user_id, group_id)
  );
  CREATE INDEX IF NOT EXISTS memberships_of_group ON memberships (group_id);
  CREATE TABLE IF NOT EXISTS feeds (
    user_id text PRIMARY KEY, head bigint NOT NULL, floor bigint NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS feed (
    user_id text, fseq bigint, at_seconds bigint NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (user_id, fseq)
  );
  CREATE INDEX IF NOT EXISTS feed_by_time ON feed (at_seconds);
  CREATE TABLE IF NOT EXISTS verdicts (
    user_id text, op_id text, group_id text NOT NULL, name text NOT NULL,
    at_seconds bigint NOT NULL, is_refusal boolean NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (user_id, op_id)
  );
  CREATE INDEX IF NOT EXISTS verdicts_by_time ON verdicts (at_seconds);
`

/** The hourly deletion finds expired rows without reading whole tables. */
const second = `
  CREATE INDEX memberships_ended ON memberships ((("left"->>'atSeconds')::bigint)) WHERE NOT follows;
  CREATE INDEX refusals_by_time ON verdicts (at_seconds) WHERE is_refusal;
`

/** So that a page of a large group's members sorts nothing, and ended bans are found. */
const third = `
  CREATE INDEX members_by_role ON members (
    group_id, array_position(ARRAY['Owner', 'Admin', 'Member'], body->>'role'),
    ((body->>'joinTime')::bigint), user_id
  ) WHERE body IS NOT NULL;
  CREATE INDEX bans_ended ON others (((body->>'until')::numeric)) WHERE kind = 'bans';
`

const versions: readonly string[] = [first, second, third]
export const newestVersion = versions.length

/** Servers that start at the same time wait here for the one that changes the tables. */
const lockKey = 0

/** 0: there are no tables. Rejects for tables of a newer build. */
export async function versionOf(query: SqlQuery): Promise<number> {
  const { rows } = await query(`SELECT to_regclass('schema_versions') AS name`)
  if (one<{ name: unknown }>({ rows })?.name === null) return 0
  const row = one<{ version: number }>(
    await query('SELECT coalesce(max(version), 0)::int AS version FROM schema_versions')
  )
  const version = row?.version ?? 0
  if (version > newestVersion)
    throw new Error(
      `the database has tables of version ${version}, and this build knows versions up to ` +
        `${newestVersion}: install the newer build of the server`
    )
  return version
}

/**
 * Brings the tables to a version in the transaction of `query`. Rejects for tables of a newer
 * build, before anything is changed. The transaction needs `isLong`: building an index of a large
 * table takes longer than a statement of the service may.
 */
export async function migrate(query: SqlQuery, to = newestVersion): Promise<void> {
  await query(`SELECT pg_advisory_xact_lock(${lockKey})`)
  const present = await versionOf(query)
  await query(`
    CREATE TABLE IF NOT EXISTS schema_versions (
      version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()
    )`)
  for (const [index, statements] of versions.slice(0, to).entries()) {
    if (index < present) continue
    for (const statement of statements.split(';\n')) if (statement.trim()) await query(statement)
    await query('INSERT INTO schema_versions (version) VALUES ($1)', [index + 1])
  }
}
