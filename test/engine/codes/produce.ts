/** Steps that produce codes of more than one range. */

import { expect } from 'vitest'
import type { PolicyOptions } from '../../../src/server/policy.ts'
import { isGroupError } from '../../../src/engine/api.ts'
import type { OperationName } from '../../../src/kernel/decide.ts'
import type { errors, GroupError } from '../../../src/kernel/errors.ts'
import { createTestServer, type TestClient, type TestServer } from '../../harness.ts'
import { act, both, crew, crewOf, openDevice, type Args, type Outcome } from '../code-answers.ts'

export type Row = readonly [
  code: number,
  reason: keyof typeof errors,
  title: string,
  produce: () => Promise<Outcome> | Outcome
]

/** The answer of the authority, if a device cannot know. */
export async function judgedByServer(
  server: TestServer,
  userID: string,
  name: OperationName,
  args: Args
): Promise<Outcome> {
  const { predicted, verdict } = await both(server, userID, name, args)
  expect(predicted).toBe('undecided')
  return verdict
}

export async function offlineDevice(): Promise<TestClient> {
  const device = await openDevice(createTestServer(), 'ann')
  await device.engine.pause()
  return device
}

export const refusal = (answer: object): Outcome => (isGroupError(answer) ? answer : 'accepted')

/** The error that ends a connection on which these frames were sent. */
export async function endOf(
  frames: readonly string[],
  server = createTestServer()
): Promise<Outcome> {
  const heard: { type: string; error: GroupError }[] = []
  const link = server.network().connect({
    onOpen: () => frames.forEach(frame => link.send(frame)),
    onFrame: frame => heard.push(JSON.parse(frame) as { type: string; error: GroupError }),
    onClose: () => undefined
  })
  await server.clock.advance(100)
  return heard.find(({ type }) => type === 'error')?.error ?? 'accepted'
}

export const hello = (protocol: number) =>
  JSON.stringify({
    type: 'hello',
    protocol,
    kernel: 1,
    token: 'ann',
    epoch: '',
    feed: 0,
    groups: [],
    pending: []
  })

export const ping = JSON.stringify({ type: 'ping' })

/** A Public group with an application of Eve's. Later its profile is changed. */
export async function applied({
  policy,
  ...profile
}: { policy?: PolicyOptions } & Args = {}): Promise<TestServer> {
  const server = await crewOf('Public', { joinOption: 'NeedPermission', ...(policy && { policy }) })
  await act(server, 'eve', 'joinGroup', crew)
  await act(server, 'ann', 'updateGroupProfile', { ...crew, ...profile })
  return server
}
