/** The answers to a client's questions, each as of one read and after the delta up to it. */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import { markedUsers } from '../../kernel/marks.ts'
import {
  entriesKey,
  entriesTables,
  marksKey,
  type AttributesRow,
  type CountersRow,
  type GroupRow,
  type MarksRow,
  type MemberRow
} from '../../kernel/model.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { encodeRows } from '../../protocol/column-block.ts'
import { serverFrame } from '../../protocol/server-messages.ts'
import { isEntries, type Reader } from '../database/port.ts'
import { pageFrame } from './frames.ts'
import type { Readable } from './readable.ts'
import { receiptOf } from './receipts.ts'
import type { Replica } from './replica/replica.ts'

type Question<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>
type Asker = {
  readonly userID: string
  readonly isAppAdmin: boolean
  readonly replica: Replica
  readonly epoch: string
}

export function createAnswers(
  database: Readable,
  now: () => number,
  nextFrames: (replica: Replica) => string[]
) {
  return {
    /** `undefined`: the epoch has changed, so the client must log in again. */
    async pong(
      { replica, userID, epoch }: Asker,
      { check }: Question<'ping'>
    ): Promise<string[] | undefined> {
      const identity = await replica.refresh(database, { ping: { check } })
      if (identity.epoch !== epoch) return undefined
      // The positions in the pong include the delta before it.
      const delta = nextFrames(replica)
      const receipt = receiptOf(identity, userID, replica.seen())
      const pong = {
        type: 'pong',
        serverTime: now(),
        receipt,
        ...replica.positionDigest()
      } as const
      return [...delta, serverFrame(pong)]
    },

    /** The page is newer than the client's rows, so the delta up to it comes first. */
    members: ({ replica }: Asker, question: Question<'members'>): Promise<string[]> =>
      replica.read(
        database,
        async reader => [...nextFrames(replica), ...(await membersPage(reader, replica, question))],
        [question.groupID]
      ),

    async memberPage(asker: Asker, question: Question<'readMembers'>): Promise<string[]> {
      const { replica } = asker
      const { request, offset, limit } = question
      const rows = await replica.read(database, reader => memberWindow(reader, asker, question))
      const frame =
        'code' in rows
          ? serverFrame({ type: 'memberPage', request, answer: rows })
          : pageFrame(rows, members => ({
              ...{ type: 'memberPage', request },
              answer: {
                members: encodeRows(members),
                next: isCut(rows, members, limit) ? offset + members.length : null
              }
            }))
      return [...nextFrames(replica), frame]
    },

    async entries(asker: Asker, { groupID, request }: Question<'readEntries'>): Promise<string[]> {
      const { replica } = asker
      const answer = await replica.read(database, reader => entriesOf(reader, asker, groupID))
      return [...nextFrames(replica), serverFrame({ type: 'entries', request, answer })]
    },

    async profile(
      { isAppAdmin, replica }: Asker,
      { groupID, request, search }: Question<'read'>
    ): Promise<string[]> {
      const { row } = await replica.read(database, reader => reader.group(groupID))
      const isIn = Boolean(replica.position(groupID)) || isAppAdmin
      const answer = row ? profileFor(row, { isIn, search }) : groupError('GroupNotFound')
      return [...nextFrames(replica), serverFrame({ type: 'profile', request, answer })]
    }
  }
}

async function membersPage(
  reader: Reader,
  replica: Replica,
  { groupID, after, limit }: Question<'members'>
): Promise<string[]> {
  const position = replica.position(groupID)
  const { row, seq } = await reader.group(groupID)
  // Users outside the group must not learn that it exists. Devices hold no members of an AVChatRoom.
  if (!position || !row || row.type === 'AVChatRoom') return []
  const rows = await reader.membersAfter(groupID, after, limit)
  const { membershipEpoch } = position
  const frame = pageFrame(rows, members => ({
    ...{ type: 'members', groupID, membershipEpoch, asOf: seq, after, members },
    next: isCut(rows, members, limit) ? (members.at(-1)?.userID ?? null) : null
  }))
  return [frame]
}

/** Whether more members may follow: the page is full, or its frame had no room for all rows. */
const isCut = (rows: readonly unknown[], members: readonly unknown[], limit: number): boolean =>
  members.length === limit || members.length < rows.length

/** Tencent's service lists no more members of an AVChatRoom, which may have millions. */
const roomMembersMax = 300

async function memberWindow(
  reader: Reader,
  asker: Asker,
  { groupID, offset, limit, role, userIDList, markType }: Question<'readMembers'>
): Promise<MemberRow[] | GroupError> {
  const row = await groupFor(reader, asker, groupID)
  if ('code' in row) return row
  const isRoom = row.type === 'AVChatRoom'
  if (markType !== undefined && !isRoom) return groupError('IllegalArgument', 'no marks')
  const marked = markType === undefined ? undefined : await withMark(reader, groupID, markType)
  const users = userIDList && marked ? userIDList.filter(isIn(marked)) : (userIDList ?? marked)
  const isCapped = isRoom && !users
  return reader.membersByRole(groupID, {
    offset,
    limit: isCapped ? Math.min(limit, Math.max(0, roomMembersMax - offset)) : limit,
    ...(role !== undefined && { role }),
    ...(users && { userIDList: users })
  })
}

/** Members, attributes and counters are for members and app admins. */
async function groupFor(
  reader: Reader,
  { isAppAdmin, replica }: Asker,
  groupID: string
): Promise<GroupRow | GroupError> {
  const { row } = await reader.group(groupID)
  if (!row) return groupError('GroupNotFound')
  return isAppAdmin || replica.position(groupID) ? row : groupError('NotPermitted')
}

async function entriesOf(
  reader: Reader,
  asker: Asker,
  groupID: string
): Promise<{ attributes: AttributesRow; counters: CountersRow } | GroupError> {
  const group = await groupFor(reader, asker, groupID)
  if ('code' in group) return group
  const keys = entriesTables.map(table => entriesKey(table, groupID))
  const rows = (await reader.others(groupID, keys)).filter(isEntries)
  const none = { groupID, entries: [] }
  return {
    ...{ attributes: none, counters: none },
    ...Object.fromEntries(rows.map(({ table, row }) => [table, row]))
  }
}

async function withMark(
  reader: Reader,
  groupID: string,
  markType: number
): Promise<readonly string[]> {
  const [marks] = await reader.others(groupID, [marksKey(groupID)])
  // The row of this key is one of marks.
  return markedUsers(marks?.row as MarksRow | undefined, markType)
}

const isIn = (users: readonly string[]) => (user: string) => users.includes(user)

/** Users outside a group see the fields of a search result. Private groups cannot be found. */
function profileFor(
  row: GroupRow,
  { isIn, search }: { isIn: boolean; search: boolean }
): GroupRow | GroupError {
  if (row.type === 'Private' && (search || !isIn)) return groupError('NotPermitted')
  return isIn && !search ? row : { ...row, muteAllMembers: false, groupCustomField: [] }
}
