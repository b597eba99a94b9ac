/**
 * A device whose storage or frames are damaged. Nothing throws, rows are fetched again until they
 * equal the server's, and every operation gets a verdict.
 */

import { expect } from 'vitest'
import type { Args, OperationName } from '../../../src/kernel/decide.ts'
import type { Storage } from '../../../src/storage/port.ts'
import {
  createTestClient,
  createTestServer,
  type TestClient,
  type TestServer
} from '../../harness.ts'

export let server: TestServer
export let bob: TestClient
/** The storage of a device of ann, which has pending operations. */
export let storage: Storage
/** The IDs of those operations, in order. */
export let waiting: string[]
/** The server's last message of each type. */
export let said: Record<string, Record<string, unknown>>

const groupIDs = ['crew', 'den', 'live', 'isle', 'later']

const clients: TestClient[] = []
/** A client that ends with its test. */
export function start(...[of, userID, options]: Parameters<typeof createTestClient>): TestClient {
  const client = createTestClient(of, userID, options)
  clients.push(client)
  return client
}

export function startServer(options?: Parameters<typeof createTestServer>[0]): void {
  server = createTestServer(options)
  bob = start(server, 'bob')
}
export async function endClients(): Promise<void> {
  await Promise.all(clients.splice(0).map(({ engine }) => engine.close()))
}

type Call = { [N in OperationName]: [name: N, args: Args<N>] }[OperationName]

export async function prepare(
  open: () => Promise<Storage>,
  { isAboutMember = false } = {}
): Promise<void> {
  await bob.settle('createGroup', { groupID: 'live', name: 'Live', type: 'AVChatRoom' })
  await bob.settle('createGroup', { groupID: 'taken', name: 'Taken' })
  storage = await open()
  const ann = start(server, 'ann', { storage })
  const memberList = [{ userID: 'bob', role: 'Admin' as const }, { userID: 'carl' }]
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  await ann.settle('createGroup', { groupID: 'den', name: 'Den', memberList: [{ userID: 'dan' }] })
  await ann.settle('joinGroup', { groupID: 'live' })
  const groupAttributes = [{ key: 'seat', value: 'ann' }]
  await ann.settle('setGroupAttributes', { groupID: 'crew', groupAttributes })
  await ann.settle('increaseGroupCounter', { groupID: 'live', key: 'likes', value: 2 })
  await ann.settle('createGroup', { groupID: 'taken', name: 'Mine' })
  await server.clock.advance(1000)
  // `said` needs the messages to a returning device.
  ann.network.cut()
  ann.network.restore()
  await ann.caughtUp()
  ann.network.cut()
  said = Object.fromEntries(
    ann.network.transcript.map(({ message }) => [String(message['type']), message])
  )
  const later: Call[] = [
    ['updateGroupProfile', { groupID: 'crew', name: 'Boat' }],
    ['updateGroupProfile', { groupID: 'den', introduction: 'Ours' }],
    ['createGroup', { groupID: 'isle', name: 'Isle' }]
  ]
  if (isAboutMember)
    later.push(['setGroupMemberRole', { groupID: 'crew', userID: 'carl', role: 'Admin' }])
  waiting = []
  for (const [name, args] of later) waiting.push((await ann.apply(name, args)).opID)
  await ann.engine.close()
}

/** All that a device shows of the groups, once it has received everything. */
async function shown(client: TestClient): Promise<unknown> {
  for (const groupID of groupIDs) await client.members(groupID)
  for (const kind of ['attributes', 'counters'] as const) client.watch({ kind })
  await server.clock.advance(2000)
  const groups = await Promise.all(groupIDs.map(client.group))
  return {
    list: await client.groups(),
    attributes: client.watch({ kind: 'attributes' }).rows(),
    counters: client.watch({ kind: 'counters' }).rows(),
    groups,
    members: await Promise.all(groupIDs.map(groupID => client.members(groupID)))
  }
}

/** All operations but the first `lost` are applied, and the device has the rows of the server. */
export async function expectWell(ann: TestClient, { lost = 0 } = {}): Promise<void> {
  await ann.caughtUp()
  expect((await ann.status())?.lastError).toBeNull()
  await bob.settle('updateGroupProfile', { groupID: 'crew', introduction: 'News' })
  await bob.settle('createGroup', {
    groupID: 'later',
    name: 'Later',
    memberList: [{ userID: 'ann' }]
  })
  const truth = await shown(start(server, 'ann'))
  expect(await shown(ann)).toEqual(truth)
  expect([(await ann.group('crew'))?.introduction, (await ann.group('later'))?.name]).toEqual([
    'News',
    'Later'
  ])
  for (const [index, opID] of waiting.entries()) {
    const verdict = await ann.engine.settled(opID)
    if (index >= lost)
      expect(verdict, `operation ${index}`).toMatchObject({ verdict: { kind: 'applied' } })
  }
  expect(server.errors).toEqual([])
}

export const ascending = (codes: number[]): number[] => codes.sort((a, b) => a - b)
export const refusals = async (client: TestClient): Promise<number[]> =>
  ascending(
    (await client.verdicts()).map(({ verdict }) =>
      verdict.kind === 'rejected' ? verdict.error.code : 0
    )
  )
