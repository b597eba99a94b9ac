/** Transcripts of logins, by new and returning devices. */

import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../../src/server/database/memory.ts'
import { createTestClient } from '../../harness.ts'
import { listen } from '../transcript.ts'
import { server, crew, reconnect, startServer } from './server.ts'

beforeEach(() => startServer())

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
    startServer({ clock: server.clock, database: createMemoryDatabase('epoch-2') })
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
