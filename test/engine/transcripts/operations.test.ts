/** Transcripts of operations and their verdicts. */

import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../../src/server/database/memory.ts'
import type { ClientMessage } from '../../../src/protocol/client-messages.ts'
import type { ServerMessage } from '../../../src/protocol/server-messages.ts'
import { createTestClient } from '../../harness.ts'
import { listen } from '../transcript.ts'
import { server, onLine, crew, reconnect, startServer } from './server.ts'

beforeEach(() => startServer())

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
      '← delta crew 1→2, #1 applied at 2, caught up',
      '→ push #1 updateGroupProfile crew',
      '← delta #1 applied at 2'
    ])
  })

  test('an operation that the server could not judge is resent later', async () => {
    const database = createMemoryDatabase('epoch-1')
    let failures = 0
    startServer({
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

  test('1,000 operations go in frames of up to 50, 500 under way', async () => {
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
    // Later frames follow the verdicts, which arrive in the frames of their rows.
    expect(pushes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 50))
    expect(Math.max(...pushes)).toBe(50)
    expect(pushes.reduce((sum, count) => sum + count, 0)).toBe(1000)
    let underWay = 0
    const all = messages.map(message => {
      underWay += message.type === 'push' ? message.operations.length : 0
      underWay -= message.type === 'delta' ? message.verdicts.length : 0
      return underWay
    })
    expect(Math.max(...all)).toBe(500)
  })
})
