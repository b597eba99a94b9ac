/** A page that closes, without Web Locks. */

import { expect, onTestFinished, test, vi } from 'vitest'
import { connectWorker } from '../../src/client/worker-remote.ts'

const location = {
  url: 'wss://example.com',
  userID: 'ann',
  token: 'token',
  paused: false,
  keepUndelivered: false,
  mayFollowCrash: false
}

/** A worker that never answers, and notes its end. */
const silentWorker = (log: string[]) =>
  Object.assign(new EventTarget(), {
    postMessage: () => undefined,
    terminate: () => void log.push('worker ended'),
    onmessage: null,
    onmessageerror: null,
    onerror: null
  })

test.each(['a replaceable', 'one'])('%s worker ends before its page says so', kind => {
  const log: string[] = []
  const page = new EventTarget()
  vi.stubGlobal('navigator', {})
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      postMessage = () => void log.push('message posted')
      close = () => undefined
    }
  )
  onTestFinished(() => void vi.unstubAllGlobals())
  const worker = silentWorker(log)
  const remote = connectWorker(kind === 'one' ? worker : () => worker, location, {
    onFrame: () => undefined,
    onRestart: () => undefined,
    onLost: () => undefined
  })
  onTestFinished(() => remote.end())
  page.dispatchEvent(new Event('pagehide'))
  expect(log).toEqual(['worker ended', 'message posted'])
})
