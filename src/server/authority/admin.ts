/** Notices that the app's own server sends. */

import { list, optional, parseArgs, text } from '../../kernel/args.ts'
import { groupError, type GroupError } from '../../kernel/errors.ts'
import { groupID, userID } from '../../kernel/ids.ts'
import { must } from '../../kernel/must.ts'
import { noticeTypes } from '../../kernel/notices.ts'
import type { NewFeedEvent } from '../../protocol/server-messages.ts'
import type { Announcement } from './announcement.ts'
import { numbered, type Transaction } from '../database/port.ts'

const userDefinedFieldBytesMax = 8000
const usersMax = 100_000
/** The operator ID of notices from Tencent's service. */
const administrator = 'administrator'

const args = {
  groupID,
  userDefinedField: text({ bytesMax: userDefinedFieldBytesMax }),
  userIDs: optional(list(userID, { countMax: usersMax, reason: 'TooManyAccounts' }))
}

/** Adds a notice to the feed of the named users of a group, or of all of them. */
export async function giveNotice(
  tx: Transaction,
  notice: unknown,
  { nowMs }: { nowMs: number }
): Promise<Announcement | GroupError> {
  const parsed = parseArgs(args, notice)
  if (!parsed.ok) return parsed.error
  if (parsed.limit) return parsed.limit
  const { groupID, userDefinedField, userIDs } = parsed.args
  const { row, seq } = await tx.lockGroup(groupID)
  if (!row) return groupError('GroupNotFound', groupID)
  const followers = await tx.followers(groupID)
  const named = userIDs && new Set(userIDs)
  const time = Math.floor(nowMs / 1000)
  const event: NewFeedEvent = {
    kind: 'notice',
    time,
    groupID,
    groupName: row.name,
    operationType: noticeTypes.custom,
    operatorID: administrator,
    handleMessage: '',
    userDefinedField
  }
  const events = new Map(
    followers.filter(userID => named?.has(userID) ?? true).map(userID => [userID, [event]])
  )
  const tails = await tx.appendFeeds(events, time)
  const feeds = new Map(
    [...events].map(([userID, list]) => [userID, numbered(list, must(tails.get(userID)))])
  )
  return {
    groupID,
    from: seq,
    to: seq,
    actors: new Set(),
    group: row,
    isRowChanged: false,
    members: [],
    gone: [],
    tips: [],
    bytes: 0,
    settings: new Map(),
    entries: {},
    feeds
  }
}
