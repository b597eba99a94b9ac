/** The limits on connections before login. */

import { expect, onTestFinished, test } from 'vitest'
import { generateUserSig, startServer } from '../../src/server/main.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { createLobby, lobbyLimits } from '../../src/server/transports/lobby.ts'
import { hello, post } from './raw-client.ts'

const app = { sdkAppID: 1, secretKey: 'for tests only' }

test('the oldest connection of an address makes room for a new one', () => {
  const lobby = createLobby({ perAddressMax: 2, max: 10, bytesMax: 100 })
  const ended: string[] = []
  for (const name of ['a', 'b', 'c']) lobby.enter('here', () => ended.push(name))
  lobby.enter('there', () => ended.push('d'))
  expect(ended).toEqual(['a'])
})

test('the oldest connection of all makes room for a new one', () => {
  const lobby = createLobby({ perAddressMax: 2, max: 3, bytesMax: 100 })
  const ended: string[] = []
  for (const name of ['a', 'b', 'c', 'd']) lobby.enter(name, () => ended.push(name))
  expect(ended).toEqual(['a'])
})

test('a connection that has logged in takes no place', () => {
  const lobby = createLobby({ perAddressMax: 1, max: 1, bytesMax: 100 })
  const ended: string[] = []
  lobby.enter('a', () => ended.push('a')).leave()
  lobby.enter('b', () => ended.push('b'))
  expect(ended).toEqual([])
})

test('the connection with the most bytes ends beyond the limit', () => {
  const lobby = createLobby({ perAddressMax: 9, max: 9, bytesMax: 100 })
  const ended: string[] = []
  const places = [60, 30, 20].map((bytes, index) => ({
    bytes,
    place: lobby.enter('here', () => ended.push(`${index}`))
  }))
  for (const { bytes, place } of places) place.add(bytes)
  expect(ended).toEqual(['0'])
})

async function start() {
  const server = await startServer({ ...app, database: createMemoryDatabase('e') })
  onTestFinished(() => server.close())
  const url = server.url.replace('ws', 'http')
  return {
    open: async () =>
      (
        JSON.parse((await post(url, JSON.stringify({ session: '', frames: [] }))).text) as {
          session: string
        }
      ).session,
    say: (session: string, ...frames: string[]) => post(url, JSON.stringify({ session, frames }))
  }
}

test('sessions over HTTP without a login are limited per address', async () => {
  const { open, say } = await start()
  const first = await open()
  for (let count = 0; count < lobbyLimits.perAddressMax; count += 50)
    await Promise.all(Array.from({ length: 50 }, open))
  expect((await say(first)).status).toBe(410)
})

test('an HTTP session with a login outlives a crowd without', async () => {
  const { open, say } = await start()
  const session = await open()
  const token = generateUserSig(app, { userID: 'ann' })
  await say(session, JSON.stringify(hello(token)))
  for (let count = 0; count <= lobbyLimits.perAddressMax; count += 50)
    await Promise.all(Array.from({ length: 50 }, open))
  expect((await say(session)).status).toBe(200)
})

test('a failed login over HTTP ends its session with its answer', async () => {
  const { open, say } = await start()
  const session = await open()
  const waiting = say(session)
  await say(session, JSON.stringify(hello('nonsense')))
  expect(JSON.parse((await waiting).text)).toMatchObject({
    isOver: true,
    frames: [expect.stringContaining('70003')]
  })
  expect((await say(session)).status).toBe(410)
})
