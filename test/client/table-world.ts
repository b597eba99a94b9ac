/**
 * A session of the TIM API on virtual time, about a group that Ann owns. Bob is an admin, Carl and
 * Dan are members, and Eve has applied to it if it is Public: then it needs permission to join. An
 * AVChatRoom has no admins, so Bob is a member there.
 */

import { vi } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import type { OperationName } from '../../src/kernel/decide.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { createCalls } from '../../src/tim/calls.ts'
import { EVENT } from '../../src/tim/constants.ts'
import { createEvents } from '../../src/tim/events.ts'
import { inTime } from '../../src/tim/guard.ts'
import type { GroupCalls } from '../../src/tim/api.ts'
import type { IMError } from '../../src/tim/im-error.ts'
import type { TimMessage } from '../../src/tim/message.ts'
import { startLogin } from '../../src/tim/session.ts'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'

export const users = {
  stranger: 'dora',
  member: 'carl',
  admin: 'bob',
  owner: 'ann',
  app: 'root'
} as const
export type Role = keyof typeof users

export const worldTypes = ['Private', 'Public', 'ChatRoom', 'AVChatRoom'] as const
export type WorldType = (typeof worldTypes)[number]

export const networks = ['online', 'offline'] as const
export type Network = (typeof networks)[number]

export type Place = {
  readonly type: WorldType
  readonly role: Role
  readonly network: Network
}

type Calls = Readonly<Record<keyof GroupCalls, (argument?: unknown) => Promise<{ data: object }>>>

/** Seconds of virtual time until every call has settled. */
const settledAfterSeconds = 20

const actorsIn =
  (server: TestServer) =>
  (userID: string, name: OperationName, args: object = {}) =>
    server.judge(userID, { name, args: { groupID: 'crew', ...args }, groupID: 'crew' })

async function createCrew(server: TestServer, type: WorldType): Promise<void> {
  const act = actorsIn(server)
  const memberList = [{ userID: 'bob', role: 'Admin' }, { userID: 'carl' }, { userID: 'dan' }]
  await act('ann', 'createGroup', {
    name: 'Crew',
    type,
    ...(type === 'Public' && { joinOption: 'NeedPermission' }),
    ...(type !== 'AVChatRoom' && { memberList })
  })
  if (type === 'AVChatRoom')
    for (const userID of ['ann', 'bob', 'carl', 'dan']) await act(userID, 'joinGroup', {})
  if (type === 'Public') await act('eve', 'joinGroup', { applyMessage: 'please' })
  await act('ann', 'setGroupAttributes', { groupAttributes: [{ key: 'key0', value: 'red' }] })
  await act('ann', 'setGroupCounters', { counters: [{ key: 'key0', value: 5 }] })
}

export async function openWorld({ type, role, network }: Place) {
  const server = createTestServer({ appAdmins: ['root'] })
  await createCrew(server, type)

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
  events.on(EVENT.GROUP_ATTRIBUTES_UPDATED, () => seen.push('attributes'))
  events.on(EVENT.GROUP_COUNTER_UPDATED, () => seen.push('counter'))
  const login = startLogin({
    store,
    userID,
    events,
    alsoReady: Promise.resolve(),
    onRefused: () => undefined,
    onEnded: () => undefined
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
  if (network === 'offline') {
    client.network.cut()
    await pass(1)
  }
  seen.length = 0
  let last: object | undefined

  return {
    calls,
    /** The answer of a call, or its code. */
    async ask(call: keyof GroupCalls, argument?: unknown): Promise<string> {
      let answer: string | undefined
      last = undefined
      void calls[call](argument).then(
        ({ data }) => {
          last = data
          seen.push((answer = answerIn(data)))
        },
        (error: IMError) => seen.push((answer = String(error.code)))
      )
      await pass(settledAfterSeconds, () => answer !== undefined)
      return answer ?? 'no answer'
    },
    /** Another user changes the group. */
    act: actorsIn(server),
    /** The `data` of the last answer. */
    data: () => last,
    /** All answers and events since the last time, in order. */
    async events(): Promise<string> {
      await pass(2)
      return seen.splice(0).join(' ')
    },
    /** The events of the time after the connection is back. */
    async reconnect(): Promise<string> {
      client.network.restore()
      await client.caughtUp()
      await pass(2)
      return seen.splice(0).join(' ')
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
