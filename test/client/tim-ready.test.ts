/** SDK_READY of a login waits for the delegate, on virtual time. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { EVENT } from '../../src/tim/constants.ts'
import { createEvents } from '../../src/tim/events.ts'
import { startLogin } from '../../src/tim/session.ts'
import { createTestClient, createTestServer } from '../harness.ts'
import { deferred } from './tencent.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

async function open() {
  const server = createTestServer()
  const client = createTestClient(server, 'ann', { keepUndelivered: true })
  await client.caughtUp()
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(client.engine), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  const events = createEvents(error => expect.fail(String(error)))
  let isReady = false
  events.on(EVENT.SDK_READY, () => (isReady = true))
  const delegate = deferred<void>()
  startLogin({
    store: createStore('ann', remote, streams),
    userID: 'ann',
    events,
    alsoReady: delegate.promise,
    onRefused: () => undefined,
    onEnded: () => undefined
  })
  async function pass(seconds: number): Promise<boolean> {
    for (let half = 0; half < 2 * seconds; half++) {
      await vi.advanceTimersByTimeAsync(500)
      await server.clock.advance(500)
    }
    return isReady
  }
  return { pass, delegate, network: client.network }
}

test('SDK_READY comes with a delegate that is ready after 20 s', async () => {
  const { pass, delegate } = await open()
  expect(await pass(20)).toBe(false)
  delegate.resolve()
  expect(await pass(1)).toBe(true)
})

test('SDK_READY comes after 30 s without an answer of the delegate', async () => {
  const { pass } = await open()
  expect([await pass(29), await pass(2)]).toEqual([false, true])
})

test('SDK_READY does not wait for the delegate after the network is lost', async () => {
  const { pass, network } = await open()
  expect(await pass(10)).toBe(false)
  network.cut()
  expect(await pass(1)).toBe(true)
})

test('SDK_READY does not wait for the delegate without a network', async () => {
  const { pass, network } = await open()
  network.cut()
  expect(await pass(2)).toBe(true)
})
