/** An engine on what browsers have: IndexedDB, WebSocket, and Web Locks and BroadcastChannel between tabs. Any thread will do. */

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

/** An engine rejects when the database cannot be opened. `connectTo`: the transport. */
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

/** A worker hears of the network only. Sleep shows as time that has passed between two ticks. */
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
  let isLeading = false
  let onLeading: () => void = () => undefined
  const closed = new AbortController()
  const held = () =>
    new Promise<void>(resolve => {
      release = resolve
      isLeading = true
      onLeading()
    })
  // While the database is opened. Only secure pages have locks. Without them every tab leads: the server still judges
  // each operation once.
  if (!('locks' in navigator)) void held()
  else
    navigator.locks
      .request(name, { signal: closed.signal }, held)
      .catch(() => undefined /* closed while it waited */)

  /** What is written in one turn is told at once. */
  const untold: PeerMessage[] = []
  async function tell(): Promise<void> {
    await Promise.resolve()
    for (const message of untold.splice(0)) channel.postMessage(message)
    telling = undefined
  }

  function stepDown(): void {
    closed.abort()
    release()
  }

  let telling: Promise<void> | undefined
  let isClosed = false
  return {
    stepDown,
    lead(callback) {
      onLeading = callback
      if (isLeading) callback()
    },
    post(message) {
      // What was under way when the store was closed may still have something to tell.
      if (isClosed) return
      const last = untold.at(-1)
      if (message.type !== 'committed') untold.push(message)
      else if (last?.type === 'committed') (last.commits as Commit[]).push(...message.commits)
      else untold.push({ ...message, commits: [...message.commits] })
      telling ??= tell()
    },
    listen(onMessage) {
      channel.onmessage = ({ data }: MessageEvent<PeerMessage>) => onMessage(data)
    },
    close() {
      isClosed = true
      void Promise.resolve(telling).then(() => {
        stepDown()
        channel.close()
      })
    }
  }
}

// Asking for randomness costs the same, however much it is.
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
