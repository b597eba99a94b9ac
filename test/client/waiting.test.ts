/** Calls of the UI thread settle in time on a dead line or with a hanging worker. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import type { Engine } from '../../src/engine/api.ts'
import { createCalls } from '../../src/tim/calls.ts'
import type { TimApplicationPayload } from '../../src/tim/group-api.ts'
import type { IMError } from '../../src/tim/im-error.ts'
import { createEvents } from '../../src/tim/events.ts'
import { createLive } from '../../src/tim/live.ts'
import { createVerdicts } from '../../src/tim/verdicts.ts'
import { createTestClient, createTestServer } from '../harness.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

function openStore(opening: Promise<Engine>) {
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(opening, { onFrame: streams.receiveFrame, onRestart: streams.restart })
  return createStore('ann', remote, streams)
}

/** A user of the TIM API whose frames vanish from now on, both ways. */
async function onHalfOpenLine() {
  const server = createTestServer()
  const line = { isDead: false }
  const network = server.network()
  const client = createTestClient(
    {
      ...server,
      network: () => ({
        ...network,
        connect(events) {
          const link = network.connect({
            ...events,
            onFrame: frame => line.isDead || events.onFrame(frame)
          })
          return { ...link, send: frame => line.isDead || link.send(frame) }
        }
      })
    },
    'ann'
  )
  await server.judge('bob', {
    name: 'createGroup',
    groupID: 'crew',
    args: { groupID: 'crew', name: 'Crew', type: 'Public', joinOption: 'FreeAccess' }
  })
  await client.caughtUp()
  line.isDead = true
  const store = openStore(Promise.resolve(client.engine))
  const live = createLive(store, 'ann', () => undefined)
  const verdicts = createVerdicts(
    store,
    createEvents(() => undefined)
  )
  const calls = createCalls(
    () => ({ userID: 'ann', store, live, verdicts }),
    () => true
  )
  /** Advances both clocks. */
  const advance = async (ms: number) => {
    await server.clock.advance(ms)
    await vi.advanceTimersByTimeAsync(ms)
    await server.clock.settle()
  }
  return { calls, store, advance, line, client }
}

/** The answer or the rejection of a call. */
function outcomeOf(call: Promise<unknown>) {
  const outcome: { value: unknown } = { value: 'pending' }
  call.then(
    value => (outcome.value = value),
    (error: unknown) => (outcome.value = error)
  )
  return outcome
}

describe('on a half-open line', () => {
  test('joining a group answers after 15 s that it is queued', async () => {
    const { calls, advance } = await onHalfOpenLine()
    const outcome = outcomeOf(calls.joinGroup({ groupID: 'crew' }))
    await advance(15_000)
    expect((outcome.value as IMError).code).toBe(4512)
  })

  test('a group joined late is in the group list', async () => {
    const { calls, store, advance, line, client } = await onHalfOpenLine()
    outcomeOf(calls.joinGroup({ groupID: 'crew' }))
    await advance(15_000)
    line.isDead = false
    await client.caughtUp()
    expect((await client.groups()).map(({ groupID }) => groupID)).toEqual(['crew'])
    await store.close()
  })

  test('a decision about an unknown application settles', async () => {
    const { calls, advance } = await onHalfOpenLine()
    const payload = { operatorID: 'carl', groupProfile: { groupID: 'crew' } }
    const message = { payload } as unknown as { payload: TimApplicationPayload }
    const outcome = outcomeOf(calls.handleGroupApplication({ handleAction: 'Agree', message }))
    await advance(15_000)
    expect((outcome.value as IMError).code).toBe(4512)
  })

  test('a profile is refused for want of a network', async () => {
    const { calls, advance } = await onHalfOpenLine()
    const outcome = outcomeOf(calls.getGroupProfile({ groupID: 'crew' }))
    await advance(15_000)
    expect((outcome.value as IMError).code).toBe(2805)
  })
})

const calls = {
  apply: store => store.apply('joinGroup', { groupID: 'crew' }),
  preview: store => store.preview('joinGroup', { groupID: 'crew' }),
  retry: store => store.retry('none'),
  revise: store => store.revise('none', {}),
  readProfile: store => store.readProfile('crew'),
  readMembers: store => store.readMembers('crew'),
  readEntries: store => store.readEntries('crew'),
  searchGroup: store => store.searchGroup('crew'),
  dismissVerdict: store => store.dismissVerdict('none'),
  renewToken: store => store.renewToken('ann'),
  pause: store => store.pause(),
  resume: store => store.resume(),
  logout: store => store.logout(),
  close: store => store.close()
} satisfies Record<string, (store: ReturnType<typeof openStore>) => Promise<unknown>>

test.each(Object.entries(calls))(
  '%s settles within 20 s where the worker hangs',
  async (_name, call) => {
    const outcome = outcomeOf(call(openStore(new Promise(() => undefined))))
    await vi.advanceTimersByTimeAsync(20_000)
    expect(outcome.value).not.toBe('pending')
  }
)
