/** Questions to the server that a follower asks through the leader. */

import { groupError } from '../kernel/errors.ts'
import type { Host } from './host.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Answer, Question } from './sync/questions.ts'
import { answerWithinMs } from './sync/schedule.ts'

export type LeaderQuestions = ReturnType<typeof createLeaderQuestions>

export function createLeaderQuestions({ peers, newID }: Host, { bound }: Lifecycle) {
  const waiting = new Map<string, (answer: Answer) => void>()

  return {
    async ask(question: Question): Promise<Answer> {
      const id = newID()
      const answering = new Promise<Answer>(resolve => waiting.set(id, resolve))
      peers.post({ type: 'ask', id, question })
      const answer = await bound(answering, answerWithinMs, () =>
        groupError('NoNetwork', 'no answer')
      )
      waiting.delete(id)
      return answer
    },
    resolve: (id: string, answer: Answer): void => waiting.get(id)?.(answer),
    /** The leader has changed: the old one will not answer. */
    abandon(): void {
      for (const resolve of waiting.values()) resolve(groupError('NoNetwork'))
    }
  }
}
