/** The answers to a client's questions, each as of one read and after the delta up to it. */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { GroupRow } from '../../kernel/model.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { serverFrame } from '../../protocol/server-messages.ts'
import type { Reader } from '../database/port.ts'
import { membersFrame } from './frames.ts'
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
      const identity = await replica.read(database, async reader => {
        await replica.checkHeads(reader)
        if (check) await replica.checkGroup(reader, check)
        return reader.identity()
      })
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
  // Users outside the group must not learn that it exists. An AVChatRoom has no member list.
  if (!position || !row || row.type === 'AVChatRoom') return []
  const members = await reader.membersAfter(groupID, after, limit)
  const next = members.length === limit ? (members.at(-1)?.userID ?? null) : null
  const { membershipEpoch } = position
  return [
    membersFrame({ type: 'members', groupID, membershipEpoch, asOf: seq, after, members, next })
  ]
}

/** Users outside a group see the fields of a search result. Private groups cannot be found. */
function profileFor(
  row: GroupRow,
  { isIn, search }: { isIn: boolean; search: boolean }
): GroupRow | GroupError {
  if (row.type === 'Private' && (search || !isIn)) return groupError('NotPermitted')
  return isIn && !search ? row : { ...row, muteAllMembers: false, groupCustomField: [] }
}
