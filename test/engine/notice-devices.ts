/** Two devices of each user, and the tips and notices on them. */

import { expect } from 'vitest'
import type { Args, OperationName } from '../../src/kernel/decide.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

export type Call<N extends OperationName = OperationName> = {
  [K in N]: [userID: string, name: K, args: Args<K>]
}[N]

export const crew: Call = [
  'ann',
  'createGroup',
  {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    memberList: [{ userID: 'bob', role: 'Admin' }, { userID: 'carl' }]
  }
]

export const asking: Call = [
  'ann',
  'updateGroupProfile',
  { groupID: 'crew', joinOption: 'NeedPermission' }
]

export const applying: Call = ['dora', 'joinGroup', { groupID: 'crew', applyMessage: 'please' }]

export const users = ['ann', 'bob', 'carl', 'dora']

export let server: TestServer

/** Two devices of each user. */
export let devices: Map<string, [TestClient, TestClient]>

export const quiet = () => server.clock.advance(500)

export async function perform([userID, name, args]: Call): Promise<void> {
  const verdict = await server.judge(userID, { name, args, groupID: 'crew' })
  expect({ name, verdict }).toMatchObject({ verdict: { kind: 'applied' } })
  await quiet()
}

/** The tips and notices that a device keeps, and its undelivered events. */
export async function received(client: TestClient) {
  return {
    tips: await client.tips('crew'),
    notices: await client.notices(),
    undelivered: await client.undelivered()
  }
}

export function startServer(options?: Parameters<typeof createTestServer>[0]): void {
  server = createTestServer(options)
}

export function startDevices(): void {
  startServer()
  const device = (userID: string) => createTestClient(server, userID, { keepUndelivered: true })
  devices = new Map(users.map(userID => [userID, [device(userID), device(userID)]]))
}
