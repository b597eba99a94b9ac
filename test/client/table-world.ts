/**
 * A session of the TIM API on virtual time, about a group that Ann owns. Bob is an admin, Carl and
 * Dan are members, and Eve has applied to it if it is Public: then it needs permission to join.
 */

import { vi } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { createCalls } from '../../src/tim/calls.ts'
import { EVENT } from '../../src/tim/constants.ts'
import { createEvents } from '../../src/tim/events.ts'
import { inTime } from '../../src/tim/guard.ts'
import type { IMError } from '../../src/tim/im-error.ts'
import type { TimMessage } from '../../src/tim/message.ts'
import { startLogin } from '../../src/tim/session.ts'
import { createTestClient, createTestServer } from '../harness.ts'

export const users = {
  stranger: 'dora',
  member: 'carl',
  admin: 'bob',
  owner: 'ann',
  app: 'root'
} as const
export type Role = keyof typeof users

export const worldTypes = ['Private', 'Public', 'ChatRoom'] as const
export type WorldType = (typeof worldTypes)[number]

export type Calls = Readonly<Record<string, (argument?: unknown) => Promise<{ data: object }>>>

/** Seconds of virtual time until every call has settled. */
const settledAfterSeconds = 20

export async function openWorld(type: WorldType, role: Role, isOnline: boolean) {
  const server = createTestServer({ appAdmins: ['root'] })
  const memberList = [{ userID: 'bob', role: 'Admin' }, { userID: 'carl' }, { userID: 'dan' }]
  const crew = { name: 'Crew', type, ...(type === 'Public' && { joinOption: 'NeedPermission' }) }
  const act = (userID: string, name: string, args: object) =>
    server.judge(userID, { name, args: { groupID: 'crew', ...args }, groupID: 'crew' })
  await act('ann', 'createGroup', { ...crew, memberList })
  if (type === 'Public') await act('eve', 'joinGroup', { applyMessage: 'please' })

  const userID = users[role]
  const client = createTestClient(server, userID, { keepUndelivered: true })
  await client.caughtUp()
  await client.members('crew')
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(client.engine), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  const store = createStore(userID, remote, streams)
  const events = createEvents(error => {
    throw error
  })
  const seen: string[] = []
  events.on(EVENT.GROUP_LIST_UPDATED, () => seen.push('list'))
  events.on(EVENT.ERROR, ({ data }) => seen.push(`error${data.code}`))
  events.on(EVENT.MESSAGE_RECEIVED, ({ data: [message] }) => seen.push(nameOf(message)))
  const login = startLogin({
    store,
    userID,
    events,
    alsoReady: Promise.resolve(),
    onRefused: () => undefined
  })
  const calls = inTime(
    createCalls(
      () => login.session()!,
      () => true
    ),
    login.opening
  ) as unknown as Calls

  async function pass(seconds: number, isOver = () => false): Promise<void> {
    for (let half = 0; half < 2 * seconds && !isOver(); half++) {
      await vi.advanceTimersByTimeAsync(500)
      await server.clock.advance(500)
    }
  }
  await pass(1)
  if (!isOnline) client.network.cut()
  await pass(1)
  seen.length = 0

  return {
    calls,
    /** The answer of a call, or its code, and the events until then and after it, in order. */
    async outcomeOf(call: string, argument?: unknown): Promise<string> {
      seen.length = 0
      let answer: string | undefined
      void calls[call]!(argument).then(
        ({ data }) => seen.push((answer = answerIn(data))),
        (error: IMError) => seen.push((answer = String(error.code)))
      )
      await pass(settledAfterSeconds, () => answer !== undefined)
      await pass(2)
      return seen.join(' ')
    },
    /** The events of the time after the connection is back. */
    async reconnect(): Promise<string> {
      seen.length = 0
      client.network.restore()
      await client.caughtUp()
      await pass(2)
      return seen.join(' ')
    },
    end: login.end
  }
}

/** `tip1` to `tip7` and `notice1` to `notice255`, by Tencent's numbers. */
const nameOf = (message: TimMessage | undefined): string =>
  `${message?.isSystemMessage ? 'notice' : 'tip'}${message?.payload.operationType}`

/** The status of `joinGroup`, the length of a list, or `ok`. */
function answerIn(data: object): string {
  if ('status' in data) return String(data.status)
  const lists = Object.entries(data).filter(
    (entry): entry is [string, unknown[]] =>
      /^(group|member|application|message)List$/.test(entry[0]) && Array.isArray(entry[1])
  )
  return lists.map(([, list]) => `${list.length}`)[0] ?? 'ok'
}
