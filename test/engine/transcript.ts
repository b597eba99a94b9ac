/**
 * The messages of a device and the server, in words: `crew@1.3` is the third position of the first
 * membership in crew.
 */

import { decodeRows, rowCount } from '../../src/protocol/column-block.ts'
import type { Verdict } from '../../src/kernel/verdict.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import type {
  FeedDelta,
  FeedEvent,
  GroupDelta,
  ServerMessage
} from '../../src/protocol/server-messages.ts'
import type { TestClient } from '../harness.ts'

const inWords = (parts: (string | false | undefined)[]) => parts.filter(Boolean).join(', ')
const place = (groupID: string, membershipEpoch: number, seq: number) =>
  `${groupID}@${membershipEpoch}.${seq}`

/** The messages since the last call. */
export function listen({ network }: TestClient): () => string[] {
  let read = network.transcript.length
  const numbers = new Map<string, string>()
  const op = (opID: string) =>
    numbers.get(opID) ?? `${numbers.set(opID, `#${numbers.size + 1}`).get(opID)}`

  function toServer(message: ClientMessage): string {
    switch (message.type) {
      case 'hello': {
        const { epoch, feed, groups } = message
        const held = groups.map(([groupID, membershipEpoch, seq]) =>
          place(groupID, membershipEpoch, seq)
        )
        return `hello ${inWords([epoch ? `${epoch} feed ${feed}` : 'from nowhere', ...held])}`
      }
      case 'push':
        return `push ${inWords(
          message.operations.map(({ opID, name, groupID, after }) =>
            // Numbered in the order in which they are first named.
            [op(opID), name, groupID, after && `after ${op(after)}`].filter(Boolean).join(' ')
          )
        )}`
      case 'members':
        return `members ${message.groupID}${message.after && ` after ${message.after}`}`
      case 'ping':
        return message.check
          ? `ping ${place(message.check.groupID, message.check.membershipEpoch, message.check.seq)}`
          : 'ping'
      case 'read':
        return `read ${message.groupID}`
      case 'readMembers':
        return `readMembers ${message.groupID}`
      case 'readEntries':
        return `readEntries ${message.groupID}`
      case 'auth':
        return `auth ${message.token}`
      case 'unknown':
        return `unknown ${message.what}`
    }
  }

  const event = (each: FeedEvent) => {
    if (each.kind === 'joined') return `joined ${each.groupID}`
    if (each.kind === 'left') return `left ${each.groupID}: ${each.reason} by ${each.by}`
    if (each.kind === 'unknown') return 'unknown'
    return each.kind === 'notice'
      ? `notice ${each.operationType} of ${each.groupID}`
      : `${each.userID} ${each.state} by ${each.by}`
  }
  const rows = ({ groupID, from, to, members, gone }: GroupDelta) => {
    const users = [
      ...members.map(({ userID }) => userID).sort(),
      ...gone.map(userID => `-${userID}`)
    ]
    return `${groupID} ${from}→${to}${users.length > 0 ? ` (${users.join(' ')})` : ''}`
  }
  function verdict(each: Verdict): string {
    if (each.kind !== 'rejected') return `${op(each.opID)} ${each.kind} at ${each.seq}`
    const cause = each.cause ? ` ${each.cause.reason} by ${each.cause.by}` : ''
    return `${op(each.opID)} ${each.error.code}${cause}`
  }
  function news({ from, to, events }: FeedDelta): string {
    const list = events.length > 0 ? ` (${events.map(event).join('; ')})` : ''
    return `feed ${from}→${to}${list}`
  }

  function toClient(message: ServerMessage): string {
    switch (message.type) {
      case 'welcome':
        return `welcome ${message.epoch}${message.known ? '' : ', begin anew'}`
      case 'delta': {
        const { feed, groups, verdicts, retry, caughtUp } = message
        const again = retry.map(opID => `again ${op(opID)}`)
        const parts = [feed && news(feed), ...groups.map(rows), ...verdicts.map(verdict), ...again]
        return `delta ${inWords([...parts, caughtUp && 'caught up'])}`
      }
      case 'members': {
        const { groupID, asOf, members, next } = message
        const upTo = next ? ` up to ${next}` : ''
        return `members ${groupID} at ${asOf}: ${(decodeRows(members) as unknown[]).length}${upTo}`
      }
      case 'profile':
        return `profile ${'code' in message.answer ? message.answer.code : message.answer.name}`
      case 'memberPage':
        return `memberPage ${'code' in message.answer ? message.answer.code : rowCount(message.answer.members)}`
      case 'entries':
        return `entries ${'code' in message.answer ? message.answer.code : message.answer.attributes.groupID}`
      case 'pong':
        return 'pong'
      case 'error':
        return `error ${message.error.code}`
      case 'unknown':
        return `unknown ${message.what}`
    }
  }

  return () => {
    const said = network.transcript.slice(read).map(({ to, message }) =>
      // Both ends check what arrives.
      to === 'server'
        ? `→ ${toServer(message as ClientMessage)}`
        : `← ${toClient(message as ServerMessage)}`
    )
    read = network.transcript.length
    return said
  }
}
