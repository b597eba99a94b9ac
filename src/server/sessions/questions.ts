/** Answers what a session is asked about one group, as frames that are read at one moment of the database. */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { GroupRow } from '../../kernel/model.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import type { ServerMessage } from '../../protocol/messages.ts'
import { membersFrame } from './frames.ts'
import type { Reader } from '../database/port.ts'
import type { Replica } from './replica/replica.ts'

type Question<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>

/** A page of members, as of the moment that `reader` shows. */
export async function membersPage(
  reader: Reader,
  replica: Replica,
  { groupID, after, limit }: Question<'members'>
): Promise<string[]> {
  const position = replica.position(groupID)
  const { row, seq } = await reader.group(groupID)
  // Somebody who is not in the group learns nothing, not even that it exists; of an AVChatRoom, nobody does.
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

/** Who is not in a group may know what a search shows. A Private group is not found, and shows nothing to outsiders. */
function profileFor(
  row: GroupRow,
  { isIn, search }: { isIn: boolean; search: boolean }
): GroupRow | GroupError {
  if (row.type === 'Private' && (search || !isIn)) return groupError('NotPermitted')
  return isIn && !search ? row : { ...row, muteAllMembers: false, groupCustomField: [] }
}

/** The same reader, which reads nothing more once its session has ended. */
export function whileOpen(reader: Reader, isOpen: () => boolean): Reader {
  return new Proxy(reader, {
    get(target, name: keyof Reader) {
      if (!isOpen()) throw new Error('the session has ended')
      return target[name]
    }
  })
}
