import { beforeEach, expect, test } from 'vitest'
import { createStreamClient, type StreamClient } from '../../src/client/streams.ts'
import type { Group, Member } from '../../src/engine/api.ts'
import { paintMs, type List, type StreamFrame } from '../../src/engine/stream-api.ts'
import { alone, type PeerMessage } from '../../src/engine/host.ts'
import { newMember } from '../../src/kernel/model.ts'
import {
  createTestClient,
  createTestServer,
  crewWithBob,
  type TestClient,
  type TestServer
} from '../harness.ts'

let server: TestServer
let ann: TestClient
let frames: StreamFrame[]
let client: StreamClient
let crew: List<Member>
let hear: (message: PeerMessage) => void

beforeEach(async () => {
  server = createTestServer()
  ann = createTestClient(server, 'ann', {
    peers: { ...alone, listen: listener => (hear = listener) }
  })
  await ann.settle('createGroup', crewWithBob)
  await ann.caughtUp()
  frames = []
  const streams = ann.engine.openStreams(frame => {
    frames.push(frame)
    client.receiveFrame(structuredClone(frame))
  }, paintMs)
  client = createStreamClient(request => queueMicrotask(() => streams.request(request)))
  client
    .observe<List<Member>>({ kind: 'members', groupID: 'crew', limit: 10 })
    .subscribe(list => (crew = list))
  await server.clock.advance(2 * paintMs)
  frames.length = 0
})

/** Another tab has committed name cards of bob's, one after another. */
async function happen(...nameCards: string[]): Promise<void> {
  for (const nameCard of nameCards) {
    const row = newMember({ groupID: 'crew', userID: 'bob', joinTime: 2e9, nameCard })
    const writes = [{ table: 'members', scope: 'crew', id: 'bob', row }] as const
    hear({
      type: 'committed',
      commits: [{ commitNumber: await ann.storage.transact([], () => writes), writes }]
    })
    await server.clock.advance(1)
  }
}
const setNameCard = (nameCard: string) =>
  ann.apply('setGroupMemberNameCard', { groupID: 'crew', userID: 'ann', nameCard })
const shown = () => crew.rows.map(row => row.nameCard)

test('ten changes within one painted screen are two frames', async () => {
  await happen('1', '2', '3', '4', '5', '6', '7', '8', '9', '10')
  expect(shown()).toEqual(['', '1'])
  await server.clock.advance(paintMs)
  expect([frames.length, shown()]).toEqual([2, ['', '10']])
  await server.clock.advance(1000)
  expect(frames).toHaveLength(2)
})

test("a user's action is shown at once, with changes from elsewhere", async () => {
  await happen('1', '2')
  const { version } = await setNameCard('Ann')
  expect([frames.at(-1)?.version, shown()]).toEqual([version, ['Ann', '2']])
})

test('the first result of a stream is sent at once', async () => {
  await happen('1', '2')
  const names: string[] = []
  client
    .observe<Group>({ kind: 'group', groupID: 'crew' })
    .subscribe(({ name }) => names.push(name))
  await server.clock.settle()
  expect(names).toEqual(['Crew'])
})

test('waiting for a version takes one painted screen at most', async () => {
  await happen('1')
  const { opID } = await setNameCard('Ann')
  await happen('2')
  const settled = ann.engine.settled(opID)
  let isReached = false
  void settled.then(async answer => {
    await client.reached('version' in answer ? answer.version : Infinity)
    isReached = true
  })
  await server.clock.until(() => isReached, paintMs)
})

test('a thread that receives nothing gets few frames, then everything', async () => {
  const late: StreamFrame[] = []
  const streams = ann.engine.openStreams(frame => late.push(frame))
  streams.request({
    type: 'open',
    stream: 0,
    query: { kind: 'members', groupID: 'crew', limit: 10 }
  })
  await server.clock.settle()
  for (let count = 1; count <= 30; count++) await setNameCard(`Ann ${count}`)
  const sent = late.length
  expect(sent).toBeLessThan(20)
  streams.request({ type: 'received', version: late.at(-1)?.version ?? 0 })
  await server.clock.settle()
  expect(late.length).toBe(sent + 1)
  expect(JSON.stringify(late.at(-1))).toContain('Ann 30')
})
