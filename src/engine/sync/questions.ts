/** Questions to the server about a group that the user need not be in. */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { GroupRow } from '../../kernel/model.ts'
import type { ClientMessage } from '../../protocol/client-messages.ts'
import { rowsOf } from '../../protocol/column-block.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { GroupEntries, MemberPage } from '../api.ts'
import type { Host } from '../host.ts'
import type { Connection } from './connection.ts'
import { answerWithinMs } from './schedule.ts'

type Sent = Extract<ClientMessage, { readonly request: number }>
type Received = Extract<ServerMessage, { readonly request: number }>
type WithoutRequest<M> = M extends unknown ? Omit<M, 'request'> : never
export type Question = WithoutRequest<Sent>
export type Answer = GroupRow | MemberPage | GroupEntries | GroupError

export function createQuestions(host: Host, connection: Connection) {
  const waiting = new Map<number, { readonly sent: Sent; resolve(answer: Answer): void }>()
  let lastRequest = 0

  return {
    /** Without a connection, the question is sent over the next one. */
    ask(question: Question): Promise<Answer> {
      return new Promise(resolve => {
        const request = lastRequest++
        const sent: Sent = { ...question, request }
        const answer = (value: Answer) => {
          stopTimer()
          waiting.delete(request)
          resolve(value)
        }
        const late = () => answer(groupError('NoNetwork', 'no answer'))
        const stopTimer = host.setTimer(late, answerWithinMs)
        waiting.set(request, { sent, resolve: answer })
        if (connection.isOnline()) connection.ask(sent)
      })
    },
    receive({ request, answer }: Received): void {
      const isPage = 'members' in answer
      const decoded = isPage ? { ...answer, members: rowsOf(answer.members) } : answer
      waiting.get(request)?.resolve(decoded)
    },
    /** The server does not know messages of this type. */
    unknown(what: string): void {
      for (const { sent, resolve } of [...waiting.values()])
        if (sent.type === what) resolve(groupError('UnknownOperation', what))
    },
    /** Sends all open questions over a new connection. */
    askAll(): void {
      for (const { sent } of waiting.values()) connection.ask(sent)
    },
    lost(): void {
      for (const { resolve } of [...waiting.values()]) resolve(groupError('NoNetwork'))
    }
  }
}
