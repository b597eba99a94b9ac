/** The answers of servers and devices to operations, as codes. */

import { expect } from 'vitest'
import type { PolicyOptions } from '../../src/server/policy.ts'
import { isGroupError } from '../../src/engine/api.ts'
import type { OperationName } from '../../src/kernel/decide.ts'
import { type GroupError } from '../../src/kernel/errors.ts'
import type { Storage } from '../../src/storage/port.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

export type Outcome = GroupError | 'accepted' | 'undecided'

export type Args = Readonly<Record<string, unknown>>

const groupIDOf = ({ groupID }: Args) => String(groupID)

/** The authority's word on an operation that no device has checked. */
export async function judged(
  server: TestServer,
  userID: string,
  name: string,
  args: Args
): Promise<Outcome> {
  const verdict = await server.judge(userID, { name, args, groupID: groupIDOf(args) })
  return verdict.kind === 'rejected' ? verdict.error : 'accepted'
}

export async function act(
  server: TestServer,
  userID: string,
  name: OperationName,
  args: Args
): Promise<void> {
  expect(await judged(server, userID, name, args)).toBe('accepted')
}

/** A server with a group of Ann's. Bob is a member, the app admin `app` is not. */
export async function crewOf(
  type: string,
  { policy = {}, ...profile }: { policy?: PolicyOptions } & Args = {}
): Promise<TestServer> {
  const server = createTestServer({ policy })
  await act(server, 'ann', 'createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type,
    ...(type !== 'AVChatRoom' && { memberList: [{ userID: 'bob' }] }),
    ...profile
  })
  if (type === 'AVChatRoom')
    for (const userID of ['ann', 'bob']) await act(server, userID, 'joinGroup', { groupID: 'crew' })
  return server
}

/** The common answer of the authority and of a device that is caught up. */
export async function agreed(
  server: TestServer,
  userID: string,
  name: OperationName,
  args: Args
): Promise<Outcome> {
  const { predicted, verdict } = await both(server, userID, name, args)
  expect(predicted).toEqual(verdict)
  return verdict
}

export async function both(server: TestServer, userID: string, name: OperationName, args: Args) {
  const device = await openDevice(server, userID)
  const answer = await device.engine.apply(name, args)
  const predicted = isGroupError(answer)
    ? answer
    : answer.result === undefined
      ? 'undecided'
      : 'accepted'
  // The operation is not sent, because no time passes.
  return { predicted, verdict: await judged(server, userID, name, args) }
}

export async function openDevice(
  server: TestServer,
  userID: string,
  options: { storage?: Storage } = {}
): Promise<TestClient> {
  const device = createTestClient(server, userID, options)
  await device.caughtUp()
  for (const { groupID, type } of await device.groups()) {
    const members = device.watch({ kind: 'members', groupID, offset: 0, limit: 100 })
    if (type !== 'AVChatRoom') await server.clock.until(() => members.last()?.complete === true)
  }
  return device
}

export const app = { sdkAppID: 1, secretKey: 'key' }

export const crew = { groupID: 'crew' }

export const declaring = {
  policy: {
    customFields: {
      group: { secret: 'App', level: 'Owner', city: 'Admin', mood: 'Member' },
      member: {
        Public: {
          rank: { write: 'Admin', ownWrite: false },
          motto: { write: 'Admin', ownWrite: true },
          badge: { write: 'App', ownWrite: false }
        },
        ChatRoom: { seat: { write: 'Owner', ownWrite: false } }
      }
    }
  }
} as const satisfies { policy: PolicyOptions }
