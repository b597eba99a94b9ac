/** A logout in another tab ends a store. */

import { lastValueFrom } from 'rxjs'
import { expect, test } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { createTestServer } from '../harness.ts'
import { createTabs } from '../engine/tabs.ts'

/** Two stores of ann in two tabs. */
async function openPair() {
  const server = createTestServer()
  const openTab = createTabs(server, 'ann')
  const openStore = () => {
    const streams = createStreamClient(request => remote.request(request))
    const remote = connectHere(Promise.resolve(openTab({ paused: true }).engine), {
      onFrame: streams.receiveFrame,
      onRestart: streams.restart
    })
    return createStore('ann', { ...remote, isDataLost: () => false }, streams)
  }
  const [first, second] = [openStore(), openStore()]
  await server.clock.advance(1000)
  return { server, first, second }
}

test.each(['groups$', 'outbox$', 'verdicts$', 'notices$'] as const)(
  '%s completes at the logout of another tab',
  async name => {
    const { server, first, second } = await openPair()
    const last = lastValueFrom<unknown>(second[name])
    await server.clock.settle()
    const leaving = first.logout()
    await server.clock.advance(1000)
    expect(await leaving).toBeNull()
    await expect(last).resolves.toBeDefined()
  }
)

test('the status and all calls say that another tab has logged out', async () => {
  const { server, first, second } = await openPair()
  const status = lastValueFrom(second.status$)
  const leaving = first.logout()
  await server.clock.advance(1000)
  await leaving
  const gone = { code: 2999 }
  expect(await status).toMatchObject({ connection: 'offline', caughtUp: false, lastError: gone })
  const args = { groupID: 'crew', name: 'Crew' }
  expect(await second.apply('createGroup', args)).toMatchObject(gone)
  expect(await second.settled('none')).toMatchObject(gone)
  expect(second.can('createGroup', args)).toMatchObject({ kind: 'no', error: gone })
  expect(await second.logout()).toBeNull()
})
