/** The life of a mini-program: hidden, suspended, shown, short of memory. The server is real. */

import { filter, firstValueFrom, map } from 'rxjs'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { generateUserSig, startServer, type SyncServer } from '../../src/server/main.ts'
import { createGroupStore, isGroupError, weChat, type GroupStore } from '../../src/mini-program.ts'
import { closeInRealTime, passing, passUntil, useVirtualTime } from './virtual-time.ts'
import { createWx, type Wx } from './wx.ts'

const app = { sdkAppID: 1400000000, secretKey: 'for tests only' }
let server: SyncServer
beforeAll(async () => {
  server = await startServer({ ...app, database: createMemoryDatabase('epoch-1') })
})
afterAll(() => server.close())

let users = 0

function openStore(wx: Wx, { userID = `user-${users++}`, paused = false } = {}) {
  const store = createGroupStore({
    url: server.url,
    userID,
    token: generateUserSig(app, { userID }),
    platform: weChat(wx),
    paused
  })
  onTestFinished(() => closeInRealTime(store))
  let connection = ''
  store.status$.subscribe(status => (connection = status.connection))
  return { store, userID, isOnline: () => connection === 'online' }
}

async function createGroup(store: GroupStore, ...userIDs: string[]) {
  const memberList = userIDs.map(userID => ({ userID }))
  const args = { type: 'Public', name: 'Crew', memberList } as const
  const answer = await passing(store.apply('createGroup', args))
  if (isGroupError(answer)) throw new Error(answer.message)
  return answer
}

const count = (wx: Wx, kind: string): number =>
  [...wx.values.keys()].filter(key => key.includes(`/${kind} `)).length

test('a hidden program writes its commits into pages at once', async () => {
  useVirtualTime()
  const wx = createWx()
  const { store } = openStore(wx, { paused: true })
  for (let number = 0; number < 3; number++) await createGroup(store)
  expect([count(wx, 'commit') > 2, count(wx, 'superblock')]).toEqual([true, 0])
  wx.fire('hide')
  // Without it, a checkpoint waits for 5 s, and by then the program is suspended.
  await passUntil(() => count(wx, 'superblock') === 1 && count(wx, 'commit') === 0, 3000)
})

test('a line that died during half an hour is replaced when shown', async () => {
  useVirtualTime()
  const wx = createWx()
  const { store, userID, isOnline } = openStore(wx)
  await passUntil(isOnline)
  const bob = openStore(createWx())
  await passUntil(bob.isOnline)
  wx.fire('hide')
  wx.deafen()
  const { groupID } = await createGroup(bob.store, userID)
  // Timers stop in the meantime, and fire late.
  vi.setSystemTime(Date.now() + 1_800_000)
  wx.fire('show')
  const listed = firstValueFrom(
    store.groups$.pipe(
      map(({ rows }) => rows.map(group => group.groupID)),
      filter(groupIDs => groupIDs.includes(groupID))
    )
  )
  expect(await passing(listed, 10_000)).toEqual([groupID])
  expect(wx.sockets).toEqual({ open: 1, atOnce: 1, opened: 2 })
})

test('a network that returns is used at once', async () => {
  useVirtualTime()
  const wx = createWx()
  const { isOnline } = openStore(wx)
  await passUntil(isOnline)
  const { connectSocket } = wx
  wx.connectSocket = ({ fail }) => void setTimeout(fail, 1)
  wx.cut()
  await passUntil(() => !isOnline())
  await vi.advanceTimersByTimeAsync(120_000)
  wx.connectSocket = connectSocket
  wx.fire('network')
  await passUntil(isOnline, 1000)
  expect(wx.sockets.atOnce).toBe(1)
})

test('a warning about memory loses no rows', async () => {
  useVirtualTime()
  const wx = createWx()
  const { store } = openStore(wx, { paused: true })
  const { groupID } = await createGroup(store, 'bob', 'cy')
  wx.fire('hide')
  await passUntil(() => count(wx, 'superblock') === 1)
  wx.fire('memory')
  const members = store.members$(groupID, { limit: 10 }).pipe(
    map(({ rows }) => rows.map(({ userID }) => userID)),
    filter(userIDs => userIDs.length === 3)
  )
  expect(await passing(firstValueFrom(members))).toEqual(expect.arrayContaining(['bob', 'cy']))
})

test('a closed store no longer hears the events of the program', async () => {
  const wx = createWx()
  const { store } = openStore(wx, { paused: true })
  await firstValueFrom(store.outbox$)
  await store.close()
  expect(() => (['hide', 'show', 'network', 'memory'] as const).forEach(wx.fire)).not.toThrow()
  expect(wx.listeners()).toBe(0)
})
