/** Notices that the app's own server sends. */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import { utf8Length } from '../../kernel/limits.ts'
import { must } from '../../kernel/must.ts'
import { noticeTypes } from '../../kernel/notices.ts'
import type { NewFeedEvent } from '../../protocol/server-messages.ts'
import type { Announcement } from './announcement.ts'
import { numbered, type Transaction } from '../database/port.ts'

const userDefinedFieldBytesMax = 8000
/** The operator ID of notices from Tencent's service. */
const administrator = 'administrator'

/** Adds a notice to the feed of the named users of a group, or of all of them. */
export async function giveNotice(
  tx: Transaction,
  {
    groupID,
    userDefinedField,
    userIDs
  }: { groupID: string; userDefinedField: string; userIDs?: readonly string[] },
  { nowMs }: { nowMs: number }
): Promise<Announcement | GroupError> {
  if (utf8Length(userDefinedField) > userDefinedFieldBytesMax) {
    return groupError(
      'IllegalArgument',
      `userDefinedField: at most ${userDefinedFieldBytesMax} bytes`
    )
  }
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
