/** The services of a platform, made of the calls that mini-programs share. */

import type { KeyValueHost } from '../../storage/key-value/host.ts'
import type { CallbackStorage } from '../../storage/key-value/hosts/callbacks.ts'
import { longPoll } from '../../protocol/transports/long-poll.ts'
import { withFallback } from '../fallback.ts'
import type { Platform } from '../platform.ts'
import { createRequests, type RequestCalls } from '../requests.ts'
import { connectSocket, settle, type SocketCalls } from '../socket.ts'

/** `wx`, `my` or `tt`. The storage calls and `connectSocket` are needed. */
export type MiniProgramCalls = CallbackStorage &
  SocketCalls &
  RequestCalls & {
    getRandomValues?(options: {
      length: number
      success: (result: { randomValues: ArrayBuffer }) => void
      fail: (failure: unknown) => void
    }): unknown
    onAppShow?(callback: () => void): void
    offAppShow?(callback: () => void): void
    onAppHide?(callback: () => void): void
    offAppHide?(callback: () => void): void
    onNetworkStatusChange?(callback: (status: { isConnected: boolean }) => void): void
    offNetworkStatusChange?(callback: () => void): void
    onMemoryWarning?(callback: () => void): void
    offMemoryWarning?(callback: () => void): void
  }

type EventName = 'AppShow' | 'AppHide' | 'NetworkStatusChange' | 'MemoryWarning'
type EventListener = (status?: { isConnected: boolean }) => void

/**
 * One platform per object, also if it is given to `weChat` and to `alipay`. Stores on the same
 * storage share a database by its host: two hosts would overwrite each other's commits.
 */
const known = new WeakMap<MiniProgramCalls, Platform>()

export const platformsOf =
  (createHost: (calls: MiniProgramCalls) => KeyValueHost) =>
  (calls: MiniProgramCalls): Platform => {
    const platform = known.get(calls) ?? platformOf(calls, createHost(calls))
    known.set(calls, platform)
    return platform
  }

function platformOf(calls: MiniProgramCalls, storage: KeyValueHost): Platform {
  const randomBytes = (length: number) =>
    new Promise<ArrayBuffer>((success, fail) => {
      const answer = calls.getRandomValues?.({
        length,
        success: ({ randomValues }) => success(randomValues),
        fail: failure => fail(new Error(String(failure)))
      })
      settle(answer)
    })
  function listen(event: EventName, callback: EventListener): () => void {
    attempt(() => calls[`on${event}`]?.(callback))
    return () => attempt(() => calls[`off${event}`]?.(callback))
  }
  return {
    storage,
    connectTo(url) {
      const socket = connectSocket(calls, url)
      // The server has both on the same path.
      const requestUrl = url.replace(/^ws/i, 'http')
      return calls.request
        ? withFallback(
            socket,
            longPoll(() => createRequests(calls, requestUrl))
          )
        : socket
    },
    ...(calls.getRandomValues && { randomBytes }),
    onWake(callback) {
      const ends = [
        listen('AppShow', callback),
        listen('NetworkStatusChange', status => {
          if (status?.isConnected) callback()
        })
      ]
      return () => ends.forEach(end => end())
    },
    onHide: callback => listen('AppHide', callback),
    onMemoryWarning: callback => listen('MemoryWarning', callback)
  }
}

/** The store works without these events, only more slowly. */
function attempt(call: () => unknown): void {
  try {
    settle(call())
  } catch {
    // Expected: the platform has the call, and refuses it.
  }
}
