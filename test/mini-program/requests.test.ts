/** Requests of mini-programs, where the network blocks sockets. The server is the real one. */

import { filter, firstValueFrom } from 'rxjs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import { createGroupStore, weChat, type GroupStore } from '../../src/mini-program.ts'
import { createRequests, type RequestDialect } from './request.ts'
import { closeInRealTime, passing, passUntil, useVirtualTime } from './virtual-time.ts'
import { createWx } from './wx.ts'

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
let server: SyncServer
beforeAll(async () => {
  server = await startServer({ ...app, database: createMemoryDatabase('epoch-1') })
})
afterAll(() => server.close())

let users = 0

/** A store of a new user. The sockets of its platform can be refused. */
function openStore(dialect: RequestDialect) {
  const wx = createWx()
  const requests = createRequests(dialect)
  const { connectSocket } = wx
  let isBlocked = true
  const calls = {
    ...wx,
    request: requests.request,
    connectSocket(options: Parameters<typeof connectSocket>[0]) {
      if (!isBlocked) return connectSocket(options)
      setTimeout(options.fail, 1)
      return undefined
    }
  }
  const userID = `user-${users++}`
  const store = createGroupStore({
    url: server.url,
    userID,
    token: generateUserSig(app, { userID }),
    platform: weChat(calls)
  })
  onTestFinished(() => closeInRealTime(store))
  let connection = ''
  store.status$.subscribe(status => (connection = status.connection))
  return {
    ...{ store, wx, requests },
    isOnline: () => connection === 'online',
    allowSockets: () => void (isBlocked = false)
  }
}

async function createGroup(store: GroupStore): Promise<string> {
  const answer = await store.apply('createGroup', { type: 'Public', name: 'Crew' })
  if (!('opID' in answer)) throw new Error(answer.message)
  return answer.opID
}

test.each(['wx', 'my', 'Taro'] as const)(
  'a store syncs over requests in the manner of %s',
  async dialect => {
    const { store, requests } = openStore(dialect)
    const operations = await Promise.all([createGroup(store), createGroup(store)])
    for (const opID of operations)
      expect(await store.settled(opID)).toMatchObject({ kind: 'applied' })
    await firstValueFrom(store.status$.pipe(filter(({ caughtUp }) => caughtUp)))
    expect(requests.atOnce).toEqual({ sending: 1, polling: 1 })
  }
)

test('an operation is sent after requests have failed', async () => {
  useVirtualTime()
  const { store, requests, isOnline } = openStore('wx')
  await passUntil(isOnline)
  requests.become('failing')
  await passUntil(() => !isOnline())
  const opID = await passing(createGroup(store))
  requests.become('working')
  expect(await passing(store.settled(opID))).toMatchObject({ kind: 'applied' })
})

test('an operation is sent after requests without an answer', async () => {
  useVirtualTime()
  const { store, requests, isOnline } = openStore('wx')
  await passUntil(isOnline)
  requests.become('silent')
  const opID = await passing(createGroup(store))
  await passUntil(() => !isOnline())
  requests.become('working')
  expect(await passing(store.settled(opID))).toMatchObject({ kind: 'applied' })
})

test('a store returns from requests to the socket', async () => {
  useVirtualTime()
  const { store, wx, isOnline, allowSockets } = openStore('wx')
  await passUntil(isOnline)
  expect(wx.sendsAtOnce()).toBe(0)
  allowSockets()
  await passUntil(() => isOnline() && wx.sendsAtOnce() > 0)
  const opID = await passing(createGroup(store))
  expect(await passing(store.settled(opID))).toMatchObject({ kind: 'applied' })
})
