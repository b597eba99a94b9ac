/** Questions to the server that a follower asks through the leader. */

import { groupError, type GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { Host } from './host.ts'
import type { Lifecycle } from './lifecycle.ts'
import { answerWithinMs } from './sync/schedule.ts'

type ProfileAnswer = GroupRow | GroupError

export type LeaderQuestions = ReturnType<typeof createLeaderQuestions>

export function createLeaderQuestions({ peers, newID }: Host, { bound }: Lifecycle) {
  const waiting = new Map<string, (answer: ProfileAnswer) => void>()

  return {
    async ask(groupID: string, search: boolean): Promise<ProfileAnswer> {
      const id = newID()
      const answering = new Promise<ProfileAnswer>(resolve => waiting.set(id, resolve))
      peers.post({ type: 'ask', id, groupID, search })
      const answer = await bound(answering, answerWithinMs, () =>
        groupError('NoNetwork', 'no answer')
      )
      waiting.delete(id)
      return answer
    },
    resolve: (id: string, answer: ProfileAnswer): void => waiting.get(id)?.(answer),
    /** The leader has changed: the old one will not answer. */
    abandon(): void {
      for (const resolve of waiting.values()) resolve(groupError('NoNetwork'))
    }
  }
}
