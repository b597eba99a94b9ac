/**
 * The other tabs of the same user. A Web Lock is for the leader, a BroadcastChannel for all tabs.
 */

import type { PeerMessage, Peers } from '../engine/host.ts'
import type { Commit } from '../storage/port.ts'

export function browserPeers(name: string): Peers {
  const channel = new BroadcastChannel(name)
  const lock = createLock(name)
  const queued: PeerMessage[] = []
  let posting: Promise<void> | undefined
  let isClosed = false

  async function postQueued(): Promise<void> {
    await Promise.resolve()
    for (const message of queued.splice(0)) channel.postMessage(message)
    posting = undefined
  }

  return {
    ...lock,
    post(message) {
      // Unfinished work may still post after close.
      if (isClosed) return
      const last = queued.at(-1)
      // The commits of one turn share a message, if they are of one database.
      if (message.type !== 'committed') queued.push(message)
      else if (last?.type === 'committed' && last.databaseID === message.databaseID)
        (last.commits as Commit[]).push(...message.commits)
      else queued.push({ ...message, commits: [...message.commits] })
      posting ??= postQueued()
    },
    listen(onMessage) {
      channel.onmessage = ({ data }: MessageEvent<PeerMessage>) => onMessage(data)
    },
    close() {
      isClosed = true
      void Promise.resolve(posting).then(() => {
        lock.stepDown()
        channel.close()
      })
    }
  }
}

type Lock = Pick<Peers, 'hasLocks' | 'lead' | 'steal' | 'stepDown'>
type LockRequest = { readonly waiting: AbortController; isHeld: boolean; release(): void }

/** The lock that the leader holds. Browsers have none on insecure pages. */
function createLock(name: string): Lock {
  const hasLocks = 'locks' in navigator
  let onGranted: () => void = () => undefined
  let onLost: () => void = () => undefined
  // Requested while the database opens: a tab that leads before its first read reads only once.
  let current = hasLocks ? request({}) : undefined

  function request(options: LockOptions): LockRequest {
    const waiting = new AbortController()
    const asked: LockRequest = { waiting, isHeld: false, release: () => undefined }
    const hold = () =>
      new Promise<void>(resolve => {
        if (current !== asked) return resolve()
        asked.release = resolve
        asked.isHeld = true
        onGranted()
      })
    // A request that steals cannot be aborted.
    const cancellable = options.steal ? options : { ...options, signal: waiting.signal }
    navigator.locks.request(name, cancellable, hold).catch(() => {
      // Expected: this tab no longer waits, or another tab has stolen the lock.
      if (current !== asked || !asked.isHeld) return
      current = undefined
      onLost()
    })
    return asked
  }

  function stepDown(): void {
    const last = current
    current = undefined
    last?.waiting.abort()
    last?.release()
  }

  return {
    hasLocks,
    lead(whenGranted, whenLost) {
      onGranted = whenGranted
      onLost = whenLost
      if (current?.isHeld) onGranted()
      else if (hasLocks) current ??= request({})
    },
    steal() {
      stepDown()
      current = request({ steal: true })
    },
    stepDown
  }
}
