import { createMemoryStorage } from '../../src/storage/memory.ts'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Host } from '../../src/engine/host.ts'
import {
  createTestClient,
  createTestServer,
  crewWithBob,
  type TestClient,
  type TestServer
} from '../harness.ts'

let server: TestServer
let ann: TestClient
let bob: TestClient

beforeEach(() => {
  server = createTestServer()
  ann = createTestClient(server, 'ann')
  bob = createTestClient(server, 'bob')
})

describe('offline and back', () => {
  test('an offline operation shows at once, waits, and reaches other members', async () => {
    ann.network.cut()
    const { groupID } = await ann.apply('createGroup', {
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'bob' }]
    })
    await ann.apply('updateGroupProfile', { groupID, name: 'Boat' })
    await ann.apply('setGroupMemberRole', { groupID, userID: 'bob', role: 'Admin' })
    expect(
      (await ann.groups()).map(group => [group.name, group.memberNum, group.selfInfo?.role])
    ).toEqual([['Boat', 2, 'Owner']])
    expect((await ann.members(groupID)).map(member => [member.userID, member.role])).toEqual([
      ['ann', 'Owner'],
      ['bob', 'Admin']
    ])
    expect((await ann.outbox()).map(({ name }) => name)).toEqual([
      'createGroup',
      'updateGroupProfile',
      'setGroupMemberRole'
    ])

    ann.network.restore()
    await ann.caughtUp()
    await server.clock.until(async () => (await bob.groups()).length > 0)
    expect((await bob.groups()).map(group => [group.name, group.selfInfo?.role])).toEqual([
      ['Boat', 'Admin']
    ])
    expect(await bob.members(groupID)).toEqual(await ann.members(groupID))
    expect(await ann.outbox()).toEqual([])
    expect(server.errors).toEqual([])
  })

  test('a user removed meanwhile loses the group and sees by whom', async () => {
    const { groupID } = await ann.apply('createGroup', {
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'bob', role: 'Admin' }]
    })
    await ann.caughtUp()
    await server.clock.until(async () => (await bob.groups()).length > 0)
    ann.network.cut()
    bob.network.cut()
    await ann.apply('deleteGroupMember', { groupID, userIDList: ['bob'] })
    const { opID } = await bob.apply('updateGroupProfile', { groupID, name: 'Mutiny' })
    expect((await bob.group(groupID))?.name).toBe('Mutiny')
    ann.network.restore()
    await ann.caughtUp()
    bob.network.restore()
    await bob.caughtUp()
    expect([await bob.groups(), await bob.members(groupID), await bob.group(groupID)]).toEqual([
      [],
      [],
      undefined
    ])
    expect(
      (
        await bob.storage.read([
          { table: 'groups', scope: '' },
          { table: 'members', scope: groupID }
        ])
      ).answers
    ).toEqual([[], []])
    expect(await bob.verdicts()).toMatchObject([
      {
        opID,
        verdict: {
          kind: 'rejected',
          error: { code: 10007 },
          cause: { reason: 'kicked', by: 'ann' }
        }
      }
    ])
    expect((await ann.group(groupID))?.name).toBe('Crew')
    expect(await bob.engine.dismissVerdict(opID)).toBeNull()
    expect(await bob.verdicts()).toEqual([])
  })

  test('an operation is judged once, however often it is sent', async () => {
    const { groupID } = await ann.apply('createGroup', { name: 'Crew', type: 'Public' })
    await ann.caughtUp()
    ann.network.cut()
    await ann.apply('updateGroupProfile', { groupID, name: 'Boat' })
    ann.network.restore()
    // The connection breaks as soon as the server has heard of the operation.
    await server.clock.until(() =>
      ann.network.transcript.some(
        ({ to, message }) =>
          to === 'server' && message['type'] === 'push' && JSON.stringify(message).includes('Boat')
      )
    )
    ann.network.cut()
    await server.clock.advance(1000)
    ann.network.restore()
    await ann.caughtUp()
    expect((await ann.group(groupID))?.infoSequence).toBe(2)
    expect((await ann.group(groupID))?.name).toBe('Boat')
  })

  test('a device restarted offline shows pending operations, and delivers them', async () => {
    ann.network.cut()
    const { groupID } = await ann.apply('createGroup', {
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'bob' }]
    })
    await ann.engine.close()
    const again = createTestClient(server, 'ann', { storage: ann.storage, paused: true })
    expect((await again.groups()).map(({ name }) => name)).toEqual(['Crew'])
    expect((await again.members(groupID)).length).toBe(2)
    await again.engine.resume()
    await again.caughtUp()
    await server.clock.until(async () => (await bob.groups()).length === 1)
  })
})

describe('verdicts', () => {
  test('settled tells what became of an operation, also later', async () => {
    const verdict = await ann.settle('createGroup', { name: 'Crew', groupID: 'crew' })
    expect(verdict).toMatchObject({
      kind: 'applied',
      groupID: 'crew',
      seq: 1,
      result: { groupID: 'crew' }
    })
    expect(await ann.engine.settled(verdict.opID)).toMatchObject({ verdict })
    expect(await ann.engine.settled('never')).toMatchObject({ reason: 'UnknownOperationID' })
  })

  test('an undecidable operation waits for the server without a prediction', async () => {
    await bob.settle('createGroup', { name: 'Crew', type: 'Public', groupID: 'crew' })
    await ann.caughtUp()
    const { opID, result } = await ann.apply('joinGroup', { groupID: 'crew' })
    expect(result).toBeUndefined()
    expect(await ann.groups()).toEqual([])
    await ann.caughtUp()
    expect(await ann.engine.settled(opID)).toMatchObject({
      verdict: { kind: 'applied', result: { status: 'JoinedSuccess' } }
    })
    expect((await ann.groups()).map(({ name }) => name)).toEqual(['Crew'])
  })

  test('an operation that changes nothing settles', async () => {
    await ann.settle('createGroup', crewWithBob)
    await bob.caughtUp()
    await bob.settle('setMessageRemindType', { groupID: 'crew', messageRemindType: 'Discard' })
    const verdict = await ann.settle('deleteGroupMember', {
      groupID: 'crew',
      userIDList: ['nobody']
    })
    expect(verdict).toMatchObject({ kind: 'applied', seq: 2 })
    expect(await ann.outbox()).toEqual([])
  })

  test('joining an unknown group is refused at once without a network', async () => {
    await ann.caughtUp()
    ann.network.cut()
    await server.clock.settle()
    expect(await ann.engine.apply('joinGroup', { groupID: 'crew' })).toMatchObject({ code: 2805 })
    expect(await ann.outbox()).toEqual([])
  })

  test('operations in a group that could not be created are refused', async () => {
    await bob.settle('createGroup', { name: 'His', groupID: 'crew', type: 'Public' })
    await bob.settle('joinGroup', { groupID: 'crew' })
    ann.network.cut()
    const created = await ann.apply('createGroup', {
      name: 'Hers',
      groupID: 'crew',
      type: 'Public'
    })
    const renamed = await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Hers!' })
    ann.network.restore()
    await ann.caughtUp()
    expect(await ann.engine.settled(created.opID)).toMatchObject({
      verdict: { kind: 'rejected', error: { code: 10021 } }
    })
    expect(await ann.engine.settled(renamed.opID)).toMatchObject({
      verdict: { kind: 'rejected', scope: 'dependency' }
    })
    expect([await ann.groups(), (await bob.groups())[0]?.name]).toEqual([[], 'His'])
  })

  test('a demoted admin sees the demotion when acting', async () => {
    const { groupID } = await ann.apply('createGroup', {
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'bob', role: 'Admin' }]
    })
    await ann.caughtUp()
    await server.clock.until(async () => (await bob.groups()).length > 0)
    bob.network.cut()
    // What he does to his own row is done, and no other cause.
    await bob.apply('setGroupMemberNameCard', { groupID, userID: 'bob', nameCard: 'Captain' })
    await bob.apply('updateGroupProfile', { groupID, name: 'Mutiny' })
    await ann.settle('setGroupMemberRole', { groupID, userID: 'bob', role: 'Member' })
    bob.network.restore()
    await bob.caughtUp()
    expect(await bob.verdicts()).toMatchObject([
      { verdict: { error: { code: 10007 }, cause: { reason: 'demoted', by: 'ann' } } }
    ])
    expect((await bob.members(groupID)).map(({ nameCard }) => nameCard)).toEqual(['', 'Captain'])
    expect((await bob.group(groupID))?.name).toBe('Crew')
  })
})

describe('groups come and go', () => {
  test('when somebody quits, the others keep the group', async () => {
    await ann.settle('createGroup', { name: 'Crew', type: 'Public', groupID: 'crew' })
    await bob.settle('joinGroup', { groupID: 'crew' })
    await bob.settle('quitGroup', { groupID: 'crew' })
    await server.clock.advance(1000)
    expect((await ann.groups()).map(group => [group.groupID, group.memberNum])).toEqual([
      ['crew', 1]
    ])
    expect((await ann.members('crew')).map(({ userID }) => userID)).toEqual(['ann'])
  })

  test('leaving a group removes all its rows, and rejoining starts afresh', async () => {
    await ann.settle('createGroup', { name: 'Crew', type: 'Public', groupID: 'crew' })
    const emptied = async () => {
      await server.clock.until(async () => (await bob.groups()).length === 0)
      expect(
        (
          await bob.storage.read([
            { table: 'groups', scope: '' },
            { table: 'members', scope: 'crew' }
          ])
        ).answers
      ).toEqual([[], []])
    }
    await bob.settle('joinGroup', { groupID: 'crew' })
    expect((await bob.members('crew')).length).toBe(2)
    await bob.settle('quitGroup', { groupID: 'crew' })
    await emptied()
    await bob.settle('joinGroup', { groupID: 'crew' })
    expect((await bob.groups())[0]?.memberNum).toBe(2)
    await ann.settle('deleteGroupMember', { groupID: 'crew', userIDList: ['bob'] })
    await emptied()
    await bob.settle('joinGroup', { groupID: 'crew' })
    await ann.settle('dismissGroup', { groupID: 'crew' })
    await emptied()
    expect(await ann.groups()).toEqual([])
  })

  test('a dismissed group can be created again under the same ID', async () => {
    await ann.settle('createGroup', {
      name: 'Old',
      groupID: 'crew',
      type: 'Public',
      memberList: [{ userID: 'bob' }]
    })
    await ann.settle('dismissGroup', { groupID: 'crew' })
    await ann.settle('createGroup', { name: 'New', groupID: 'crew', type: 'Public' })
    expect((await ann.members('crew')).map(({ userID }) => userID)).toEqual(['ann'])
    await bob.caughtUp()
    expect(await bob.groups()).toEqual([])
  })

  test('an AVChatRoom shows its owner and members nobody but themselves', async () => {
    await ann.settle('createGroup', { name: 'Live', type: 'AVChatRoom', groupID: 'live' })
    expect([await ann.groups(), (await ann.group('live'))?.selfInfo]).toEqual([[], null])
    await ann.settle('joinGroup', { groupID: 'live' })
    await bob.settle('joinGroup', { groupID: 'live' })
    await server.clock.until(async () => (await ann.group('live'))?.memberNum === 2)
    expect((await ann.group('live'))?.selfInfo?.role).toBe('Owner')
    expect((await ann.members('live')).map(({ userID }) => userID)).toEqual(['ann'])
    expect((await bob.members('live')).map(({ userID }) => userID)).toEqual(['bob'])
    expect((await bob.groups()).map(({ groupID }) => groupID)).toEqual(['live'])
  })
})

test('a device that opens with operations on members waiting sends them', async () => {
  const storage = createMemoryStorage()
  const before = createTestClient(server, 'ann', { storage, paused: true })
  await before.apply('createGroup', crewWithBob)
  await before.apply('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Admin' })
  await before.engine.close()
  const after = createTestClient(server, 'ann', { storage })
  await after.caughtUp()
  expect(await after.members('crew')).toMatchObject([
    { userID: 'ann' },
    { userID: 'bob', role: 'Admin' }
  ])
})

describe('large groups', () => {
  const users = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `user${String(from + i).padStart(5, '0')}`)

  test('members of a large group are fetched when shown, then kept current', async () => {
    const app = createTestClient(server, 'app')
    await ann.settle('createGroup', {
      name: 'Big',
      type: 'ChatRoom',
      groupID: 'big',
      memberList: [{ userID: 'bob' }]
    })
    for (let from = 0; from < 2500; from += 500)
      await app.settle('addGroupMember', { groupID: 'big', userIDList: users(from, from + 500) })
    const carl = createTestClient(server, 'user00007')
    await carl.caughtUp()
    expect((await carl.group('big'))?.memberNum).toBe(2502)
    expect(
      (await carl.storage.read([{ table: 'members', scope: 'big' }])).answers[0].length
    ).toBeLessThan(10)

    const page = carl.watch({ kind: 'members', groupID: 'big', offset: 0, limit: 50 })
    await server.clock.until(() => page.last()?.complete === true)
    expect([page.last()?.total, page.rows().length]).toEqual([2502, 50])
    page.patches.length = 0
    await ann.settle('setGroupMemberRole', { groupID: 'big', userID: 'bob', role: 'Admin' })
    await server.clock.until(() => page.patches.length > 0)
    expect(page.patches).toMatchObject([
      { edits: [[1, 1, { userID: 'bob', role: 'Admin' }]], total: 2502 }
    ])
  })

  test.each([0, 100])('a page from before a rejoin after %s ms leaves no hole', async pauseMs => {
    const app = createTestClient(server, 'app')
    await ann.settle('createGroup', {
      name: 'Big',
      type: 'Public',
      groupID: 'big',
      memberList: [{ userID: 'bob' }]
    })
    for (let from = 0; from < 1000; from += 500)
      await app.settle('addGroupMember', { groupID: 'big', userIDList: users(from, from + 500) })
    // From the second page on, requests for pages take long.
    const held: (() => void)[] = []
    let isSlow = true
    const network = server.network()
    const connect: Host['connect'] = events => {
      const link = network.connect(events)
      const send = (frame: string) => {
        const isHeld =
          isSlow &&
          frame.includes('"members"') &&
          (held.length > 0 || frame.includes('"after":"user'))
        if (isHeld) held.push(() => link.send(frame))
        else link.send(frame)
      }
      return { ...link, send }
    }
    const carl = createTestClient(
      { ...server, network: () => ({ ...network, connect }) },
      'user00007'
    )
    await server.clock.until(() => held.length > 0)
    for (const name of ['deleteGroupMember', 'addGroupMember']) {
      const judged = server.judge('app', {
        name,
        args: { groupID: 'big', userIDList: ['user00007'] },
        groupID: 'big'
      })
      await server.clock.advance(pauseMs)
      expect(await judged).toMatchObject({ kind: 'applied' })
    }
    await server.clock.advance(100)
    isSlow = false
    for (const release of held) release()
    await server.clock.advance(1000)
    expect((await carl.storage.read([{ table: 'members', scope: 'big' }])).answers[0].length).toBe(
      1002
    )
  })

  test('an acknowledgement alone changes nothing that is shown', async () => {
    await ann.settle('createGroup', crewWithBob)
    const group = ann.watch({ kind: 'group', groupID: 'crew' })
    const list = ann.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
    await server.clock.settle()
    group.patches.length = list.patches.length = 0
    await ann.settle('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Admin' })
    expect([group.patches, list.patches.length]).toEqual([[], 1])
  })
})
