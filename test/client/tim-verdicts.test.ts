/** The TIM API reports each verdict once, by the call or an ERROR event, and dismisses it. */

import { beforeEach, expect, test } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import { createEvents } from '../../src/tim/events.ts'
import { EVENT } from '../../src/tim/constants.ts'
import { createLive } from '../../src/tim/live.ts'
import { perform } from '../../src/tim/perform.ts'
import { createVerdicts } from '../../src/tim/verdicts.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

let server: TestServer
let ann: TestClient
beforeEach(() => {
  server = createTestServer({ policy: { groupsPerUserMax: 1 } })
  ann = createTestClient(server, 'ann')
})

/**
 * A page of the user, which records its calls' answers and its events. `waitMs`: the time that it
 * leaves a verdict to another page.
 */
function page(waitMs = 0) {
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(ann.engine), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  const store = createStore('ann', remote, streams)
  const events = createEvents(error => expect.fail(String(error)))
  const reported: number[] = []
  const verdicts = createVerdicts(store, events, { waitMs })
  const listenOnce = () => {
    events.once(EVENT.ERROR, ({ data }) => void reported.push(data.code))
    verdicts.report()
  }
  const listen = () => {
    events.on(EVENT.ERROR, ({ data }) => void reported.push(data.code))
    verdicts.report()
  }
  return { store, events, reported, verdicts, listen, listenOnce }
}

/** Advances virtual time, and lets posted messages arrive. */
async function pass(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await server.clock.advance(1000)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const crew = { groupID: 'crew', name: 'Crew', type: 'Private' } as const
const full = () =>
  server.judge('bob', {
    name: 'createGroup',
    args: { groupID: 'den', name: 'Den' },
    groupID: 'den'
  })

test('a partial verdict is reported once with 4514 and dismissed', async () => {
  const { reported, listen } = page()
  listen()
  await ann.settle('createGroup', crew)
  await full()
  await ann.apply('addGroupMember', { groupID: 'crew', userIDList: ['bob'] })
  await pass()
  expect([reported, await ann.verdicts()]).toEqual([[4514], []])
})

test('a refusal during its call is reported by the call alone', async () => {
  const { store, reported, verdicts, listen } = page()
  listen()
  await ann.caughtUp()
  const answer = verdicts.awaiting(store.apply('joinGroup', { groupID: 'nowhere' }))
  await pass()
  const { opID } = (await answer) as { opID: string }
  await verdicts.answered(opID)
  await pass()
  expect([reported, await ann.verdicts()]).toEqual([[], []])
})

test('a call whose user logs out during its wait rejects with 4512', async () => {
  const { store, verdicts } = page()
  const live = createLive(store, 'ann', () => undefined)
  await ann.caughtUp()
  const call = perform({ userID: 'ann', store, live, verdicts }, 'joinGroup', {
    groupID: 'nowhere'
  })
  const codes: number[] = []
  void call.catch((error: { code: number }) => codes.push(error.code))
  await expect.poll(ann.outbox).toHaveLength(1)
  void store.logout({ pending: 'keep' })
  await pass()
  expect(codes).toEqual([4512])
})

test('a refusal is reported by one of two tabs', async () => {
  const tabs = [page(), page()]
  for (const { listen } of tabs) listen()
  await ann.caughtUp()
  await ann.settle('joinGroup', { groupID: 'nowhere' })
  await pass()
  expect(tabs.flatMap(({ reported }) => reported).length).toBe(1)
})

test('a handler of once gets one refusal, and the next handler the other', async () => {
  const { reported, listenOnce } = page()
  listenOnce()
  await ann.caughtUp()
  await ann.settle('joinGroup', { groupID: 'nowhere' })
  await ann.settle('quitGroup', { groupID: 'elsewhere' })
  await pass()
  expect([reported, (await ann.verdicts()).length]).toEqual([[10010], 1])
  listenOnce()
  await pass()
  expect([reported, await ann.verdicts()]).toEqual([[10010, 10010], []])
})

test('a refusal whose handler goes during its dismissal reaches the next handler', async () => {
  const { reported, events, verdicts, listen } = page()
  const leaving = () => expect.fail('the handler has gone')
  await ann.caughtUp()
  await ann.settle('joinGroup', { groupID: 'nowhere' })
  await pass()
  events.on(EVENT.ERROR, leaving)
  verdicts.report()
  events.off(EVENT.ERROR, leaving)
  await pass()
  listen()
  expect(reported).toEqual([10010])
})

test('a refusal that a call in another tab answers has no event', async () => {
  const [calling, other] = [page(), page(60_000)]
  for (const { listen } of [calling, other]) listen()
  await ann.caughtUp()
  const answer = calling.verdicts.awaiting(calling.store.apply('joinGroup', { groupID: 'nowhere' }))
  const { opID } = (await answer) as { opID: string }
  const settled = calling.store.settled(opID)
  await pass()
  expect(await settled).toMatchObject({ kind: 'rejected' })
  await calling.verdicts.answered(opID)
  await pass()
  expect([calling.reported, other.reported, await ann.verdicts()]).toEqual([[], [], []])
})

test('a refusal from before the first listener is reported to it', async () => {
  const { reported, listen } = page()
  await ann.caughtUp()
  await ann.settle('joinGroup', { groupID: 'nowhere' })
  await pass()
  listen()
  await pass()
  expect([reported, await ann.verdicts()]).toEqual([[10010], []])
})

test('a session that has ended leaves refusals to the next one', async () => {
  const { reported, verdicts, listen } = page()
  listen()
  await ann.caughtUp()
  expect(verdicts.end()).toBeUndefined()
  await ann.settle('joinGroup', { groupID: 'nowhere' })
  await pass()
  listen()
  await pass()
  expect([reported, (await ann.verdicts()).length]).toEqual([[], 1])
})

/** Makes storage refuse writes, or answer only 20 s after it has written. */
function hinder(refuses: boolean): void {
  const { transact } = ann.storage
  const hindered: typeof transact = async (...args) => {
    if (refuses) throw new Error('the disk is full')
    const at = await transact(...args)
    await new Promise<void>(resolve => void server.clock.setTimer(resolve, 20_000))
    return at
  }
  Object.assign(ann.storage, { transact: hindered })
}

test.each([
  ['delays', false],
  ['refuses', true]
])('a refusal whose dismissal storage %s is reported once', async (_title, refuses) => {
  const { reported, listen } = page()
  await ann.caughtUp()
  await ann.settle('joinGroup', { groupID: 'nowhere' })
  await pass()
  hinder(refuses)
  listen()
  await server.clock.advance(30_000)
  await pass()
  listen()
  await server.clock.advance(30_000)
  await pass()
  expect(reported).toEqual([10010])
})
