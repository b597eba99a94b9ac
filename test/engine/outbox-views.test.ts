/** Pending operations in the views of a tab, also those that other tabs have stored. */

import { beforeEach, expect, test } from 'vitest'
import type { Group, Member } from '../../src/engine/api.ts'
import { alone, type PeerMessage, type Peers } from '../../src/engine/host.ts'
import type { Storage } from '../../src/storage/port.ts'
import { createTestClient, createTestServer, crewWithBob, type TestServer } from '../harness.ts'
import { never, stored } from './outbox-rows.ts'

let server: TestServer

beforeEach(() => (server = createTestServer()))

test('the effect of an operation appears once and stays', async () => {
  const bob = createTestClient(server, 'bob')
  const ann = createTestClient(server, 'ann')
  const memberList = [{ userID: 'bob', role: 'Admin' as const }, { userID: 'carl' }]
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public', memberList })
  await ann.caughtUp()
  await bob.caughtUp()
  const views = {
    groups: ann.watch({ kind: 'groups' }),
    group: ann.watch({ kind: 'group', groupID: 'crew' }),
    members: ann.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
  }
  ann.network.cut()
  await server.clock.settle()
  for (const { emissions } of Object.values(views)) emissions.length = 0
  await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'carl', role: 'Admin' })
  // Others change the same group meanwhile, and the line breaks once more in the middle.
  await bob.settle('updateGroupProfile', { groupID: 'crew', introduction: 'Ours' })
  await bob.settle('setGroupMemberNameCard', { groupID: 'crew', userID: 'carl', nameCard: 'C' })
  ann.network.restore()
  await server.clock.until(() => ann.network.transcript.at(-1)?.message['type'] === 'push')
  ann.network.cut()
  ann.network.restore()
  await ann.caughtUp()
  await server.clock.advance(60_000)

  const names = [...views.groups.emissions, ...views.group.emissions].map(
    ([group]) => (group as Group).name
  )
  expect(new Set(names)).toEqual(new Set(['Boat']))
  const roles = views.members.emissions.map(
    rows => (rows as Member[]).find(({ userID }) => userID === 'carl')?.role
  )
  expect(roles.lastIndexOf('Member')).toBeLessThan(roles.indexOf('Admin'))
  // Boat, and bob's introduction; nothing when only the verdict comes.
  expect(views.group.emissions.length).toBe(2)
})

test('a tab that comes to lead shows its rows while it reads', async () => {
  const first = createTestClient(server, 'ann')
  await first.settle('createGroup', crewWithBob)
  await first.caughtUp()
  first.network.cut()
  let takeOver: () => void = () => undefined
  let hear: (message: PeerMessage) => void = () => undefined
  let isSlow = false
  const waiting: ((value: unknown) => void)[] = []
  const storage: Storage = {
    ...first.storage,
    async read(queries) {
      const snapshot = await first.storage.read(queries)
      if (isSlow && queries.some(({ table }) => table === 'members'))
        await new Promise(resolve => waiting.push(resolve))
      return snapshot
    }
  }
  const peers: Peers = {
    ...alone,
    lead: onLeading => (takeOver = onLeading),
    listen: onMessage => (hear = onMessage)
  }
  const second = createTestClient(server, 'ann', { storage, peers })
  const members = second.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
  await server.clock.settle()
  isSlow = true
  takeOver()
  await server.clock.settle()
  // Meanwhile a third tab queues something about a member.
  const args = { groupID: 'crew', userID: 'bob', role: 'Admin' }
  const row = stored(server, { opID: 'third', name: 'setGroupMemberRole', args })
  const writes = [{ table: 'outbox', scope: '', id: 'third', row }] as const
  hear({
    type: 'committed',
    commits: [{ commitNumber: await first.storage.transact([], () => writes), writes }]
  })
  await server.clock.settle()
  isSlow = false
  // Whatever comes first.
  for (const resume of waiting.reverse()) {
    resume(null)
    await server.clock.settle()
  }
  await server.clock.settle()
  expect(members.emissions.map(rows => (rows as Member[]).map(({ userID }) => userID))).toEqual(
    members.emissions.map(() => ['ann', 'bob'])
  )
  expect(members.emissions.length).toBeGreaterThan(0)
})

test('the first frame after an offline start contains pending operations', async () => {
  const ann = createTestClient(server, 'ann')
  await ann.settle('createGroup', crewWithBob)
  await ann.caughtUp()
  ann.network.cut()
  await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await ann.apply('setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Admin' })
  await ann.apply('createGroup', { groupID: 'isle', name: 'Isle' })
  await ann.engine.close()
  const again = createTestClient(server, 'ann', { storage: ann.storage, paused: true })
  const groups = again.watch({ kind: 'groups' })
  const members = again.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
  await server.clock.settle()
  expect((groups.emissions[0] as Group[]).map(({ name }) => name).sort()).toEqual(['Boat', 'Isle'])
  expect((members.emissions[0] as Member[]).map(({ role }) => role)).toEqual(['Owner', 'Admin'])
  expect((await again.outbox()).length).toBe(3)
})

test('the last commit of a dead tab reaches a tab already reading', async () => {
  const first = createTestClient(server, 'ann')
  await first.settle('createGroup', crewWithBob)
  await first.caughtUp()
  first.network.cut()
  let hear: (message: PeerMessage) => void = () => undefined
  const storage: Storage = {
    ...first.storage,
    async read(queries) {
      const snapshot = await first.storage.read(queries)
      if (queries.some(({ table }) => table === 'members'))
        await new Promise<void>(resolve => server.clock.setTimer(resolve, 100))
      return snapshot
    }
  }
  const second = createTestClient(server, 'ann', {
    storage,
    peers: { ...alone, listen: onMessage => (hear = onMessage) }
  })
  second.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 10 })
  await server.clock.advance(1000)

  hear({ type: 'unposted' })
  await server.clock.advance(50)
  const row = stored(server, {
    opID: 'third',
    name: 'updateGroupProfile',
    args: { groupID: 'crew', name: 'Boat' }
  })
  await first.storage.transact([], () => [{ table: 'outbox', scope: '', id: 'third', row }])
  hear({ type: 'unposted' })
  await server.clock.advance(1000)
  await second.caughtUp()
  expect((await second.groups()).map(({ name }) => name)).toEqual(['Boat'])
})

test('an operation reported after its verdict is not pending again', async () => {
  const first = createTestClient(server, 'ann')
  await first.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Public' })
  await first.engine.pause()
  const { opID } = await first.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  const { answers, commitNumber } = await first.storage.read([
    { table: 'outbox', scope: '', ids: [opID] }
  ])
  const [[row]] = answers
  let hear: (message: PeerMessage) => void = () => undefined
  const peers: Peers = { ...alone, lead: () => undefined, listen: onMessage => (hear = onMessage) }
  const storage = { ...first.storage, destroy: () => never }
  const second = createTestClient(server, 'ann', { storage, peers })
  void second.engine.logout('discard')
  await server.clock.settle()
  const writes = row ? [{ table: 'outbox', scope: '', id: opID, row } as const] : []
  hear({ type: 'committed', commits: [{ commitNumber, writes }] })
  expect(await second.outbox()).toEqual([])
  expect((await second.groups()).map(({ name }) => name)).toEqual(['Crew'])
})
