/** Logins of the TIM API whose worker fails: they end in time. No timer runs but by the test. */

import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import TIM from '../../src/tim/tim.ts'
import { fail } from './hostile-values.ts'
import { userSigOf } from './page.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
})
afterEach(() => void vi.useRealTimers())

/** A worker whose script never answers. */
class SilentWorker extends EventTarget {
  postMessage(): void {}
  terminate(): void {}
}

class MissingWorker extends SilentWorker {
  constructor() {
    super()
    queueMicrotask(() => this.dispatchEvent(new Event('error')))
  }
}

let count = 0

function logInWith(makeWorker: () => object) {
  let workers = 0
  const worker = () => {
    workers++
    return makeWorker()
  }
  const url = 'ws://127.0.0.1:1/sync'
  const tim = TIM.create({ SDKAppID: 1_700_000_000 + ++count, url, worker: worker as never })
  onTestFinished(() => tim.destroy())
  const login = tim.login({ userID: `ann-${count}`, userSig: userSigOf('ann') })
  let code: number | undefined
  const answer = login.then(fail, (error: { code: number }) => (code = error.code))
  return { tim, answer, code: () => code, workers: () => workers }
}

const advance = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)

test('a worker that cannot be made ends the login at once', async () => {
  const { answer, workers } = logInWith(fail)
  expect([await answer, workers()]).toEqual([4510, 1])
})

test('the third worker that does not load ends the login', async () => {
  const { code, workers } = logInWith(() => new MissingWorker())
  await advance(1)
  expect([code(), workers()]).toEqual([undefined, 2])
  await advance(1)
  expect([code(), workers()]).toEqual([4510, 3])
})

test('a worker that does not answer ends the login after 15 s', async () => {
  const { code } = logInWith(() => new SilentWorker())
  await advance(14)
  expect(code()).toBeUndefined()
  await advance(2)
  expect(code()).toBe(4510)
})

test('a logout ends a login that waits for its worker', async () => {
  const { tim, answer } = logInWith(() => new SilentWorker())
  await tim.logout()
  expect(await answer).toBe(2999)
  expect(tim.getLoginUser()).toBe('')
})
