/**
 * An engine in a browser: on IndexedDB, with Web Locks and a BroadcastChannel between tabs. Any
 * thread will do.
 */

import type { Engine } from '../engine/api.ts'
import type { StoreLocation } from '../engine/worker-api.ts'
import { openEngine } from '../engine/engine.ts'
import type { PeerMessage, Peers } from '../engine/host.ts'
import { hasSlept } from '../engine/sync/schedule.ts'
import type { Commit } from '../storage/port.ts'
import { openDexieStorage } from '../storage/dexie.ts'
import { databaseName } from '../storage/database.ts'
import { protocolVersion } from '../protocol/messages.ts'
import type { Connect } from '../protocol/port.ts'

/** Rejects if the database cannot be opened. `connectTo`: the transport. */
export const openBrowserEngine =
  (connectTo: (url: string) => Connect) =>
  async (location: StoreLocation): Promise<Engine> => {
    const { url, userID, token, paused, keepUndelivered } = location
    const name = databaseName(location)
    const opening = openDexieStorage(name)
    const peers = browserPeers(`${name} v${protocolVersion}`)
    opening.catch(peers.close)
    const storage = await opening
    return openEngine(
      {
        storage,
        connect: connectTo(url),
        peers,
        now: () => Date.now(),
        elapsedMs: () => performance.now(),
        setTimer(callback, delayMs) {
          const timer = setTimeout(callback, delayMs)
          return () => clearTimeout(timer)
        },
        onWake,
        random: Math.random,
        newID
      },
      { userID, token, paused, keepUndelivered }
    )
  }

const watchEveryMs = 3000

/** A worker gets events of the network only. Sleep shows as a tick that comes late. */
function onWake(callback: () => void): () => void {
  const wakeUps = ['online', 'pageshow']
  let plannedMs = Date.now() + watchEveryMs
  const watch = setInterval(() => {
    const nowMs = Date.now()
    if (hasSlept(plannedMs, nowMs)) callback()
    plannedMs = nowMs + watchEveryMs
  }, watchEveryMs)
  for (const name of wakeUps) addEventListener(name, callback)
  return () => {
    clearInterval(watch)
    for (const name of wakeUps) removeEventListener(name, callback)
  }
}

function browserPeers(name: string): Peers {
  const channel = new BroadcastChannel(name)
  let release: () => void = () => undefined
  let hasLock = false
  let onLeading: () => void = () => undefined
  const closed = new AbortController()
  const holdLock = () =>
    new Promise<void>(resolve => {
      release = resolve
      hasLock = true
      onLeading()
    })
  // The lock is requested while the database is being opened. Only secure pages have locks. Without
  // them every tab leads: the server still judges each operation once.
  if (!('locks' in navigator)) void holdLock()
  else
    navigator.locks
      .request(name, { signal: closed.signal }, holdLock)
      .catch(() => undefined /* closed while it waited */)

  /** Messages of one microtask are posted together. */
  const unposted: PeerMessage[] = []
  let posting: Promise<void> | undefined
  let isClosed = false
  async function postAll(): Promise<void> {
    await Promise.resolve()
    for (const message of unposted.splice(0)) channel.postMessage(message)
    posting = undefined
  }

  function stepDown(): void {
    closed.abort()
    release()
  }

  return {
    stepDown,
    lead(callback) {
      onLeading = callback
      if (hasLock) callback()
    },
    post(message) {
      // Work that was under way when the store was closed may still post.
      if (isClosed) return
      const last = unposted.at(-1)
      if (message.type !== 'committed') unposted.push(message)
      else if (last?.type === 'committed') (last.commits as Commit[]).push(...message.commits)
      else unposted.push({ ...message, commits: [...message.commits] })
      posting ??= postAll()
    },
    listen(onMessage) {
      channel.onmessage = ({ data }: MessageEvent<PeerMessage>) => onMessage(data)
    },
    close() {
      isClosed = true
      // The next leader must not miss a commit.
      void Promise.resolve(posting).then(() => {
        stepDown()
        channel.close()
      })
    }
  }
}

// One call for many IDs: it costs the same, however many bytes it returns.
const randomness = new Uint8Array(4096)
let unused = 0

function newID(): string {
  if (unused === 0) unused = crypto.getRandomValues(randomness).length
  unused -= 16
  const bytes = randomness.subarray(unused, unused + 16)
  // Without the padding.
  const text = btoa(String.fromCharCode(...bytes)).slice(0, 22)
  return text.replaceAll('+', '-').replaceAll('/', '_')
}
