/**
 * Puts a store together: the UI thread's end here, the engine in a worker or in this thread.
 *
 * Why: `worker.js` speaks WebSocket and `worker-http.js` HTTP, so neither carries the code of the
 * other. The scheme of the url decides which one starts.
 */

import { connectHere, connectWorker, type RemoteListener } from './client/remote.ts'
import { wrongOption } from './client/options.ts'
import type { Token } from './client/renew.ts'
import { createPaintKeeper } from './client/paint-keeper.ts'
import { createStore, type Undelivered, type GroupStore } from './client/store.ts'
import { createStreamClient } from './client/streams.ts'
import type { Engine } from './engine/api.ts'
import { whenOpen, type StoreLocation } from './engine/worker-api.ts'
import { groupError, type GroupError } from './kernel/errors.ts'

export type GroupStoreOptions = {
  /** The sync server: `wss://example.org/sync`, or `https://example.org/sync` to do without WebSockets. */
  readonly url: string
  /** Who the user is. Each user of each server has a database of their own. */
  readonly userID: string
  /**
   * The user's userSig, as Tencent's `login` takes it. A function is asked for one at the beginning, and again whenever
   * the server no longer takes the last; a string can be replaced by `renewToken`.
   */
  readonly token: Token
  /**
   * Where the engine runs: in the package's own worker unless said otherwise; in a worker that the app has made (for
   * bundlers that need it; with a function, another is made when the browser has ended the first), or with `false` in the
   * calling thread.
   */
  readonly worker?: Worker | (() => Worker) | false
  /** Begins without talking to the network, until `resume`. */
  readonly paused?: boolean
}

/**
 * Opens the store of one user. It can be used at once: observables emit, and calls answer, when the local database is
 * open, whether or not there is a network. With a wrong option, every call and the status answer with the reason (10004,
 * 2002 without a user ID, 2003 without a token).
 *
 * @example
 * const store = createGroupStore({ url, userID: 'ann', token })
 */
export const createGroupStore = (options: GroupStoreOptions): GroupStore =>
  openGroupStore(options, { keepUndelivered: false })

/** A store that was never opened: every call is answered with the reason. */
function refusedStore(refusal: GroupError): GroupStore & Undelivered {
  const nothing = () => undefined
  const api = whenOpen(new Promise<never>(nothing))
  return createStore(
    '',
    { api, request: nothing, end: nothing, failed: Promise.resolve(refusal) },
    createStreamClient(nothing)
  )
}

/** With `keepUndelivered`, tips and notices are kept until somebody says that they were handed on. */
export function openGroupStore(
  options: GroupStoreOptions,
  { keepUndelivered }: { keepUndelivered: boolean }
): GroupStore & Undelivered {
  const wrong = wrongOption(options)
  if (wrong) return refusedStore(wrong)
  try {
    return openAs(options, keepUndelivered)
  } catch (error) {
    // Expected: no worker can be made, because of a policy of the page perhaps.
    return refusedStore(groupError('WorkerFailed', String(error)))
  }
}

function openAs(options: GroupStoreOptions, keepUndelivered: boolean): GroupStore & Undelivered {
  const { url, userID, token, worker, paused = false } = options
  const location = {
    url,
    userID,
    token: typeof token === 'string' ? token : '',
    paused,
    keepUndelivered
  }
  const streams = createStreamClient(request => remote.request(request))
  const listener: RemoteListener = {
    onFrame(frame) {
      streams.take(frame)
      paintKeeper.changed()
    },
    onRestart: streams.restart
  }
  const remote =
    worker === false
      ? connectHere(openHere(location), listener)
      : connectWorker(worker ?? (isHttp(url) ? startHttpWorker : startWorker), location, listener)
  const paintKeeper = createPaintKeeper(location, streams)
  const end = () => {
    paintKeeper.end()
    remote.end()
  }
  return createStore(
    userID,
    { ...remote, end },
    streams,
    typeof token === 'string' ? undefined : token
  )
}

const isHttp = (url: string) => /^http/i.test(url)

// Bundlers look for exactly these expressions, and bring the workers along.
const startWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
const startHttpWorker = () =>
  new Worker(new URL('./worker-http.js', import.meta.url), { type: 'module' })

async function openHere(location: StoreLocation): Promise<Engine> {
  const { openBrowserEngine } = await import('./host/browser.ts')
  const connectTo = isHttp(location.url)
    ? (await import('./protocol/transports/http.ts')).connectHttp
    : (await import('./protocol/transports/websocket.ts')).connectWebSocket
  return openBrowserEngine(connectTo)(location)
}
