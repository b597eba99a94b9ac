/** The answers to a client's questions, as of one read transaction. */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { GroupRow } from '../../kernel/model.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { serverFrame, type ServerMessage } from '../../protocol/messages.ts'
import { membersFrame } from './frames.ts'
import type { Identity, Reader } from '../database/port.ts'
import { receiptOf } from './receipts.ts'
import type { Replica } from './replica/replica.ts'

type Question<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>

export function pong(
  identity: Identity,
  userID: string,
  replica: Replica,
  serverTime: number
): string {
  const receipt = receiptOf(identity, userID, replica.seen())
  return serverFrame({ type: 'pong', serverTime, receipt, ...replica.positionDigest() })
}

export async function membersPage(
  reader: Reader,
  replica: Replica,
  { groupID, after, limit }: Question<'members'>
): Promise<string[]> {
  const position = replica.position(groupID)
  const { row, seq } = await reader.group(groupID)
  // Users outside the group do not even learn that it exists. An AVChatRoom has no member list.
  if (!position || !row || row.type === 'AVChatRoom') return []
  const members = await reader.membersAfter(groupID, after, limit)
  const next = members.length === limit ? (members.at(-1)?.userID ?? null) : null
  return [
    membersFrame({
      type: 'members',
      groupID,
      membershipEpoch: position.membershipEpoch,
      asOf: seq,
      after,
      members,
      next
    })
  ]
}

export function profileAnswer(
  row: GroupRow | null,
  { request, search }: Question<'read'>,
  isIn: boolean
): ServerMessage {
  return {
    type: 'profile',
    request,
    answer: row ? profileFor(row, { isIn, search }) : groupError('GroupNotFound')
  }
}

/** Users outside a group see the fields of a search result. Private groups cannot be found. */
function profileFor(
  row: GroupRow,
  { isIn, search }: { isIn: boolean; search: boolean }
): GroupRow | GroupError {
  if (row.type === 'Private' && (search || !isIn)) return groupError('NotPermitted')
  return isIn && !search ? row : { ...row, muteAllMembers: false, groupCustomField: [] }
}

/** The same reader, which throws once its session has ended. */
export function whileOpen(reader: Reader, isOpen: () => boolean): Reader {
  return new Proxy(reader, {
    get(target, name: keyof Reader) {
      if (!isOpen()) throw new Error('the session has ended')
      return target[name]
    }
  })
}
