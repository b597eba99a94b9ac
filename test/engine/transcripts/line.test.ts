/** Transcripts of lost and repeated frames, and of lost connections. */

import { beforeEach, describe, expect, test } from 'vitest'
import { createTestClient, createTestServer } from '../../harness.ts'
import { listen } from '../transcript.ts'
import { server, onLine, crew, startServer } from './server.ts'

beforeEach(() => startServer())

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

  test('a repeated or late delta changes nothing', async () => {
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

  test('a pong with another position restarts the connection', async () => {
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

  test('attempts back off, and ten good seconds reset the delay', async () => {
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
