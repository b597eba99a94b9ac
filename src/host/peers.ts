/** The other tabs of the same user. A Web Lock elects the leader; a BroadcastChannel connects all. */

import type { PeerMessage, Peers } from '../engine/host.ts'
import type { Commit } from '../storage/port.ts'

export function browserPeers(name: string): Peers {
  const channel = new BroadcastChannel(name)
  // Requested while the database opens: a tab that leads before its first read reads only once.
  const { lead, stepDown } = requestLeadership(name)
  const queued: PeerMessage[] = []
  let posting: Promise<void> | undefined
  let isClosed = false

  async function postQueued(): Promise<void> {
    await Promise.resolve()
    for (const message of queued.splice(0)) channel.postMessage(message)
    posting = undefined
  }

  return {
    lead,
    stepDown,
    post(message) {
      // Work that was under way at close may still post.
      if (isClosed) return
      const last = queued.at(-1)
      // The commits of one turn go in one message.
      if (message.type !== 'committed') queued.push(message)
      else if (last?.type === 'committed') (last.commits as Commit[]).push(...message.commits)
      else queued.push({ ...message, commits: [...message.commits] })
      posting ??= postQueued()
    },
    listen(onMessage) {
      channel.onmessage = ({ data }: MessageEvent<PeerMessage>) => onMessage(data)
    },
    close() {
      isClosed = true
      void Promise.resolve(posting).then(() => {
        stepDown()
        channel.close()
      })
    }
  }
}

/** Waits for the lock that the leader holds. Without Web Locks (insecure pages) every tab leads. */
function requestLeadership(name: string): Pick<Peers, 'lead' | 'stepDown'> {
  const stopped = new AbortController()
  let isLeading = false
  let onLeading: () => void = () => undefined
  let release: () => void = () => undefined

  const hold = () =>
    new Promise<void>(resolve => {
      release = resolve
      isLeading = true
      onLeading()
    })
  if (!('locks' in navigator)) void hold()
  else
    navigator.locks.request(name, { signal: stopped.signal }, hold).catch(() => {
      // Expected: `stepDown` was called while this tab waited for the lock.
    })

  return {
    lead(callback) {
      onLeading = callback
      if (isLeading) callback()
    },
    stepDown() {
      stopped.abort()
      release()
    }
  }
}
