/**
 * Connects the store on the UI thread with an engine, in a worker or in this thread.
 *
 * Why two workers: `worker.js` speaks WebSocket and `worker-http.js` speaks HTTP, so neither
 * contains the code of the other. The scheme of the url decides which one starts.
 */

import { wrongOption } from './client/options.ts'
import { createPaintKeeper } from './client/paint-keeper.ts'
import { refusedStore } from './client/refused-store.ts'
import { connectHere, type Remote, type RemoteListener } from './client/remote.ts'
import type { Token } from './client/renew.ts'
import type { GroupStore, Undelivered } from './client/group-store.ts'
import { interrupted } from './client/status.ts'
import { createStore } from './client/store.ts'
import { createStreamClient } from './client/streams.ts'
import { beginVisit } from './client/visit.ts'
import { connectWorker } from './client/worker-remote.ts'
import type { Engine } from './engine/api.ts'
import type { StoreLocation } from './engine/worker-api.ts'
import { groupError } from './kernel/errors.ts'
import type { Connect } from './protocol/port.ts'
import type { Storage } from './storage/port.ts'

export type GroupStoreOptions = {
  /**
   * The address of the sync server: `wss://example.org/sync`, or `https://example.org/sync` to use
   * HTTP long poll in place of WebSocket. Host, port and path name the database, so both share it.
   * With `connect`, the url only names the server.
   */
  readonly url: string
  /** 1 to 32 characters of ASCII. Each user of each server has a database of their own. */
  readonly userID: string
  /**
   * The user's userSig, as for Tencent's `login`. If you pass a function, the store calls it at the
   * start and each time the server refuses the last token. `renewToken` replaces a string.
   *
   * @example
   * const expiring = createGroupStore({ url, userID: 'ann', token: async () => token })
   */
  readonly token: Token
  /**
   * Where the engine runs. Default: in the package's own worker. If your bundler cannot find that,
   * pass a worker you made of `offline-groups/worker`, or a function that makes one: with a
   * function, the store replaces a worker that the browser has ended. `false`: in the calling
   * thread. With `storage` or `connect`, the engine runs in the calling thread, and only `false` is
   * allowed here.
   *
   * @example
   * const inThread = createGroupStore({ url, userID: 'ann', token, worker: false })
   */
  readonly worker?: Worker | (() => Worker) | false
  /** Starts without the network. `resume` connects. Default: `false`. */
  readonly paused?: boolean
  /**
   * Where rows are kept, in place of IndexedDB: an adapter for this user of this server, or a
   * promise of one. `offline-groups/ports` has one that keeps rows in memory. `storageContract` of
   * `offline-groups/testing` tests yours.
   *
   * The engine runs in the calling thread. Only one store at a time may use the adapter: tabs do
   * not share it. `close` closes it, and `logout` destroys it.
   *
   * The thread needs `setTimeout`, `performance.now` and `crypto.getRandomValues`. A mini-program
   * has `offline-groups/mini-program`.
   *
   * @example
   * const storage = createMemoryStorage()
   * const temporary = createGroupStore({ url, userID: 'ann', token, storage })
   */
  readonly storage?: Storage | Promise<Storage>
  /**
   * How frames reach the server, in place of the transport that `url` selects. The engine runs in
   * the calling thread. `offline-groups/ports` has the package's own transports.
   *
   * @example
   * const connect = connectWebSocket(url)
   * const connected = createGroupStore({ url, userID: 'ann', token, connect })
   */
  readonly connect?: Connect
}

/**
 * Opens the store of one user, and returns at once. Observables emit and calls resolve when the
 * local database is open, with or without a network. If an option is wrong, every call and the
 * status report the error: 2002 without a user ID, 2003 without a token, otherwise 10004.
 *
 * @example
 * const store = createGroupStore({ url, userID: 'ann', token })
 */
export const createGroupStore = (options: GroupStoreOptions): GroupStore =>
  openGroupStore(options, { keepUndelivered: false })

/** `keepUndelivered`: stores tips and notices until `delivered` is called. */
export function openGroupStore(
  options: GroupStoreOptions,
  { keepUndelivered }: { keepUndelivered: boolean }
): GroupStore & Undelivered {
  const wrong = wrongOption(options)
  if (wrong) return refusedStore(wrong)
  try {
    return connectStore(options, keepUndelivered)
  } catch (error) {
    // Expected: no worker can be made, for example because of the page's content security policy.
    return refusedStore(groupError('WorkerNotMade', String(error)))
  }
}

function connectStore(
  options: GroupStoreOptions,
  keepUndelivered: boolean
): GroupStore & Undelivered {
  const { url, userID, token, storage, paused = false } = options
  const isFunction = typeof token === 'function'
  const visit = storage ? undefined : beginVisit()
  const location = {
    url,
    userID,
    token: isFunction ? '' : token,
    paused,
    keepUndelivered,
    mayFollowCrash: visit?.mayFollowCrash ?? false
  }
  const streams = createStreamClient(request => remote.request(request))
  const remote = connectEngine(options, location, {
    onFrame(frame) {
      streams.receiveFrame(frame)
      paintKeeper?.changed()
    },
    onRestart: streams.restart,
    onLost(error) {
      streams.showStatus(status => interrupted(status, error))
      if (!error) paintKeeper?.suspend()
    }
  })
  // The first-paint cache is in the database that `storage` replaces.
  let isDataLost = false
  const paintKeeper = visit && createPaintKeeper(location, streams, () => (isDataLost = true))
  const end = () => {
    visit?.end()
    paintKeeper?.end()
    remote.end()
  }
  return createStore(
    userID,
    { ...remote, end, ...(!storage && { isDataLost: () => isDataLost }) },
    streams,
    isFunction ? token : undefined
  )
}

function connectEngine(
  options: GroupStoreOptions,
  location: StoreLocation,
  listener: RemoteListener
): Remote {
  const { url, worker, storage, connect } = options
  if (worker === false || storage || connect)
    return connectHere(openHere(location, options), listener)
  return connectWorker(worker ?? (isHttp(url) ? startHttpWorker : startWorker), location, listener)
}

const isHttp = (url: string) => /^http/i.test(url)

// Bundlers recognize exactly these expressions, and bundle the workers.
const startWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
const startHttpWorker = () =>
  new Worker(new URL('./worker-http.js', import.meta.url), { type: 'module' })

async function openHere(
  location: StoreLocation,
  { storage, connect }: GroupStoreOptions
): Promise<Engine> {
  const connecting = connect ? () => connect : loadTransport(location.url)
  if (!storage) {
    const { openBrowserEngine } = await import('./host/browser.ts')
    return openBrowserEngine(await connecting)(location)
  }
  const [connectTo, opened, { openThreadEngine }] = await Promise.all([
    connecting,
    storage,
    import('./host/thread.ts')
  ])
  return openThreadEngine({ storage: opened, connect: connectTo(location.url) }, location)
}

async function loadTransport(url: string): Promise<(url: string) => Connect> {
  if (isHttp(url)) return (await import('./protocol/transports/http.ts')).connectHttp
  return (await import('./protocol/transports/websocket.ts')).connectWebSocket
}
