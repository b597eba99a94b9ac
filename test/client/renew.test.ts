/** Token functions of an app that throw, hang, or answer late. */

import { BehaviorSubject, filter, firstValueFrom } from 'rxjs'
import { afterEach, describe, expect, test } from 'vitest'
import { connectHere } from '../../src/client/remote.ts'
import { keepLoggedIn, type Token } from '../../src/client/renew.ts'
import type { GroupStore } from '../../src/client/group-store.ts'
import { createStore } from '../../src/client/store.ts'
import { createStreamClient } from '../../src/client/streams.ts'
import type { Status } from '../../src/engine/api.ts'
import { createTestClient, createTestServer } from '../harness.ts'

const stores: GroupStore[] = []
afterEach(() => Promise.all(stores.splice(0).map(store => store.close())))

/** The server accepts any token but `nobody`. */
function openStore(getToken: Exclude<Token, string>, firstToken = '') {
  const server = createTestServer()
  // The network is so fast that a refusal arrives before the next frame of the store.
  const { engine } = createTestClient({ ...server, network: () => server.network(1) }, 'ann', {
    token: firstToken
  })
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectHere(Promise.resolve(engine), {
    onFrame: streams.receiveFrame,
    onRestart: streams.restart
  })
  const store = createStore('ann', remote, streams, getToken)
  stores.push(store)
  /** Advances both clocks until the condition holds. */
  const until = async (condition: (status: Status) => boolean) => {
    const met = firstValueFrom(store.status$.pipe(filter(condition)))
    const clock = setInterval(() => void server.clock.advance(100), 20)
    return met.finally(() => clearInterval(clock))
  }
  return { store, until }
}

const isOnline = ({ connection }: Status) => connection === 'online'

/** Answers each call with the next answer, then with the last one forever. */
function inTurn(...answers: (() => unknown)[]) {
  const counter = { calls: 0 }
  const getToken = () => answers[Math.min(counter.calls++, answers.length - 1)]?.() as string
  return { counter, getToken }
}

const refused = () => 'nobody'
const good = () => 'ann'
const fail = () => {
  throw new Error('no network')
}

const answers: [string, () => unknown][] = [
  ['is refused twice', refused],
  ['rejects twice', () => Promise.reject(new Error('no network'))],
  ['throws twice', fail],
  ['answers an empty text twice', () => ''],
  ['answers no text twice', () => undefined],
  ['answers a text that is too long twice', () => 'x'.repeat(5000)]
]
test.each(answers)('a token function that %s is asked a third time', async (_title, answer) => {
  const { counter, getToken } = inTurn(answer, answer, good)
  expect(await openStore(getToken).until(isOnline)).toMatchObject({ lastError: null })
  expect(counter.calls).toBe(3)
})

test('a token refused again within one frame is asked for again', async () => {
  const { counter, getToken } = inTurn(refused, good)
  await openStore(getToken, refused()).until(isOnline)
  expect(counter.calls).toBe(2)
})

test('a token that is good at once is asked for once', async () => {
  const { counter, getToken } = inTurn(good)
  const { until } = openStore(getToken)
  await until(isOnline)
  expect(counter.calls).toBe(1)
})

describe('while the token function fails', () => {
  test('the status is offline', async () => {
    expect(await openStore(fail).until(({ connection }) => connection === 'offline')).toMatchObject(
      {
        lastError: { code: 70002 }
      }
    )
  })

  test('a profile cannot be read', async () => {
    const { store, until } = openStore(fail)
    await until(({ connection }) => connection === 'offline')
    expect(await store.readProfile('crew')).toMatchObject({ code: 2805 })
  })

  test('joining an unknown group is refused', async () => {
    const { store, until } = openStore(fail)
    await until(({ connection }) => connection === 'offline')
    expect(await store.apply('joinGroup', { groupID: 'crew' })).toMatchObject({ code: 2805 })
  })
})

test('a token function that never answers leaves the store offline', async () => {
  const { until } = openStore(() => new Promise(() => undefined))
  expect(await until(({ connection }) => connection === 'offline')).toMatchObject({
    lastError: { code: 70002 }
  })
})

test.each([
  ['answers', () => 'ann'],
  ['rejects', fail]
])('a token function that %s after the store has closed renews nothing', async (_title, answer) => {
  let end = () => {}
  const closed = new Promise<void>(resolve => (end = resolve))
  const renewed: string[] = []
  const status = { lastError: { code: 70002 }, caughtUp: false } as Status
  const watching = keepLoggedIn(() => closed.then(answer), {
    status$: new BehaviorSubject(status),
    renewToken: async token => void renewed.push(token)
  })
  watching.unsubscribe()
  end()
  await new Promise(resolve => setTimeout(resolve, 5))
  expect(renewed).toEqual([])
})
