/** A store on the app's own ports, built only from exports of the package. */

import { createGroupStore, isGroupError, type GroupStore } from 'offline-groups'
import { createMemoryStorage, protocolVersion } from 'offline-groups/ports'
import { createTestClock, createTestNetwork, type Serve } from 'offline-groups/testing'
import { firstValueFrom } from 'rxjs'
import { expect, onTestFinished, test } from 'vitest'

const welcome = {
  type: 'welcome',
  protocol: protocolVersion,
  kernel: 2,
  epoch: 'epoch-1',
  serverTime: Date.now(),
  userID: 'ann',
  isAppAdmin: false,
  policy: { adminsCanKick: false, groupsPerUserMax: 3000, suppressTips: 'none' },
  known: false,
  digest: 1
}
const delta = (rest: object) =>
  JSON.stringify({
    type: 'delta',
    serverTime: Date.now(),
    groups: [],
    verdicts: [],
    retry: [],
    caughtUp: true,
    ...rest
  })

/** A server in this process: it has no groups, and refuses every operation. */
const serve: Serve = ({ send }) => ({
  receive(frame) {
    const { type, operations = [] } = JSON.parse(frame) as {
      type: string
      operations?: { opID: string; groupID: string }[]
    }
    if (type === 'hello') {
      send(JSON.stringify(welcome))
      send(delta({ feed: { from: 0, to: 0, events: [] } }))
    }
    const error = { code: 10021, reason: 'GroupIDTaken', message: '' }
    const verdicts = operations.map(({ opID, groupID }) => ({
      kind: 'rejected',
      opID,
      groupID,
      error,
      scope: 'state'
    }))
    if (verdicts.length > 0) send(delta({ verdicts }))
  },
  closed: () => undefined
})

function open(storage = createMemoryStorage()) {
  const clock = createTestClock()
  const network = createTestNetwork(clock, serve)
  // Frames arrive when the clock of the network advances.
  const ticks = setInterval(() => void clock.advance(10), 10)
  const store = createGroupStore({
    url: 'wss://example.org/sync',
    userID: 'ann',
    token: 'any',
    storage,
    connect: network.connect
  })
  onTestFinished(async () => {
    await store.close()
    clearInterval(ticks)
  })
  return { store, network }
}

async function createGroup(store: GroupStore) {
  const answer = await store.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  if (isGroupError(answer)) throw new Error(answer.message)
  return answer.opID
}

test('a store on memory storage is caught up over an in-process network', async () => {
  const { store } = open()
  await expect
    .poll(() => firstValueFrom(store.status$))
    .toMatchObject({ connection: 'online', caughtUp: true })
})

test('an operation reaches the server over the connection of the app', async () => {
  const { store } = open()
  expect(await store.settled(await createGroup(store))).toMatchObject({
    kind: 'rejected',
    error: { code: 10021 }
  })
})

test('the next store on the same storage has the pending operations', async () => {
  const storage = createMemoryStorage()
  const first = open(storage)
  first.network.cut()
  const opID = await createGroup(first.store)
  await first.store.close()
  const next = open(storage)
  next.network.cut()
  expect(await firstValueFrom(next.store.outbox$)).toMatchObject([{ opID }])
})

test('a storage that cannot be opened is reported as 4502', async () => {
  const store = createGroupStore({
    url: 'wss://example.org/sync',
    userID: 'ann',
    token: 'any',
    storage: Promise.reject(new Error('no disk')),
    connect: createTestNetwork(createTestClock(), serve).connect
  })
  expect(await store.apply('quitGroup', { groupID: 'crew' })).toMatchObject({ code: 4502 })
  await store.close()
})
