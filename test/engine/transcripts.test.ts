/**
 * What is said between a device and the server, in order, for each rule of the protocol. `→` goes
 * to the server, `←` to the device; `crew@1.3` stands for the third position of the first
 * membership in crew, `#1` for the first operation.
 */

import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { protocolVersion, type ServerMessage } from '../../src/protocol/messages.ts'
import type { Connect } from '../../src/protocol/port.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'
import { listen } from './transcript.ts'

let server: TestServer
beforeEach(() => (server = createTestServer()))

/** A client whose line does something to the frames on it. */
function onLine(userID: string, line: (connect: Connect) => Connect): TestClient {
  const network = server.network()
  return createTestClient(
    { ...server, network: () => ({ ...network, connect: line(network.connect) }) },
    userID
  )
}

async function crew(...others: string[]): Promise<TestClient> {
  const ann = createTestClient(server, 'ann')
  const memberList = others.map(userID => ({ userID }))
  await ann.settle('createGroup', {
    groupID: 'crew',
    name: 'Crew',
    type: 'Public',
    joinOption: 'FreeAccess',
    memberList
  })
  await server.clock.advance(100)
  return ann
}
/** Ends the connection and begins another. */
async function reconnect(client: TestClient): Promise<void> {
  client.network.cut()
  client.network.restore()
  await client.caughtUp()
  await server.clock.advance(100)
}

// ── logging in and coming back ──────────────────────────────────────────────

describe('logging in', () => {
  test('a new device receives groups, then profiles, and fetches members', async () => {
    await crew('bob', 'carl')
    const bob = createTestClient(server, 'bob')
    const said = listen(bob)
    await bob.caughtUp()
    await server.clock.advance(100)
    expect(said()).toEqual([
      '→ hello from nowhere',
      '← welcome epoch-1, begin anew',
      '← delta feed 0→2 (joined crew; notice 7 of crew), crew 0→1 (ann bob), caught up',
      '→ members crew',
      '← members crew at 1: 3'
    ])
  })

  test('a returning device states its positions and receives the changes', async () => {
    const ann = await crew('bob', 'carl')
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    await server.clock.advance(100)
    bob.network.cut()
    await ann.settle('setGroupMemberNameCard', { groupID: 'crew', userID: 'ann', nameCard: 'A' })
    const said = listen(bob)
    await reconnect(bob)
    await reconnect(bob)
    expect(said()).toEqual([
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta crew 1→2 (ann), caught up',
      '→ hello epoch-1 feed 2, crew@1.2',
      '← welcome epoch-1',
      '← delta caught up'
    ])
  })

  test('pages of members are fetched after deltas, one by one', async () => {
    const users = Array.from({ length: 600 }, (_, index) => ({
      userID: `user${String(index).padStart(3, '0')}`
    }))
    const args = { groupID: 'big', name: 'Big', type: 'ChatRoom' }
    await server.judge('ann', {
      name: 'createGroup',
      groupID: 'big',
      args: { ...args, memberList: users.slice(0, 499) }
    })
    const userIDList = users.slice(499).map(({ userID }) => userID)
    await server.judge('app', {
      name: 'addGroupMember',
      groupID: 'big',
      args: { groupID: 'big', userIDList }
    })
    const ann = createTestClient(server, 'ann')
    const said = listen(ann)
    await ann.caughtUp()
    await server.clock.advance(100)
    expect(said().slice(2)).toEqual([
      '← delta feed 0→2 (joined big; notice 6 of big), big 0→2 (ann), caught up',
      '→ members big',
      '← members big at 2: 500 up to user498',
      '→ members big after user498',
      '← members big at 2: 101'
    ])
  })

  test('a group without enough history is sent as a full snapshot', async () => {
    const ann = await crew('bob')
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    await server.clock.advance(100)
    bob.network.cut()
    await server.clock.advance(10_000)
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    const now = Math.floor(server.clock.now() / 1000)
    await server.database.compact({ history: now + 1, verdicts: 0, refusals: 0 })
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Ship' })
    const said = listen(bob)
    await reconnect(bob)
    expect(said()).toEqual([
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta crew 0→3 (ann bob), caught up',
      '→ members crew',
      '← members crew at 3: 2'
    ])
    expect((await bob.group('crew'))?.name).toBe('Ship')
  })

  test('changes longer than a full snapshot are sent as one', async () => {
    const ann = await crew('bob', 'carl', 'dan', 'eve')
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    await server.clock.advance(100)
    bob.network.cut()
    await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['carl', 'dan', 'eve'] })
    const said = listen(bob)
    await reconnect(bob)
    expect(said()[2]).toBe('← delta crew 0→2 (ann bob), caught up')
  })

  test('another epoch brings full snapshots, and the outbox is sent', async () => {
    const ann = await crew('bob')
    ann.network.cut()
    await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await ann.engine.close()
    server = createTestServer({ clock: server.clock, database: createMemoryDatabase('epoch-2') })
    await server.judge('ann', {
      name: 'createGroup',
      groupID: 'crew',
      args: { groupID: 'crew', name: 'Old', type: 'Public' }
    })
    const again = createTestClient(server, 'ann', { storage: ann.storage })
    const said = listen(again)
    await again.caughtUp()
    expect(said().slice(0, 4)).toEqual([
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-2, begin anew',
      '← delta feed 0→2 (joined crew; notice 6 of crew), crew 0→1 (ann), caught up',
      '→ push #1 updateGroupProfile crew'
    ])
    expect((await again.group('crew'))?.name).toBe('Boat')
  })
})

// ── operations ──────────────────────────────────────────────────────────────

describe('operations', () => {
  test('pending operations are sent in order with their predecessors', async () => {
    const ann = createTestClient(server, 'ann', { paused: true })
    const said = listen(ann)
    await ann.apply('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
    await ann.apply('createGroup', { groupID: 'isle', name: 'Isle' })
    await ann.apply('updateGroupProfile', { groupID: 'crew', introduction: 'Ours' })
    await ann.engine.resume()
    await ann.caughtUp()
    expect(said()).toEqual([
      '→ hello from nowhere',
      '← welcome epoch-1, begin anew',
      '← delta caught up',
      '→ push #1 createGroup crew, #2 createGroup isle, #3 updateGroupProfile crew after #1',
      '← delta feed 0→4 (joined crew; notice 6 of crew; joined isle; notice 6 of isle), crew 0→2 (ann), isle 0→1 (ann), #1 applied at 1, #2 applied at 1, #3 applied at 2'
    ])
  })

  test('changes of others arrive at once, a no-op as a verdict', async () => {
    const ann = await crew('bob')
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    await server.clock.advance(100)
    const said = listen(bob)
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await bob.settle('joinGroup', { groupID: 'crew' })
    expect(said()).toEqual([
      '← delta crew 1→2',
      '→ push #1 joinGroup crew',
      '← delta #1 applied at 2'
    ])
  })

  test('edits of one field offline get their own verdicts in order', async () => {
    const ann = await crew()
    ann.network.cut()
    const said = listen(ann)
    const operations = []
    for (const name of ['Boat', 'Ship'])
      operations.push(await ann.apply('updateGroupProfile', { groupID: 'crew', name }))
    expect((await ann.outbox()).map(({ opID }) => opID)).toEqual(operations.map(({ opID }) => opID))
    ann.network.restore()
    await ann.caughtUp()
    expect(said().slice(2, 5)).toEqual([
      '← delta caught up',
      '→ push #1 updateGroupProfile crew, #2 updateGroupProfile crew after #1',
      '← delta crew 1→2, crew 2→3, #1 applied at 2, #2 applied at 3'
    ])
    const seqs = operations.map(async ({ opID }) => {
      const answer = await ann.engine.settled(opID)
      return 'verdict' in answer && answer.verdict.kind === 'applied' && answer.verdict.seq
    })
    expect(await Promise.all(seqs)).toEqual([2, 3])
  })

  test('an operation resent under its ID gets its first verdict', async () => {
    const ann = await crew()
    const said = listen(ann)
    await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await server.clock.until(() => ann.network.transcript.at(-1)?.message['type'] === 'push')
    await reconnect(ann)
    expect(said()).toEqual([
      '→ push #1 updateGroupProfile crew',
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta crew 1→2, caught up',
      '→ push #1 updateGroupProfile crew',
      '← delta #1 applied at 2'
    ])
  })

  test('an operation that the server could not judge is resent later', async () => {
    const database = createMemoryDatabase('epoch-1')
    let failures = 0
    server = createTestServer({
      database: {
        ...database,
        transaction: work =>
          failures-- > 0 ? Promise.reject(new Error('away')) : database.transaction(work)
      }
    })
    const ann = await crew()
    const said = listen(ann)
    failures = 1
    await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await ann.caughtUp()
    expect(said()).toEqual([
      '→ push #1 updateGroupProfile crew',
      '← delta again #1',
      '→ push #1 updateGroupProfile crew',
      '← delta crew 1→2, #1 applied at 2'
    ])
  })

  test('an operation without its predecessor is judged after both are resent', async () => {
    let isWhole = true
    const ann = onLine('ann', connect => events => {
      const link = connect(events)
      return {
        ...link,
        send: frame => (!isWhole && frame.includes('Lost') ? undefined : link.send(frame))
      }
    })
    await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
    await server.clock.advance(100)
    const said = listen(ann)
    isWhole = false
    await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Lost' })
    await ann.apply('updateGroupProfile', { groupID: 'crew', introduction: 'Behind it' })
    await server.clock.advance(100)
    isWhole = true
    await reconnect(ann)
    expect(said()).toEqual([
      '→ push #1 updateGroupProfile crew after #2',
      '← delta again #1',
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta caught up',
      '→ push #2 updateGroupProfile crew, #1 updateGroupProfile crew after #2',
      '← delta crew 1→2, crew 2→3, #2 applied at 2, #1 applied at 3'
    ])
  })

  test('operations in a group that was not created are refused', async () => {
    await server.judge('bob', {
      name: 'createGroup',
      groupID: 'crew',
      args: { groupID: 'crew', name: 'His' }
    })
    const ann = createTestClient(server, 'ann', { paused: true })
    const said = listen(ann)
    await ann.apply('createGroup', { groupID: 'crew', name: 'Hers' })
    await ann.apply('updateGroupProfile', { groupID: 'crew', introduction: 'Ours' })
    await ann.engine.resume()
    await ann.caughtUp()
    expect(said().slice(2)).toEqual([
      '← delta caught up',
      '→ push #1 createGroup crew, #2 updateGroupProfile crew after #1',
      '← delta #1 10021, #2 4507 predecessor by ann'
    ])
  })

  test('an operation older than 30 days is refused', async () => {
    const ann = await crew()
    ann.network.cut()
    await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await ann.engine.pause()
    await server.clock.advance(31 * 86_400_000)
    await ann.apply('updateGroupProfile', { groupID: 'crew', introduction: 'Ours' })
    const said = listen(ann)
    ann.network.restore()
    await ann.engine.resume()
    await ann.caughtUp()
    expect(said().slice(-1)).toEqual(['← delta crew 1→2, #1 4511, #2 applied at 2'])
  })

  test('1,000 operations go in frames of 50, 500 under way', async () => {
    const ann = createTestClient(server, 'ann', { paused: true })
    for (let index = 0; index < 1000; index++)
      await ann.apply('createGroup', { groupID: `crew${index}`, name: 'Crew' })
    await ann.engine.resume()
    await ann.caughtUp()
    const messages = ann.network.transcript.map(
      ({ message }) => message as ClientMessage | ServerMessage
    )
    const pushes = messages.flatMap(message =>
      message.type === 'push' ? message.operations.length : []
    )
    expect([pushes.length, new Set(pushes)]).toEqual([20, new Set([50])])
    let underWay = 0
    const all = messages.map(message => {
      underWay += message.type === 'push' ? message.operations.length : 0
      underWay -= message.type === 'delta' ? message.verdicts.length : 0
      return underWay
    })
    expect(Math.max(...all)).toBe(500)
  })
})

// ── groups come and go ──────────────────────────────────────────────────────

describe('groups', () => {
  test('a new member receives the group, other members the new member', async () => {
    const ann = await crew()
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    const [hers, his] = [listen(ann), listen(bob)]
    await server.judge('bob', { name: 'joinGroup', groupID: 'crew', args: { groupID: 'crew' } })
    await server.clock.advance(100)
    expect(his()).toEqual(['← delta feed 0→1 (joined crew), crew 0→2 (ann bob)'])
    expect(hers()).toEqual(['← delta crew 1→2 (bob)'])
  })

  test('a removed member sees by whom, and later operations are refused', async () => {
    const ann = await crew('bob')
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    await server.clock.advance(100)
    bob.network.cut()
    await bob.apply('setGroupMemberNameCard', { groupID: 'crew', userID: 'bob', nameCard: 'B' })
    await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] })
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Secret' })
    const said = listen(bob)
    await reconnect(bob)
    expect(said()).toEqual([
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta feed 2→4 (left crew: kicked by ann; notice 4 of crew), caught up',
      '→ push #1 setGroupMemberNameCard crew',
      '← delta #1 10007 kicked by ann'
    ])
  })

  test('a rejoin begins a new membership without rows of the last', async () => {
    const ann = await crew('bob')
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    await server.clock.advance(100)
    bob.network.cut()
    await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] })
    await server.judge('bob', { name: 'joinGroup', groupID: 'crew', args: { groupID: 'crew' } })
    const said = listen(bob)
    await reconnect(bob)
    await reconnect(bob)
    expect(said()).toEqual([
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta feed 2→5 (left crew: kicked by ann; notice 4 of crew; joined crew), crew 0→3 (ann bob), caught up',
      '→ members crew',
      '← members crew at 3: 2',
      '→ hello epoch-1 feed 5, crew@2.3',
      '← welcome epoch-1',
      '← delta caught up'
    ])
  })

  test('a question about another group is answered by its profile', async () => {
    await crew()
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    const said = listen(bob)
    const answer = bob.engine.readProfile('crew', true)
    await server.clock.advance(100)
    expect([await answer, said()]).toMatchObject([
      { name: 'Crew' },
      ['→ read crew', '← profile Crew']
    ])
  })
})

// ── lost frames, and users who left ───────────────────────────────────────────

describe('the line', () => {
  const isLost = (frame: string) => frame.includes('"from":1,"to":2,')

  test('a delta after a gap ends the connection, the next mends it', async () => {
    const ann = await crew('bob')
    const bob = onLine(
      'bob',
      connect => events =>
        connect({ ...events, onFrame: frame => isLost(frame) || events.onFrame(frame) })
    )
    await bob.caughtUp()
    await server.clock.advance(100)
    const said = listen(bob)
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Ship' })
    await server.clock.advance(1000)
    expect(said()).toEqual([
      '← delta crew 1→2',
      '← delta crew 2→3',
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta crew 1→3, caught up'
    ])
    expect((await bob.group('crew'))?.name).toBe('Ship')
  })

  test('a delta that comes twice, or late, does no harm', async () => {
    const ann = await crew('bob')
    const earlier: string[] = []
    const bob = onLine(
      'bob',
      connect => events =>
        connect({
          ...events,
          onFrame(frame) {
            events.onFrame(frame)
            if (!frame.includes('"delta"')) return
            earlier.push(frame)
            for (const old of earlier) events.onFrame(old)
          }
        })
    )
    await bob.caughtUp()
    await ann.settle('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Admin' })
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await bob.settle('updateGroupProfile', { groupID: 'crew', introduction: 'Ours' })
    const said = listen(bob)
    await server.clock.advance(60_000)
    expect(said()).toEqual(['→ ping crew@1.4', '← pong', '→ ping crew@1.4', '← pong'])
    expect([(await bob.notices()).length, (await bob.tips('crew')).length]).toEqual([2, 3])
  })

  test('changes written by another node arrive with the next ping', async () => {
    const ann = await crew('bob')
    const bob = createTestClient(server, 'bob')
    await bob.caughtUp()
    await server.clock.advance(100)
    const otherNode = createTestServer({ clock: server.clock, database: server.database })
    await otherNode.judge('ann', {
      name: 'updateGroupProfile',
      groupID: 'crew',
      args: { groupID: 'crew', name: 'Boat' }
    })
    const said = listen(bob)
    await server.clock.advance(31_000)
    expect(said()).toEqual(['→ ping crew@1.1', '← delta crew 1→2', '← pong'])
    expect((await ann.group('crew'))?.name).toBe('Boat')
  })

  test('changes of another node arrive before a page that contains them', async () => {
    await crew('bob')
    const bob = createTestClient(server, 'bob')
    const said = listen(bob)
    await server.clock.until(() => bob.network.transcript.at(-1)?.message['type'] === 'delta')
    const otherNode = createTestServer({ clock: server.clock, database: server.database })
    await otherNode.judge('carl', { name: 'joinGroup', groupID: 'crew', args: { groupID: 'crew' } })
    await server.clock.advance(100)
    expect(said().slice(3)).toEqual([
      '→ members crew',
      '← delta crew 1→2 (carl)',
      '← members crew at 2: 3'
    ])
  })

  test('pings check group after group, and wrong rows are sent anew', async () => {
    const ann = await crew('bob')
    await ann.settle('createGroup', { groupID: 'isle', name: 'Isle' })
    await ann.engine.close()
    const { storage } = ann
    await storage.transact([], () => [{ table: 'members', scope: 'isle', id: 'ann', row: null }])
    const again = createTestClient(server, 'ann', { storage })
    await again.caughtUp()
    const said = listen(again)
    await server.clock.advance(95_000)
    expect(said()).toEqual([
      '→ ping crew@1.1',
      '← pong',
      '→ ping isle@1.1',
      '← delta isle 0→1 (ann)',
      '← pong',
      '→ ping crew@1.1',
      '← pong'
    ])
  })

  test('a pong of somewhere else begins the connection anew', async () => {
    const ann = await crew('bob')
    let isFaulty = true
    const bob = onLine(
      'bob',
      connect => events =>
        connect({
          ...events,
          onFrame: frame => (isFaulty && isLost(frame)) || events.onFrame(frame)
        })
    )
    await bob.caughtUp()
    await server.clock.advance(100)
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    const said = listen(bob)
    await server.clock.advance(1000)
    isFaulty = false
    await server.clock.advance(30_000)
    expect(said()).toEqual([
      '← delta crew 1→2',
      '→ ping crew@1.1',
      '← pong',
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta crew 1→2, caught up'
    ])
    expect((await bob.group('crew'))?.name).toBe('Boat')
  })

  test('a server silent for 10 s is given up', async () => {
    let isMute = false
    const ann = onLine(
      'ann',
      connect => events => connect({ ...events, onFrame: frame => isMute || events.onFrame(frame) })
    )
    await ann.caughtUp()
    isMute = true
    await server.clock.advance(39_000)
    expect(await ann.status()).toMatchObject({ connection: 'online' })
    await server.clock.advance(2000)
    expect(await ann.status()).toMatchObject({ connection: 'offline', lastError: null })
    isMute = false
    await ann.caughtUp()
  })

  test('attempts come at growing distances, and begin anew after 10 good seconds', async () => {
    const attempts: number[] = []
    const ann = onLine('ann', connect => events => {
      attempts.push(server.clock.now())
      return connect(events)
    })
    await ann.caughtUp()
    const distances = async () => {
      attempts.length = 0
      ann.network.cut()
      await server.clock.advance(90_000)
      ann.network.restore()
      await ann.caughtUp()
      await server.clock.advance(10_000)
      return attempts.slice(0, 9).map((at, index) => at - (attempts[index - 1] ?? at))
    }
    // Half of the bound, by the dice of these tests, and 5 ms until the line says no.
    const expected = [0, 505, 1005, 2005, 4005, 8005, 15_005, 15_005, 15_005]
    expect(await distances()).toEqual(expected)
    expect(await distances()).toEqual(expected)
  })
})

// ── tokens and versions ─────────────────────────────────────────────────────

describe('tokens and versions', () => {
  test('another token goes over the open connection', async () => {
    const ann = await crew()
    const said = listen(ann)
    await ann.engine.renewToken('ann')
    await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    expect(said()).toEqual([
      '→ auth ann',
      '→ push #1 updateGroupProfile crew',
      '← delta crew 1→2, #1 applied at 2'
    ])
  })

  test("another user's token ends the connection, and does nothing", async () => {
    const ann = await crew()
    const said = listen(ann)
    await ann.engine.renewToken('bob')
    await server.clock.advance(60_000)
    expect(said()).toEqual(['→ auth bob', '← error 70013'])
    await ann.engine.renewToken('ann')
    await ann.caughtUp()
    expect(said()).toEqual([
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta caught up'
    ])
  })

  test('an expired token stops all attempts until a new one comes', async () => {
    server = createTestServer({ tokenLastsMs: 60_000 })
    const ann = await crew()
    const said = listen(ann)
    await server.clock.advance(600_000)
    await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    expect(await ann.status()).toMatchObject({
      connection: 'offline',
      pending: 1,
      lastError: { code: 70001 },
      nextRetryAtMs: null
    })
    expect(said()).toEqual(['→ ping crew@1.1', '← pong', '← error 70001'])
    await ann.engine.renewToken('ann')
    await ann.caughtUp()
    expect(said()).toEqual([
      '→ hello epoch-1 feed 2, crew@1.1',
      '← welcome epoch-1',
      '← delta caught up',
      '→ push #1 updateGroupProfile crew',
      '← delta crew 1→2, #1 applied at 2'
    ])
  })

  test('an old protocol is refused, and retried with the outbox kept', async () => {
    let isOld = true
    const ann = onLine('ann', connect => events => {
      const link = connect(events)
      const send = (frame: string) =>
        link.send(isOld ? frame.replace(`"protocol":${protocolVersion}`, '"protocol":0') : frame)
      return { ...link, send }
    })
    const said = listen(ann)
    await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    await server.clock.advance(45_000)
    expect(said()).toEqual([
      '→ hello from nowhere',
      '← error 4508',
      '→ hello from nowhere',
      '← error 4508'
    ])
    expect(await ann.status()).toMatchObject({
      connection: 'offline',
      pending: 1,
      lastError: { code: 4508 }
    })
    isOld = false
    await ann.caughtUp()
    expect((await ann.groups()).length).toBe(1)
  })

  test('a paused device says nothing', async () => {
    const ann = createTestClient(server, 'ann', { paused: true })
    const said = listen(ann)
    await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    await server.clock.advance(600_000)
    expect(said()).toEqual([])
    await ann.engine.resume()
    await ann.caughtUp()
    await ann.engine.pause()
    said()
    await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    await server.clock.advance(600_000)
    expect(said()).toEqual([])
  })
})
