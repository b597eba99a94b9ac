/** An engine on what browsers have: IndexedDB, WebSocket, and Web Locks and BroadcastChannel between tabs. Any thread will do. */

import type { Engine, StoreLocation } from '../engine/api.ts'
import { openEngine } from '../engine/engine.ts'
import type { PeerMessage, Peers } from '../engine/host.ts'
import { openDexieStorage } from '../storage/dexie.ts'
import { protocolVersion } from '../sync/messages.ts'
import type { Connect } from '../sync/port.ts'

/** An engine rejects when the database cannot be opened. `connectTo`: the transport. */
export const openBrowserEngine =
  (connectTo: (url: string) => Connect) =>
  async ({ url, userID, token, paused, handsOn }: StoreLocation): Promise<Engine> => {
    // What one user of one server has is nobody else's.
    const name = `offline-groups ${url} ${userID}`
    const opening = openDexieStorage(name)
    const peers = browserPeers(`${name} v${protocolVersion}`)
    opening.catch(peers.close)
    return openEngine(
      {
        storage: await opening,
        connect: connectTo(url),
        peers,
        now: () => Date.now(),
        setTimer(callback, delayMs) {
          const timer = setTimeout(callback, delayMs)
          return () => clearTimeout(timer)
        },
        onWake(callback) {
          addEventListener('online', callback)
          return () => removeEventListener('online', callback)
        },
        random: Math.random,
        newID
      },
      { userID, token, paused, handsOn }
    )
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
  else navigator.locks.request(name, { signal: closed.signal }, held).catch(() => undefined /* closed while it waited */)
  return {
    lead(callback) {
      onLeading = callback
      if (isLeading) callback()
    },
    post(message) {
      // What was under way when the store was closed may still have something to tell.
      if (!closed.signal.aborted) channel.postMessage(message)
    },
    listen(onMessage) {
      channel.onmessage = ({ data }: MessageEvent<PeerMessage>) => onMessage(data)
    },
    close() {
      closed.abort()
      release()
      channel.close()
    }
  }
}

function newID(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, character => ({ '+': '-', '/': '_' })[character] ?? '')
}
