/** Drift that other group stores suffer from: of members, memberships, users, epochs, clocks. */

import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Args, OperationName } from '../../src/kernel/decide.ts'
import type { GroupRow, MemberRow } from '../../src/kernel/model.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage, Write } from '../../src/storage/port.ts'
import { editRow, rowID } from '../../src/engine/stream-api.ts'
import { groupDigest } from '../../src/protocol/digest.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
beforeEach(() => (server = createTestServer()))

/** The rows of a group on the server, and those that a device has stored. */
const truth = (groupID: string) =>
  server.database.snapshot(async reader => {
    const { row, seq, digest } = await reader.group(groupID)
    return { row, seq, digest, members: await reader.membersAfter(groupID, '', 1000) }
  })
async function stored({ storage }: { storage: Storage }, groupID: string) {
  const [[held], members] = (
    await storage.read([
      { table: 'groups', scope: '', ids: [groupID] },
      { table: 'members', scope: groupID }
    ])
  ).answers
  return { held, row: held?.row ?? null, seq: held?.seq, members }
}
async function expectSame(device: { storage: Storage }, groupID: string): Promise<void> {
  const { row, seq, members } = await truth(groupID)
  expect(await stored(device, groupID)).toMatchObject({ row, seq, members })
}

async function crewOf(...others: string[]): Promise<[TestClient, ...TestClient[]]> {
  const ann = createTestClient(server, 'ann')
  const rest = others.map(userID => createTestClient(server, userID))
  const memberList = others.map(userID => ({ userID }))
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  for (const each of rest)
    await server.clock.until(
      async () => (await each.members('crew')).length === memberList.length + 1
    )
  return [ann, ...rest]
}

type Call = { [N in OperationName]: [name: N, args: Args<N>] }[OperationName]

describe('digests', () => {
  const put = (row: MemberRow): Write => ({ table: 'members', scope: 'crew', id: row.userID, row })
  const drifts: [
    title: string,
    drift: (members: readonly MemberRow[], row: GroupRow) => Write[]
  ][] = [
    [
      'a member too few',
      ([first]) => [{ table: 'members', scope: 'crew', id: first?.userID ?? '', row: null }]
    ],
    ['a member too many', ([first]) => (first ? [put({ ...first, userID: 'mallory' })] : [])],
    [
      'a member with another role',
      members => members.slice(1, 2).map(member => put({ ...member, role: 'Admin' }))
    ],
    [
      'a member who was muted',
      members => members.slice(2).map(member => put({ ...member, muteUntil: 4e9 }))
    ]
  ]
  test.each(drifts)('a device with %s is mended within one ping', async (_title, drift) => {
    const [, bob] = (await crewOf('bob', 'carl')) as [TestClient, TestClient]
    await bob.engine.close()
    const { members, row } = await truth('crew')
    await bob.storage.transact([], () => drift(members, row as GroupRow))
    const again = createTestClient(server, 'bob', { storage: bob.storage })
    await again.caughtUp()
    expect((await stored(again, 'crew')).members).not.toEqual(members)
    await server.clock.advance(31_000)
    await expectSame(again, 'crew')
    expect(await again.members('crew')).toEqual(members.sort((a, b) => a.joinTime - b.joinTime))
  })

  test('a wrong copy of the own row is mended within one ping', async () => {
    const [, bob] = (await crewOf('bob')) as [TestClient, TestClient]
    await bob.engine.close()
    const { held } = await stored(bob, 'crew')
    if (!held?.self) throw new Error('no own row')
    const row = { ...held, self: { ...held.self, role: 'Admin' as const } }
    await bob.storage.transact([], () => [{ table: 'groups', scope: '', id: 'crew', row }])
    const again = createTestClient(server, 'bob', { storage: bob.storage })
    await again.caughtUp()
    expect((await again.group('crew'))?.selfInfo?.role).toBe('Admin')
    await server.clock.advance(31_000)
    expect((await again.group('crew'))?.selfInfo?.role).toBe('Member')
  })

  test('device and server have equal digests after every delta', async () => {
    const [ann, bob] = (await crewOf('bob', 'carl')) as [TestClient, TestClient]
    const steps: [name: OperationName, args: object][] = [
      ['updateGroupProfile', { name: 'Boat' }],
      ['setGroupMemberRole', { userID: 'bob', role: 'Admin' }],
      ['setGroupMemberMuteTime', { userID: 'carl', muteTime: 600 }],
      ['setGroupMemberNameCard', { userID: 'carl', nameCard: 'C' }],
      ['deleteGroupMember', { userIDList: ['carl'] }],
      ['setMessageRemindType', { messageRemindType: 'Discard' }],
      ['setGroupAttributes', { groupAttributes: [{ key: 'seat', value: 'bob' }] }],
      ['increaseGroupCounter', { key: 'likes', value: 2 }],
      ['changeGroupOwner', { newOwnerID: 'bob' }]
    ]
    for (const [name, args] of steps) {
      await ann.settle(name, { groupID: 'crew', ...args })
      await server.clock.advance(100)
      const { row, members } = await stored(bob, 'crew')
      const { answers: entries } = await bob.storage.read([
        { table: 'attributes', scope: '' },
        { table: 'counters', scope: '' }
      ])
      const digest = groupDigest([row, ...entries.flat(), ...members])
      expect([name, digest]).toEqual([name, (await truth('crew')).digest])
    }
  })
})

test('removals and joins over cut lines leave no row behind', async () => {
  const run = async (cutAfter: number, isIn: boolean): Promise<number> => {
    server = createTestServer()
    const [ann, bob] = (await crewOf('bob', 'carl')) as [TestClient, TestClient]
    const { transcript } = bob.network
    const start = transcript.length
    let isCut = false
    const cutWhenDue = () => {
      if (isCut || transcript.length - start < cutAfter) return
      isCut = true
      bob.network.cut()
    }
    const steps = [
      () => ann.apply('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] }),
      () => server.judge('bob', { name: 'joinGroup', args: { groupID: 'crew' }, groupID: 'crew' }),
      () => ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' }),
      () => ann.apply('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] }),
      ...(isIn
        ? [
            () =>
              server.judge('bob', { name: 'joinGroup', args: { groupID: 'crew' }, groupID: 'crew' })
          ]
        : [])
    ]
    for (const step of steps) {
      let isDone = false
      void step().then(() => (isDone = true))
      await server.clock.until(() => {
        cutWhenDue()
        return isDone
      })
      for (let tick = 0; tick < 20; tick++) {
        await server.clock.advance(2)
        cutWhenDue()
      }
    }
    const said = transcript.length - start
    bob.network.restore()
    await server.clock.advance(60_000)
    await bob.caughtUp()
    if (isIn) await expectSame(bob, 'crew')
    else
      expect(await stored(bob, 'crew')).toEqual({
        held: undefined,
        row: null,
        seq: undefined,
        members: []
      })
    expect((await bob.groups()).length).toBe(isIn ? 1 : 0)
    expect(server.errors).toEqual([])
    return said
  }
  for (const isIn of [false, true]) {
    const all = await run(Infinity, isIn)
    expect(all).toBeGreaterThan(3)
    for (let cutAfter = 0; cutAfter <= all; cutAfter++) await run(cutAfter, isIn)
  }
})

test('the member count equals the number of rows in every frame', async () => {
  const [ann, bob] = (await crewOf('bob', 'carl')) as [TestClient, TestClient]
  const shown = new Map<number, any>()
  const ids: string[] = []
  const frames: [memberNum: number | undefined, rows: number][] = []
  const streams = bob.engine.openStreams(({ version, patches }) => {
    for (const [stream, patch] of patches) {
      if (patch.kind === 'value') shown.set(stream, patch.value)
      else if (patch.kind === 'list') {
        for (const [from, to, row] of patch.edits) editRow(ids, [from, to, row && rowID(row)])
        expect([patch.total, patch.complete]).toEqual([ids.length, true])
      }
    }
    frames.push([shown.get(0)?.memberNum, ids.length])
    void Promise.resolve().then(() => streams.request({ type: 'received', version }))
  })
  streams.request({ type: 'open', stream: 0, query: { kind: 'group', groupID: 'crew' } })
  streams.request({
    type: 'open',
    stream: 1,
    query: { kind: 'members', groupID: 'crew', offset: 0, limit: 1000 }
  })
  await server.clock.settle()
  frames.length = 0
  for (const userID of ['dan', 'eve', 'fay'])
    await server
      .judge(userID, { name: 'joinGroup', args: { groupID: 'crew' }, groupID: 'crew' })
      .then(() => server.clock.advance(50))
  await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['dan', 'carl'] })
  await server.clock.advance(50)
  bob.network.cut()
  await server.judge('eve', { name: 'quitGroup', args: { groupID: 'crew' }, groupID: 'crew' })
  await server.judge('carl', { name: 'joinGroup', args: { groupID: 'crew' }, groupID: 'crew' })
  await server.judge('dan', { name: 'joinGroup', args: { groupID: 'crew' }, groupID: 'crew' })
  bob.network.restore()
  await bob.caughtUp()
  expect(frames.filter(([memberNum, rows]) => memberNum !== rows)).toEqual([])
  const counts = frames.map(([, rows]) => rows)
  expect(counts.filter((rows, index) => rows !== counts[index - 1])).toEqual([4, 5, 6, 4, 5])
})

test('five users who act at the same time end with equal rows', async () => {
  const users = ['ann', 'bob', 'carl', 'dan', 'eve']
  const user = fc.constantFrom(...users)
  const groupID = 'crew'
  const operation: fc.Arbitrary<Call> = fc.oneof(
    fc.constant<Call>(['joinGroup', { groupID }]),
    fc.constant<Call>(['quitGroup', { groupID }]),
    fc
      .record({ userID: user, role: fc.constantFrom('Admin' as const, 'Member' as const) })
      .map((args): Call => ['setGroupMemberRole', { groupID, ...args }]),
    user.map((userID): Call => ['deleteGroupMember', { groupID, userIDList: [userID] }]),
    user.map((newOwnerID): Call => ['changeGroupOwner', { groupID, newOwnerID }])
  )
  const step = fc.record({
    by: fc.nat(4),
    operation,
    isCut: fc.boolean(),
    waitMs: fc.constantFrom(0, 3, 20)
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async steps => {
      server = createTestServer()
      const clients = await crewOf(...users.slice(1))
      for (const {
        by,
        operation: [name, args],
        isCut,
        waitMs
      } of steps) {
        const client = clients[by] as TestClient
        if (isCut) client.network.cut()
        else client.network.restore()
        await client.engine.apply(name, args)
        await server.clock.advance(waitMs)
      }
      for (const { network } of clients) network.restore()
      await server.clock.advance(60_000)
      for (const client of clients) await client.caughtUp()
      const { members } = await truth('crew')
      for (const client of clients) {
        if (members.some(({ userID }) => userID === client.userID)) await expectSame(client, 'crew')
        else
          expect(await stored(client, 'crew')).toEqual({
            held: undefined,
            row: null,
            seq: undefined,
            members: []
          })
        await client.engine.close()
      }
      expect(server.errors).toEqual([])
    }),
    { numRuns: 100 }
  )
})

test('operations of one user are never shown or sent to another', async () => {
  const disks = new Map([
    ['ann', createMemoryStorage()],
    ['bob', createMemoryStorage()]
  ])
  const sent: unknown[] = []
  const visit = async (
    userID: string,
    paused: boolean,
    act: (client: TestClient) => Promise<unknown>
  ) => {
    const client = createTestClient(server, userID, {
      storage: disks.get(userID) ?? createMemoryStorage(),
      paused
    })
    await act(client)
    await client.engine.close()
    for (const { to, message } of client.network.transcript) {
      if (to === 'server' && message['type'] === 'push')
        sent.push(
          ...(message['operations'] as { args: { name: string } }[]).map(({ args }) => [
            userID,
            args.name
          ])
        )
    }
  }
  const create = (name: string) => (client: TestClient) =>
    client.apply('createGroup', { groupID: name, name })
  await visit('ann', true, create('Hers'))
  await visit('bob', true, create('His'))
  await visit('ann', true, async ann =>
    expect((await ann.groups()).map(({ name }) => name)).toEqual(['Hers'])
  )
  await visit('bob', false, bob => bob.caughtUp())
  expect(sent).toEqual([['bob', 'His']])
  await visit('ann', false, ann => ann.caughtUp())
  expect(sent).toEqual([
    ['bob', 'His'],
    ['ann', 'Hers']
  ])
})

test('a restored server is noticed once, and the outbox is kept', async () => {
  const { clock } = server
  const backup = createTestServer({ clock, database: createMemoryDatabase('epoch-2') })
  let current = server
  let hellos = 0
  const networks = new Map([server, backup].map(each => [each, each.network()]))
  const connect: ReturnType<TestServer['network']>['connect'] = events => {
    hellos++
    const network = networks.get(current)
    return (network ?? current.network()).connect(events)
  }
  const ann = createTestClient(
    { ...server, network: () => ({ ...(networks.get(server) ?? server.network()), connect }) },
    'ann'
  )
  // Both have the operations before the backup, and only one has those after it.
  await backup.judge('ann', {
    name: 'createGroup',
    groupID: 'crew',
    args: { groupID: 'crew', name: 'Crew', type: 'Public' }
  })
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
  await ann.settle('updateGroupProfile', { groupID: 'crew', name: 'Lost' })
  await ann.settle('createGroup', { groupID: 'isle', name: 'Lost' })
  networks.get(server)?.cut()
  const waiting = await ann.apply('updateGroupProfile', { groupID: 'crew', introduction: 'Kept' })
  current = backup
  hellos = 0
  await ann.caughtUp()
  await clock.advance(60_000)
  expect(hellos).toBeLessThanOrEqual(2)
  expect(
    (await ann.groups()).map(({ groupID, name, introduction }) => [groupID, name, introduction])
  ).toEqual([['crew', 'Crew', 'Kept']])
  expect(await ann.engine.settled(waiting.opID)).toMatchObject({
    verdict: { kind: 'applied', seq: 2 }
  })
  await clock.advance(600_000)
  expect(hellos).toBeLessThanOrEqual(2)
})

describe('two clocks', () => {
  const years = 365 * 86_400_000
  const clocks: [title: string, offsetMs: (step: number) => number][] = [
    ['ten years ahead', () => 10 * years],
    ['ten years behind', () => -10 * years],
    ['that is put ten years ahead while an operation waits', step => (step < 3 ? 0 : 10 * years)],
    ['that is put ten years back while an operation waits', step => (step < 3 ? 0 : -10 * years)],
    ['that is put right while an operation waits', step => (step < 3 ? -10 * years : 0)],
    ['that jumps by years all the time', step => [0, 7, -4, 10, -10, 1][step % 6]! * years]
  ]

  /** The same story by any clock. */
  async function story(offsetMs: (step: number) => number): Promise<unknown> {
    server = createTestServer()
    let step = 0
    const clock = { now: () => server.clock.now() + offsetMs(step) }
    const storage = createMemoryStorage()
    const ann = createTestClient(server, 'ann', { clock, storage })
    const bob = createTestClient(server, 'bob')
    const memberList = [{ userID: 'bob', role: 'Admin' as const }, { userID: 'carl' }]
    await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
    step++
    await ann.caughtUp()
    await bob.caughtUp()
    ann.network.cut()
    await server.clock.settle()
    step++
    const first = await ann.apply('setGroupMemberMuteTime', {
      groupID: 'crew',
      userID: 'carl',
      muteTime: 600
    })
    step++
    const second = await ann.apply('updateGroupProfile', {
      groupID: 'crew',
      introduction: 'By ann'
    })
    await bob.settle('updateGroupProfile', { groupID: 'crew', name: 'By bob' })
    step++
    await server.clock.advance(3_600_000)
    ann.network.restore()
    await ann.caughtUp()
    step++
    await server.clock.advance(120_000)
    await ann.caughtUp()
    const verdicts = [first, second].map(async ({ opID }) => {
      const answer = await ann.engine.settled(opID)
      return 'verdict' in answer && answer.verdict.kind
    })
    return [
      await Promise.all(verdicts),
      await stored(ann, 'crew'),
      await ann.group('crew'),
      await ann.members('crew')
    ]
  }

  test.each(clocks)(
    'a device with a clock %s ends with the right rows',
    async (_title, offsetMs) => {
      const right = await story(() => 0)
      expect(await story(offsetMs)).toEqual(right)
    }
  )
})
