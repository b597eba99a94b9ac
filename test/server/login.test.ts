/** The end of a login, and signed tokens that a server refuses. */

import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { openSession } from '../../src/server/sessions/session.ts'
import { generateUserSig, userSigSecondsMax, verifyUserSig } from '../../src/server/user-sig.ts'
import {
  createStuckDatabase,
  createTestClient,
  createTestServer,
  type TestServer
} from '../harness.ts'
import { app, hello, openLink } from './raw-client.ts'

const dayMs = 86_400_000

/** A client that logs in as `ann` and sends nothing more by itself. */
async function openSilentSession(server: TestServer) {
  const link = await openLink(server)
  await link.send(hello('ann'))
  return link
}

test('a silent session ends with 70001 when its userSig expires', async () => {
  const server = createTestServer({ tokenLastsMs: 60_000 })
  const { transcript, isClosed } = await openSilentSession(server)
  await server.clock.advance(59_000)
  expect(isClosed()).toBe(false)
  await server.clock.advance(2000)
  expect(isClosed()).toBe(true)
  expect(transcript.at(-1)).toMatchObject({
    to: 'client',
    message: { type: 'error', error: { code: 70001 } }
  })
})

test('a session whose userSig has expired receives no change', async () => {
  const server = createTestServer({ tokenLastsMs: 60_000 })
  const group = { groupID: 'crew', name: 'Crew', type: 'Public', memberList: [{ userID: 'ann' }] }
  await server.judge('eve', { name: 'createGroup', args: group, groupID: 'crew' })
  const { transcript } = await openSilentSession(server)
  await server.clock.advance(dayMs)
  const received = transcript.length
  await server.judge('eve', {
    name: 'updateGroupProfile',
    args: { groupID: 'crew', name: 'Secret' },
    groupID: 'crew'
  })
  await server.clock.advance(1000)
  expect(transcript.slice(received)).toEqual([])
})

test('a new userSig counts while the session catches up', async () => {
  const database = createStuckDatabase('snapshot')
  const server = createTestServer({ database, tokenLastsMs: 60_000 })
  const { send, isClosed, transcript } = await openSilentSession(server)
  await server.clock.advance(50_000)
  await send({ type: 'auth', token: 'ann' })
  await server.clock.advance(15_000)
  expect(isClosed()).toBe(false)
  await server.clock.advance(45_000)
  expect(transcript.at(-1)?.message).toMatchObject({ type: 'error', error: { code: 70001 } })
})

test('a userSig of another user ends the session while it catches up', async () => {
  const server = createTestServer({ database: createStuckDatabase('snapshot') })
  const { send, isClosed } = await openSilentSession(server)
  await send({ type: 'auth', token: 'bob' })
  expect(isClosed()).toBe(true)
})

test('a new userSig keeps a silent session open', async () => {
  const server = createTestServer({ tokenLastsMs: 60_000 })
  const { send, isClosed } = await openSilentSession(server)
  await server.clock.advance(50_000)
  await send({ type: 'auth', token: 'ann' })
  await server.clock.advance(49_980)
  expect(isClosed()).toBe(false)
  await server.clock.advance(20_000)
  expect(isClosed()).toBe(true)
})

test('a userSig of 100 days does not end its session at once', async () => {
  const server = createTestServer({ tokenLastsMs: 100 * dayMs })
  const { isClosed } = await openSilentSession(server)
  await server.clock.advance(99 * dayMs)
  expect(isClosed()).toBe(false)
  await server.clock.advance(2 * dayMs)
  expect(isClosed()).toBe(true)
})

test('a session that is catching up ends when its userSig expires', async () => {
  const database = createStuckDatabase('snapshot')
  const server = createTestServer({ database, tokenLastsMs: 60_000 })
  const { transcript, isClosed } = await openSilentSession(server)
  await server.clock.advance(61_000)
  expect(isClosed()).toBe(true)
  expect(transcript.at(-1)).toMatchObject({ message: { type: 'error', error: { code: 70001 } } })
})

test('a client whose userSig expires waits for another one', async () => {
  const server = createTestServer({ tokenLastsMs: 60_000 })
  const client = createTestClient(server, 'ann')
  await client.caughtUp()
  await server.clock.advance(61_000)
  expect(await client.status()).toMatchObject({ connection: 'offline', lastError: { code: 70001 } })
})

// Tencent's package has no types, and signs every user ID.
const require = createRequire(import.meta.url)
type Api = { genUserSig(userID: string, expire: number): string }
const { Api } = require('tls-sig-api-v2') as {
  Api: new (sdkAppID: number, secretKey: string) => Api
}
const tencent = new Api(app.sdkAppID, app.secretKey)
const verify = (userSig: string, nowMs = Date.now()) => verifyUserSig(app, userSig, nowMs)

const userIDs: [title: string, userID: string][] = [
  ['an empty user ID', ''],
  ['a user ID of spaces', '   '],
  ['a user ID of 33 characters', 'x'.repeat(33)],
  ['a user ID of 1,000 characters', 'x'.repeat(1000)],
  ['a user ID with a line break', 'ann\nbob'],
  ['a user ID with NUL', 'ann\u0000'],
  ['a user ID with DEL', 'ann\u007f'],
  ['a user ID beyond ASCII', 'zoë']
]
test.each(userIDs)('a userSig for %s gets 70402', (_title, userID) => {
  expect(verify(tencent.genUserSig(userID, 1000))).toMatchObject({
    ok: false,
    error: { code: 70402 }
  })
})
test.each(userIDs)('generateUserSig refuses %s', (_title, userID) => {
  expect(() => generateUserSig(app, { userID })).toThrow(RangeError)
})

test.each([NaN, Infinity, -1, 0, 0.5, userSigSecondsMax + 1])(
  'generateUserSig refuses an expiry of %d seconds',
  expireSeconds => {
    expect(() => generateUserSig(app, { userID: 'ann', expireSeconds })).toThrow(RangeError)
  }
)

test('a userSig of the year 2036 is refused with 70004', () => {
  const userSig = generateUserSig(app, { userID: 'ann', now: Date.UTC(2036, 0) })
  expect(verify(userSig, Date.UTC(2026, 0))).toMatchObject({ ok: false, error: { code: 70004 } })
})

test('a userSig from a clock four minutes ahead is accepted', () => {
  const now = Date.UTC(2026, 0)
  expect(verify(generateUserSig(app, { userID: 'ann', now: now + 240_000 }), now)).toMatchObject({
    ok: true
  })
})

test('a userSig of 180 days is accepted', () => {
  expect(verify(tencent.genUserSig('ann', userSigSecondsMax))).toMatchObject({
    ok: true,
    userID: 'ann'
  })
})

test('a userSig of 181 days is refused with 70005', () => {
  expect(verify(tencent.genUserSig('ann', 181 * 86_400))).toMatchObject({
    ok: false,
    error: { code: 70005 }
  })
})

test('a userSig of 100 days needs no timer beyond 2^31 milliseconds', async () => {
  const { context, clock } = createTestServer({ tokenLastsMs: 100 * dayMs })
  const delays: number[] = []
  const setTimer: typeof context.setTimer = (callback, delayMs) => {
    delays.push(delayMs)
    return context.setTimer(callback, delayMs)
  }
  const session = openSession(
    { ...context, setTimer },
    { send: () => undefined, close: () => undefined }
  )
  void session.receive(JSON.stringify(hello('ann')))
  await clock.advance(100)
  expect(Math.max(...delays)).toBe(2 ** 31 - 1)
})
