/** A token that is not there yet, or that no server can take. */

import { beforeEach, describe, expect, test } from 'vitest'
import {
  createLeaderAndFollower,
  createPeers,
  createTestClient,
  createTestServer,
  type TestServer
} from '../harness.ts'

let server: TestServer
beforeEach(() => (server = createTestServer()))

async function answerOf(call: Promise<unknown>, ms: number): Promise<unknown> {
  let answer: unknown = 'pending'
  void call.then(value => (answer = value))
  await server.clock.advance(ms)
  return answer
}

describe('a store without a token', () => {
  test('is connecting for 10 s, while the app may be getting one', async () => {
    const ann = createTestClient(server, 'ann', { token: '' })
    await server.clock.advance(9000)
    expect(await ann.status()).toMatchObject({
      connection: 'connecting',
      lastError: { code: 70002 }
    })
  })

  test('is offline after 10 s', async () => {
    const ann = createTestClient(server, 'ann', { token: '' })
    await server.clock.advance(11_000)
    expect(await ann.status()).toMatchObject({ connection: 'offline', lastError: { code: 70002 } })
  })

  test('is offline once the app says that it has none', async () => {
    const ann = createTestClient(server, 'ann', { token: '' })
    await ann.engine.renewToken('')
    expect(await ann.status()).toMatchObject({ connection: 'offline', lastError: { code: 70002 } })
  })

  test('answers a question about a profile with 2805', async () => {
    const ann = createTestClient(server, 'ann', { token: '' })
    expect(await answerOf(ann.engine.readProfile('crew', false), 11_000)).toMatchObject({
      code: 2805
    })
  })

  test('refuses to join an unknown group with 2805', async () => {
    const ann = createTestClient(server, 'ann', { token: '' })
    await server.clock.advance(11_000)
    expect(await answerOf(ann.engine.apply('joinGroup', { groupID: 'crew' }), 100)).toMatchObject({
      code: 2805
    })
  })

  test('connects when the token comes after hours', async () => {
    const ann = createTestClient(server, 'ann', { token: '' })
    await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    await server.clock.advance(3_600_000)
    await ann.engine.renewToken('ann')
    await ann.caughtUp()
    expect(await ann.status()).toMatchObject({ connection: 'online', lastError: null, pending: 0 })
  })

  test('shows a paused store that its token has come', async () => {
    const ann = createTestClient(server, 'ann', { token: '', paused: true })
    await ann.engine.renewToken('ann')
    expect(await ann.status()).toMatchObject({ connection: 'offline', lastError: null })
  })
})

// JavaScript may pass any value.
const unusable: [string, unknown, number][] = [
  ['a number', 42, 70002],
  ['null', null, 70002],
  ['an object', {}, 70002],
  ['a text of 5,000 characters', 'x'.repeat(5000), 70003]
]
describe.each(unusable)('%s as a token', (_title, token, code) => {
  test('is reported when the store opens', async () => {
    const ann = createTestClient(server, 'ann', { token: token as string })
    await server.clock.advance(11_000)
    expect(await ann.status()).toMatchObject({ connection: 'offline', lastError: { code } })
  })

  test('does not end a connection that has a good one', async () => {
    const ann = createTestClient(server, 'ann')
    await ann.caughtUp()
    await ann.engine.renewToken(token as string)
    await server.clock.advance(60_000)
    expect(await ann.status()).toMatchObject({ connection: 'online', lastError: null })
  })
})

test('an empty token of one tab replaces no usable token', async () => {
  const { follower } = await createLeaderAndFollower(server, 'ann', { token: '' })
  await follower.engine.renewToken('')
  await server.clock.advance(60_000)
  expect(await follower.status()).toMatchObject({ connection: 'online', lastError: null })
})

test("a usable token of a follower replaces the leader's refused token", async () => {
  const [first, second] = createPeers()
  const leader = createTestClient(server, 'ann', { peers: first.peers, token: 'nobody' })
  await server.clock.settle()
  first.lead()
  await server.clock.advance(1000)
  const follower = createTestClient(server, 'ann', { peers: second.peers, storage: leader.storage })
  await server.clock.advance(5000)
  expect(await follower.status()).toMatchObject({ connection: 'online', lastError: null })
})

test('refused tokens of two tabs are tried once each', async () => {
  const [first, second, third] = createPeers()
  const leader = createTestClient(server, 'ann', { peers: first.peers, token: 'nobody' })
  await server.clock.settle()
  first.lead()
  for (const { peers } of [second, third])
    createTestClient(server, 'ann', { peers, storage: leader.storage, token: 'nobody' })
  await server.clock.advance(60_000)
  const hellos = leader.network.transcript.filter(({ message }) => message['type'] === 'hello')
  expect(hellos.length).toBeLessThanOrEqual(3)
})

test('the refusal of a token stays when frames come after it', async () => {
  // A socket that still delivers frames sent before it was closed.
  const network = server.network()
  const late: TestServer = {
    ...server,
    network: () => ({
      ...network,
      connect(events) {
        const link = network.connect(events)
        return { ...link, close: () => void server.clock.setTimer(link.close, 1000) }
      }
    })
  }
  const ann = createTestClient(late, 'ann', { token: 'bob' })
  await server.clock.advance(10_000)
  expect(await ann.status()).toMatchObject({ connection: 'offline', lastError: { code: 70013 } })
})
