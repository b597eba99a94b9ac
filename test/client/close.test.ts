/** Calls around the end of a store tell whether their operation is queued. */

import { lastValueFrom } from 'rxjs'
import { expect, test } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { isGroupError } from '../../src/engine/api.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createTestClient, createTestServer } from '../harness.ts'

/** A store whose storage takes 3 s for each transaction, but answers. */
async function openSlow() {
  const server = createTestServer()
  const storage = createMemoryStorage()
  const transact: typeof storage.transact = async (...args) => {
    const at = await storage.transact(...args)
    await new Promise<void>(resolve => void server.clock.setTimer(resolve, 3000))
    return at
  }
  const client = createTestClient(server, 'ann', {
    storage: { ...storage, transact },
    paused: true
  })
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(client.engine), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  await server.clock.settle()
  const waiting = async () =>
    (await storage.read([{ table: 'outbox', scope: '' }])).answers[0].map(({ opID }) => opID)
  return { store: createStore('ann', remote, streams), waiting, server }
}

test.each([
  ['close', store => store.close()],
  ['logout that keeps what waits', store => store.logout({ pending: 'keep' })]
] satisfies [string, (store: Awaited<ReturnType<typeof openSlow>>['store']) => Promise<unknown>][])(
  'an operation being stored during a %s is answered as queued',
  async (_title, end) => {
    const { store, waiting, server } = await openSlow()
    const applying = store.apply('createGroup', { groupID: 'crew', name: 'Crew' })
    await server.clock.settle()
    const ending = end(store)
    await server.clock.advance(30_000)
    await ending
    const [opID] = await waiting()
    expect(await applying).toMatchObject({ opID })
  }
)

test('a call after the end of a store is answered 2999', async () => {
  const { store, server } = await openSlow()
  const ending = store.close()
  await server.clock.advance(30_000)
  await ending
  expect(await store.apply('createGroup', { groupID: 'crew', name: 'Crew' })).toMatchObject({
    code: 2999
  })
})

test('`can` of a closed store says no', async () => {
  const { store, server } = await openSlow()
  const ending = store.close()
  await server.clock.advance(30_000)
  await ending
  expect(store.can('createGroup', { name: 'Crew' })).toMatchObject({
    kind: 'no',
    error: { code: 2999 }
  })
})

test('the status of a closed store is offline', async () => {
  const { store, server } = await openSlow()
  const status = lastValueFrom(store.status$)
  const ending = store.resume().then(() => store.close())
  await server.clock.advance(30_000)
  await ending
  expect(await status).toMatchObject({
    connection: 'offline',
    caughtUp: false,
    lastError: { code: 2999 }
  })
})

test.each(['groups$', 'outbox$', 'verdicts$', 'status$', 'notices$'] as const)(
  '%s of a closed store completes',
  async name => {
    const { store, server } = await openSlow()
    const early = lastValueFrom<unknown>(store[name])
    await server.clock.settle()
    const ending = store.close()
    await server.clock.advance(30_000)
    await ending
    await expect(early).resolves.toBeDefined()
    await expect(
      lastValueFrom<unknown, string>(store[name], { defaultValue: 'none' })
    ).resolves.toBeDefined()
  }
)

test.each([null, undefined, 5, 'text', {}, []])('%j is no error', value => {
  expect(isGroupError(value)).toBe(false)
})
