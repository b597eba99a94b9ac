/** Questions to the server about the profile of a group that the user need not be in. */

import { groupError, type GroupError } from '../../kernel/errors.ts'
import type { GroupRow } from '../../kernel/model.ts'
import type { Host } from '../host.ts'
import type { Connection } from './connection.ts'
import { answerWithinMs } from './schedule.ts'

type ProfileAnswer = GroupRow | GroupError
type Question = {
  readonly type: 'read'
  readonly request: number
  readonly groupID: string
  readonly search: boolean
}

export function createQuestions(host: Host, connection: Connection) {
  const waiting = new Map<
    number,
    { readonly question: Question; resolve(answer: ProfileAnswer): void }
  >()
  let lastRequest = 0

  return {
    /** Without a connection, the question is sent over the next one. */
    ask(groupID: string, search: boolean): Promise<ProfileAnswer> {
      return new Promise(resolve => {
        const question: Question = { type: 'read', request: lastRequest++, groupID, search }
        const answer = (value: ProfileAnswer) => {
          stopTimer()
          waiting.delete(question.request)
          resolve(value)
        }
        const late = () => answer(groupError('NoNetwork', 'no answer'))
        const stopTimer = host.setTimer(late, answerWithinMs)
        waiting.set(question.request, { question, resolve: answer })
        if (connection.isOnline()) connection.ask(question)
      })
    },
    answer: (request: number, answer: ProfileAnswer) => waiting.get(request)?.resolve(answer),
    /** Sends all open questions over a new connection. */
    askAll(): void {
      for (const { question } of waiting.values()) connection.ask(question)
    },
    lost(): void {
      for (const { resolve } of [...waiting.values()]) resolve(groupError('NoNetwork'))
    }
  }
}
