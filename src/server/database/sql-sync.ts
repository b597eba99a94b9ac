/**
 * The changes for a session in one statement: a client of 1,000 groups would otherwise cost
 * thousands of round trips at each login. The lists are JSON that PostgreSQL builds.
 */

import type { MemberRow } from '../../kernel/model.ts'
import type { TipRow } from '../../kernel/notices.ts'
import type { NewFeedEvent } from '../../protocol/server-messages.ts'
import type {
  Followed,
  GroupRows,
  GroupState,
  Identity,
  MarkedMember,
  Other,
  StoredVerdict,
  SyncRequest,
  SyncRows
} from './port.ts'
import { one, type SqlQuery } from './sql-rows.ts'

const followed = `
  SELECT json_agg(json_build_object('groupID', m.group_id, 'membershipEpoch', m.membership_epoch,
    'since', m.since, 'seq', g.seq) ORDER BY m.group_id)
  FROM memberships m JOIN groups g USING (group_id)
  WHERE m.user_id = $1 AND m.follows AND ($3::boolean OR f.head <> $2)`

const events = `
  SELECT json_agg(json_build_object('fseq', e.fseq, 'body', e.body) ORDER BY e.fseq)
  FROM feed e WHERE e.user_id = $1 AND e.fseq > f.head - $4 AND f.head <> $2`

const verdicts = `
  SELECT json_agg(json_build_object('name', v.name, 'verdict', v.body))
  FROM verdicts v
  WHERE v.user_id = $1 AND v.op_id IN (SELECT jsonb_array_elements_text($5::jsonb))`

const changed = `
  SELECT coalesce(json_agg(json_build_object('userID', c.user_id, 'row', c.body,
    'revision', c.revision) ORDER BY c.revision), '[]')
  FROM (SELECT user_id, body, revision FROM members m
    WHERE m.group_id = r.group_id AND m.revision > r.held
      AND (g.body->>'type' <> 'AVChatRoom' OR m.user_id = $1)
    ORDER BY m.revision LIMIT $7) c`

const others = `
  SELECT json_agg(json_build_object('table', o.kind, 'id', o.user_id, 'row', o.body,
    'revision', o.revision))
  FROM others o WHERE o.group_id = r.group_id AND (o.kind, o.user_id) IN
    (('settings', $1), ('attributes', ''), ('counters', ''))`

const tips = `
  SELECT json_agg(t.body ORDER BY t.seq)
  FROM (SELECT seq, body FROM tips
    WHERE group_id = r.group_id
      AND seq > greatest(CASE WHEN w.is_whole THEN 0 ELSE r.held END, r.since - 1)
    ORDER BY seq DESC LIMIT $8) t`

const known = `
  SELECT json_agg(m.body) FROM members m
  WHERE m.group_id = r.group_id AND m.user_id = ANY (ARRAY[$1, g.body->>'ownerID'])
    AND m.body IS NOT NULL`

const members = `
  SELECT coalesce(json_agg(m.body ORDER BY m.user_id), '[]') FROM members m
  WHERE m.group_id = r.group_id AND m.body IS NOT NULL`

/** A subquery per group, because each of them reads a short range of an index. */
const groups = `
  SELECT json_agg(json_build_object('groupID', r.group_id,
    'state', json_build_object('seq', g.seq, 'row', g.body, 'floor', g.floor, 'digest', g.digest),
    'changed', CASE WHEN NOT w.is_whole THEN (${changed}) END,
    'others', (${others}),
    'tips', (${tips}),
    'known', CASE WHEN w.is_whole THEN (${known}) END,
    'members', CASE WHEN w.is_whole AND (g.body->>'memberNum')::bigint <= r.members_max
      THEN (${members}) END
  ) ORDER BY r.place)
  FROM (SELECT e->>'groupID' AS group_id, (e->>'from')::bigint AS held,
      (e->>'since')::bigint AS since, (e->>'membersMax')::bigint AS members_max, place
    FROM jsonb_array_elements($6::jsonb) WITH ORDINALITY l(e, place)) r
  JOIN groups g USING (group_id)
  CROSS JOIN LATERAL (SELECT r.held = 0 OR r.held < g.floor AS is_whole) w`

const statement = `
  SELECT (SELECT json_build_object('epoch', epoch, 'receiptKey', receipt_key) FROM server)
      AS identity,
    json_build_object('head', f.head, 'floor', f.floor) AS feed,
    (${followed}) AS followed, (${events}) AS events, (${verdicts}) AS verdicts,
    (${groups}) AS groups
  FROM (SELECT coalesce(max(head), 0) AS head, coalesce(max(floor), 0) AS floor
    FROM feeds WHERE user_id = $1) f`

/** A list without rows is null. */
type StoredRows = {
  readonly identity: Identity
  readonly feed: SyncRows['feed']
  readonly followed: Followed[] | null
  readonly events: { readonly fseq: number; readonly body: NewFeedEvent }[] | null
  readonly verdicts: StoredVerdict[] | null
  readonly groups: StoredGroup[] | null
}
type StoredGroup = {
  readonly groupID: string
  readonly state: GroupState
  readonly changed: MarkedMember[] | null
  readonly others: Other[] | null
  readonly tips: TipRow[] | null
  readonly known: MemberRow[] | null
  readonly members: MemberRow[] | null
}

export async function sync(
  query: SqlQuery,
  userID: string,
  { feed, isFollowedRead, groups: requests, max, opIDs }: SyncRequest
): Promise<SyncRows> {
  const rows = one<StoredRows>(
    await query(statement, [
      userID,
      feed,
      isFollowedRead,
      max.events,
      JSON.stringify(opIDs),
      JSON.stringify(requests),
      max.changed,
      max.tips
    ])
  )
  return {
    identity: rows?.identity ?? { epoch: '', receiptKey: '' },
    feed: rows?.feed ?? { head: 0, floor: 0 },
    followed: rows?.followed ?? [],
    events: (rows?.events ?? []).map(({ fseq, body }) => ({ ...body, fseq })),
    verdicts: new Map(
      (rows?.verdicts ?? []).map(({ name, verdict }) => [verdict.opID, { name, verdict }])
    ),
    groups: (rows?.groups ?? []).map((group): GroupRows => ({
      ...group,
      others: group.others ?? [],
      tips: group.tips ?? [],
      known: group.known ?? []
    }))
  }
}
