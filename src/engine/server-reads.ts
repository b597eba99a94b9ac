/**
 * Reads that only the server can answer: about groups that the user need not be in. A follower asks
 * them through the leader.
 */

import { count, flag, optional, parseArgs, choice, type ArgsOf } from '../kernel/args.ts'
import { groupError, type GroupError } from '../kernel/errors.ts'
import { groupID, userIDList } from '../kernel/ids.ts'
import { markType } from '../kernel/marks.ts'
import { lookUp, roles, type GroupRow } from '../kernel/model.ts'
import { frameLimits } from '../protocol/messages.ts'
import type { GroupEntries, MemberPage, MemberRequest } from './api.ts'
import type { Host, PeerMessage } from './host.ts'
import type { LeaderQuestions } from './leader-questions.ts'
import type { Leadership } from './leadership.ts'
import type { Lifecycle } from './lifecycle.ts'
import { withoutEndedMute } from './state/mutes.ts'
import type { Time } from './state/time.ts'
import type { Answer, Question } from './sync/questions.ts'
import type { Sync } from './sync/sync.ts'

type ServerReadsOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly sync: Sync
  readonly leadership: Leadership
  readonly questions: LeaderQuestions
  readonly time: Pick<Time, 'serverNowMs'>
}

const request = {
  offset: optional(count({ min: 0, max: 4_294_967_295 })),
  limit: optional(count({ min: 1, max: frameLimits.membersPerPageMax })),
  role: optional(choice(roles)),
  userIDList: optional(userIDList),
  markType: optional(markType)
}
const questionArgs = {
  read: { groupID, search: flag },
  readMembers: { groupID, ...request },
  readEntries: { groupID }
}
const limitDefault = 100

type Input = { readonly type: string; readonly [argument: string]: unknown }

export type ServerReads = ReturnType<typeof createServerReads>

export function createServerReads(options: ServerReadsOptions) {
  const { host, lifecycle, sync, leadership, questions, time } = options

  async function ask(input: Input): Promise<Answer> {
    const question = parseQuestion(input)
    if ('code' in question) return question
    return lifecycle.answer(lifecycle.ready.then(() => askServer(question)))
  }

  async function askServer(question: Question): Promise<Answer> {
    if (leadership.isOffline()) return groupError('NoNetwork')
    return leadership.isLeading() ? sync.ask(question) : questions.ask(question)
  }

  return {
    async readProfile(groupID: string, search: boolean): Promise<GroupRow | GroupError> {
      const answer = await ask({ type: 'read', groupID, search })
      return 'members' in answer || 'attributes' in answer ? groupError('BadFrame') : answer
    },
    async readMembers(
      groupID: string,
      options: MemberRequest = {}
    ): Promise<MemberPage | GroupError> {
      const checked = parseArgs(request, options)
      if (!checked.ok) return checked.error
      if (checked.limit) return checked.limit
      const answer = await ask({ ...checked.args, type: 'readMembers', groupID })
      if ('code' in answer) return answer
      if (!('members' in answer)) return groupError('BadFrame')
      const nowMs = time.serverNowMs()
      return { ...answer, members: answer.members.map(row => withoutEndedMute(row, nowMs)) }
    },
    async readEntries(groupID: string): Promise<GroupEntries | GroupError> {
      const answer = await ask({ type: 'readEntries', groupID })
      return 'code' in answer || 'attributes' in answer ? answer : groupError('BadFrame')
    },
    async answerFollower({ id, question }: Extract<PeerMessage, { type: 'ask' }>): Promise<void> {
      host.peers.post({ type: 'answer', id, answer: await ask(question) })
    }
  }
}

/** Another tab may be of another build, so its questions are checked as well. */
function parseQuestion(input: Input): Question | GroupError {
  const spec = lookUp<(typeof questionArgs)[keyof typeof questionArgs]>(questionArgs, input.type)
  const checked = parseArgs(spec ?? { type: choice([]) }, input)
  if (!checked.ok) return checked.error
  if (checked.limit) return checked.limit
  // The arguments are those of the type, because its spec has checked them.
  const { args } = checked
  switch (input.type) {
    case 'readMembers':
      return {
        offset: 0,
        limit: limitDefault,
        ...(args as ArgsOf<typeof questionArgs.readMembers>),
        type: 'readMembers'
      }
    case 'readEntries':
      return { ...(args as ArgsOf<typeof questionArgs.readEntries>), type: 'readEntries' }
    default:
      return { ...(args as ArgsOf<typeof questionArgs.read>), type: 'read' }
  }
}
