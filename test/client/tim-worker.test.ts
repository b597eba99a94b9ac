/** Logins of the TIM API whose worker fails: they end in time. No timer runs but by the test. */

import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { openBrowserEngine } from '../../src/host/browser.ts'
import { connectWebSocket } from '../../src/protocol/transports/websocket.ts'
import TIM from '../../src/tim/tim.ts'
import { serve } from '../../worker/serve.ts'
import { fail } from './hostile-values.ts'
import { openServer, userSigOf } from './page.ts'

const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const

beforeEach(() => void vi.useFakeTimers({ toFake: [...toFake] }))
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

/** The code of a worker in this thread. After `die`, it answers no more. */
class MortalWorker extends EventTarget {
  #isDead = false
  readonly #inside = new EventTarget()

  constructor() {
    super()
    const endpoint = Object.assign(this.#inside, {
      postMessage: (data: unknown) => this.#deliver(this, data)
    })
    serve(openBrowserEngine(connectWebSocket), endpoint)
  }

  postMessage(data: unknown): void {
    this.#deliver(this.#inside, data)
  }

  die(): void {
    this.#isDead = true
  }

  terminate(): void {}

  #deliver(to: EventTarget, data: unknown): void {
    if (!this.#isDead) queueMicrotask(() => to.dispatchEvent(new MessageEvent('message', { data })))
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

test('a call to a dead worker that is not replaced rejects', async () => {
  vi.useFakeTimers({ toFake: [...toFake], shouldAdvanceTime: true })
  const { url } = await openServer()
  const worker = new MortalWorker()
  const SDKAppID = 1_700_000_000 + ++count
  const tim = TIM.create({ SDKAppID, url, worker: worker as never })
  const ready = new Promise<void>(resolve => tim.once(TIM.EVENT.SDK_READY, () => resolve()))
  await tim.login({ userID: 'ann', userSig: userSigOf('ann') })
  await ready
  worker.die()
  const readsMax = 500
  let reads = 0
  const options = {
    groupID: 'crew',
    get name() {
      // A call that repeats without a pause lets no timer run.
      if (++reads === readsMax) vi.advanceTimersByTime(60_000)
      return 'Crew'
    }
  }
  const code = tim.updateGroupProfile(options).then(fail, (error: { code: number }) => error.code)
  await advance(60)
  expect(await code).toBe(4510)
  expect(reads).toBeLessThan(readsMax)
  const destroyed = tim.destroy()
  await advance(60)
  await destroyed
})
