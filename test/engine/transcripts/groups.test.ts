/** Transcripts of joining, leaving and reading groups. */

import { beforeEach, describe, expect, test } from 'vitest'
import { createTestClient } from '../../harness.ts'
import { listen } from '../transcript.ts'
import { server, crew, reconnect, startServer } from './server.ts'

beforeEach(() => startServer())

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
