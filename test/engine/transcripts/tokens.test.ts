/** Transcripts of tokens, versions and pauses. */

import { beforeEach, describe, expect, test } from 'vitest'
import { protocolVersion } from '../../../src/protocol/messages.ts'
import { createTestClient } from '../../harness.ts'
import { listen } from '../transcript.ts'
import { server, onLine, crew, startServer } from './server.ts'

beforeEach(() => startServer())

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
    startServer({ tokenLastsMs: 60_000 })
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
