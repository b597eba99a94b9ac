/** Attempts to log a delegate in: one at a time, with pauses, while there is a network. */

import { BehaviorSubject } from 'rxjs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDelegate } from '../../src/tim/delegate.ts'
import { createEvents } from '../../src/tim/events.ts'
import { EVENT } from '../../src/tim/constants.ts'
import { createTencent, deferred } from './tencent.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const noAnswer = () => Promise.reject(Object.assign(new Error('no answer'), { code: 2801 }))

function open() {
  const tencent = createTencent()
  const events = createEvents(error => expect.fail(String(error)))
  const codes: number[] = []
  events.on(EVENT.ERROR, ({ data }) => codes.push(data.code))
  const online$ = new BehaviorSubject(true)
  const delegate = createDelegate(tencent.sdk, events, () => undefined)
  const logIn = () => delegate.login(online$, { userID: 'ann', userSig: 'sig' })
  const advance = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)
  return { ...tencent, delegate, logIn, online$, codes, advance }
}

test('a delegate without an answer is tried again after growing pauses', async () => {
  const { logins, logIn, log, codes, user, advance } = open()
  logins.push(noAnswer, noAnswer, noAnswer)
  await logIn()
  const attempts = async (seconds: number) => (await advance(seconds), log().length)
  expect([await attempts(0.9), await attempts(0.2)]).toEqual([1, 2])
  expect([await attempts(1.8), await attempts(0.2)]).toEqual([2, 3])
  expect([await attempts(3.8), await attempts(0.2)]).toEqual([3, 4])
  expect([user(), codes]).toEqual(['ann', [2801, 2801, 2801]])
})

test('a connection that comes and goes causes no further attempt', async () => {
  const { logins, logIn, log, online$, advance } = open()
  logins.push(noAnswer)
  await logIn()
  for (const isOnline of [false, true, false, true]) online$.next(isOnline)
  await advance(0.5)
  expect(log()).toEqual(['login ann'])
})

test('a slow login is the only one while connections come and go', async () => {
  const { logins, logIn, log, online$, user, isEverParallel, advance } = open()
  const answer = deferred()
  logins.push(() => answer.promise)
  void logIn()
  for (const isOnline of [false, true, false, true]) online$.next(isOnline)
  await advance(60)
  answer.resolve({})
  await advance(0)
  expect([log(), user(), isEverParallel()]).toEqual([['login ann'], 'ann', false])
})

test('a delegate is logged in when the network comes back', async () => {
  const { logIn, log, online$, user, advance } = open()
  online$.next(false)
  void logIn()
  await advance(300)
  expect(log()).toEqual([])
  online$.next(true)
  await advance(0)
  expect(user()).toBe('ann')
})

test('a delegate that is logged in stays so at reconnection', async () => {
  const { logIn, log, online$, advance } = open()
  await logIn()
  for (const isOnline of [false, true]) online$.next(isOnline)
  await advance(300)
  expect(log()).toEqual(['login ann'])
})

test('a delegate whose login never answers does not hold the logout', async () => {
  const { logins, logIn, delegate, advance } = open()
  logins.push(() => deferred().promise)
  void logIn()
  const loggedOut = delegate.logout().then(() => true)
  await advance(11)
  expect(await loggedOut).toBe(true)
})

test('a delegate that is ready already needs no further SDK_READY', async () => {
  const { sdk, logIn, log } = open()
  const login = () => Promise.resolve({ code: 0, data: {} })
  Object.assign(sdk, { login, isReady: () => true })
  await logIn()
  expect(log()).toEqual([])
})

const refusals = [
  70001, 70002, 70003, 70004, 70005, 70009, 70013, 70014, 70016, 70020, 70051, 70052
]
test.each(refusals)('a userSig refused with %i is not tried again', async code => {
  const { logins, logIn, log, advance } = open()
  logins.push(() => Promise.reject(Object.assign(new Error('refused'), { code })))
  await logIn()
  await advance(300)
  expect(log()).toEqual(['login ann'])
})

test.each([70050, 70169, 70500])('a login that fails with %i is tried again', async code => {
  const { logins, logIn, user, advance } = open()
  logins.push(() => Promise.reject(Object.assign(new Error('busy'), { code })))
  await logIn()
  await advance(2)
  expect(user()).toBe('ann')
})

test('a userSig that arrives during a login is tried at once', async () => {
  const { logins, logIn, delegate, asked, user, advance } = open()
  const answer = deferred()
  logins.push(() => answer.promise)
  void logIn()
  delegate.retry({ userID: 'ann', userSig: 'new' })
  answer.reject(Object.assign(new Error('expired'), { code: 70001 }))
  await advance(0)
  expect(asked.map(([, options]) => options)).toMatchObject([
    { userSig: 'sig' },
    { userSig: 'new' }
  ])
  expect(user()).toBe('ann')
})
