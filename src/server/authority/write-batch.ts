/** Writes the batch to the database and announces its changes. */

import { must } from '../../kernel/must.ts'
import { isEntries, numbered } from '../database/port.ts'
import type { Announcement } from './announcement.ts'
import type { Batch } from './batch.ts'

/** `undefined`: no operation has changed the group. */
export async function writeBatch(batch: Batch): Promise<Announcement | undefined> {
  const { tx, groupID, before, group, seq, digest, members, memberships, changed, feeds } = batch
  const rows = [...changed.members].map(
    userID => members.get(userID) ?? { userID, row: null, revision: seq }
  )
  const others = [...changed.others.values()]
  const entries: Announcement['entries'] = Object.fromEntries(
    others.filter(isEntries).map(({ table, row }) => [table, row])
  )
  const heads = feeds.size > 0 ? await tx.appendFeeds(feeds, batch.now) : new Map<string, number>()
  await tx.write({
    groupID,
    state: { seq, row: group, digest: digest >>> 0 },
    log: batch.log,
    members: rows,
    dissolved: batch.isDissolved,
    others,
    tips: batch.tips,
    memberships: [...changed.memberships].flatMap(userID => memberships.get(userID) ?? []),
    verdicts: batch.verdicts
  })
  if (seq === before.seq) return undefined
  return {
    groupID,
    from: before.seq,
    to: seq,
    actors: new Set(batch.log.map(({ actor }) => actor)),
    group,
    isRowChanged: group !== before.row,
    members: rows.flatMap(({ row }) => row ?? []),
    gone: rows.flatMap(({ userID, row }) => (row ? [] : [userID])),
    tips: batch.tips,
    bytes: Buffer.byteLength(JSON.stringify([rows, batch.tips, entries])),
    settings: new Map(
      others.flatMap(({ table, id, row }) => (table === 'settings' ? [[id, row]] : []))
    ),
    entries,
    feeds: new Map(
      [...feeds].map(([userID, events]) => [userID, numbered(events, must(heads.get(userID)))])
    )
  }
}
