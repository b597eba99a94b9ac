/** A tab that comes to lead: its reads, its connection and its token. */

import { beforeEach, describe, expect, test } from 'vitest'
import { alone, type Peers } from '../../src/engine/host.ts'
import { must } from '../../src/kernel/must.ts'
import {
  createLeaderAndFollower,
  createPeers,
  createTestClient,
  createTestServer,
  type TestClient,
  type TestServer
} from '../harness.ts'

let server: TestServer

let ann: TestClient

beforeEach(async () => {
  server = createTestServer()
  ann = createTestClient(server, 'ann')
})

test('a follower that comes to lead answers its own questions', async () => {
  const [, second] = createPeers()
  // The leader has died: the question gets no answer.
  const follower = createTestClient(server, 'ann', { peers: second.peers, storage: ann.storage })
  await server.clock.settle()
  let answer: unknown
  void follower.engine.readProfile('crew', false).then(told => (answer = told))
  await server.clock.settle()
  second.lead()
  await server.clock.advance(1000)
  expect(answer).toMatchObject({ code: 2805 })
})

describe('a tab that comes to lead at its start', () => {
  const named = (name: string) => [{ groupID: 'crew', name }]
  /** A commit that the last leader cannot post, after the next leader has read. */
  async function start({ leadsAt }: { leadsAt: 'once' | 'while it reads' }) {
    const [tab] = createPeers()
    const { storage } = ann
    await ann.settle('createGroup', { name: 'Crew', type: 'Public', groupID: 'crew' })
    await ann.caughtUp()
    await ann.engine.close()
    let reads = 0
    const slow: typeof storage = {
      ...storage,
      async read(queries) {
        const snapshot = await storage.read(queries)
        if (++reads > 1) return snapshot
        const [held] = (await storage.read([{ table: 'groups', scope: '', ids: ['crew'] }]))
          .answers[0]
        const row = must(must(held).row)
        await storage.transact([], () => [
          {
            table: 'groups',
            scope: '',
            id: 'crew',
            row: { ...must(held), row: { ...row, name: 'last word' } }
          }
        ])
        if (leadsAt === 'while it reads') tab.lead()
        return snapshot
      }
    }
    const peers =
      leadsAt === 'once'
        ? { ...tab.peers, lead: (onLeading: () => void) => onLeading() }
        : tab.peers
    const started = createTestClient(server, 'ann', { storage: slow, peers, paused: true })
    await server.clock.settle()
    return { reads: () => reads, groups: await started.groups() }
  }

  test('reads once if it leads before its read', async () => {
    expect((await start({ leadsAt: 'once' })).reads()).toBe(1)
  })

  test('reads twice if the leader leaves during its read', async () => {
    expect((await start({ leadsAt: 'while it reads' })).groups).toMatchObject(named('last word'))
  })

  test('sends an operation that a dead tab has stored after its claim', async () => {
    const [tab, dying, third] = createPeers()
    const { storage } = ann
    await ann.settle('createGroup', { name: 'Crew', type: 'Public', groupID: 'crew' })
    await ann.engine.close()
    let answerClaim: () => void = () => undefined
    const answered = new Promise<void>(resolve => (answerClaim = resolve))
    const slow: typeof storage = {
      ...storage,
      async transact(...claim) {
        const commitNumber = await storage.transact(...claim)
        await answered
        return commitNumber
      }
    }
    const peers = { ...tab.peers, lead: (onLeading: () => void) => onLeading() }
    const started = createTestClient(server, 'ann', { storage: slow, peers })
    await server.clock.settle()
    const unheard = { ...dying.peers, post: () => undefined }
    const dead = createTestClient(server, 'ann', { storage, peers: unheard, paused: true })
    await dead.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
    // A tab that opens after that makes the leader read, and no tab leads yet.
    third.peers.post({ type: 'unposted' })
    await server.clock.settle()
    answerClaim()
    await server.clock.advance(1000)
    expect([await started.groups(), await started.outbox()]).toMatchObject([named('Boat'), []])
  })

  test('does not connect before its read, even after a resume', async () => {
    const [tab] = createPeers()
    let goOn: () => void = () => undefined
    const gate = new Promise<void>(resolve => (goOn = resolve))
    let reads = 0
    const storage: typeof ann.storage = {
      ...ann.storage,
      async read(queries) {
        if (++reads > 1) await gate
        return ann.storage.read(queries)
      }
    }
    const started = createTestClient(server, 'bob', { storage, peers: tab.peers })
    await server.clock.settle()
    // Since its read, another tab has written.
    await ann.storage.transact([], () => [{ table: 'verdicts', scope: '', id: 'none', row: null }])
    tab.lead()
    await started.engine.pause()
    await started.engine.resume()
    await server.clock.advance(1000)
    const before = started.network.transcript.length
    goOn()
    await started.caughtUp()
    expect([before, started.network.transcript.length > 0]).toEqual([0, true])
  })

  test('lets another tab lead if it cannot read', async () => {
    let hasSteppedDown = false
    const storage = { ...ann.storage, read: () => Promise.reject(new Error('damaged')) }
    const peers: Peers = { ...alone, stepDown: () => void (hasSteppedDown = true) }
    const broken = createTestClient(server, 'ann', { storage, peers })
    await server.clock.settle()
    expect([hasSteppedDown, (await broken.status())?.lastError?.reason]).toEqual([
      true,
      'StorageFailed'
    ])
  })
})

describe('a token that is renewed', () => {
  test('of a follower counts when that tab comes to lead', async () => {
    const { leader, follower, second } = await createLeaderAndFollower(server, 'bob', {
      token: 'nobody'
    })
    await follower.engine.renewToken('bob')
    await server.clock.settle()
    await leader.engine.close()
    second.lead()
    await server.clock.advance(5000)
    expect(await follower.status()).toMatchObject({ connection: 'online', lastError: null })
  })

  test('is used for a connection that begins with the old one', async () => {
    const bob = createTestClient(server, 'bob', { token: 'nobody' })
    await server.clock.advance(8)
    await bob.engine.renewToken('bob')
    await server.clock.advance(5000)
    expect(await bob.status()).toMatchObject({ connection: 'online', lastError: null })
  })
})
