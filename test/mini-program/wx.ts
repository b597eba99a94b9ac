/** A mini-program platform on this machine: storage in memory, sockets over the network. */

import { WebSocket } from 'ws'
import type { MiniProgramCalls } from '../../src/mini-program/platforms/of-calls.ts'
import { createPlatform, dialects, type Platform } from '../storage/key-value/platform.ts'

export type Wx = MiniProgramCalls &
  Platform & {
    /** The sends that were under way at once, at most. */
    sendsAtOnce(): number
    /** Ends all sockets without an event until `show`. */
    hide(): void
    show(): void
  }

type SocketOptions = Parameters<MiniProgramCalls['connectSocket']>[0]
type SendOptions = { data: string; success(): void; fail(): void }

export function createWx(): Wx {
  const storage = createPlatform(dialects.wx)
  const sockets = new Set<WebSocket>()
  const shown = new Set<() => void>()
  let sending = 0
  let most = 0

  function connectSocket({ url }: SocketOptions) {
    const socket = new WebSocket(url)
    sockets.add(socket)
    return {
      send({ data, success, fail }: SendOptions) {
        most = Math.max(most, ++sending)
        socket.send(data, error => {
          sending--
          if (error) fail()
          else success()
        })
      },
      close: () => socket.close(),
      onOpen: (callback: () => void) => void socket.on('open', callback),
      onMessage: (callback: (message: { data: string }) => void) =>
        void socket.on('message', data => callback({ data: (data as Buffer).toString('utf8') })),
      onClose: (callback: () => void) => void socket.on('close', callback),
      onError: (callback: () => void) => void socket.on('error', callback)
    }
  }

  return {
    ...storage,
    connectSocket,
    getRandomValues: ({ length, success }) =>
      success({ randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer }),
    onAppShow: callback => void shown.add(callback),
    offAppShow: callback => void shown.delete(callback),
    sendsAtOnce: () => most,
    hide() {
      for (const socket of sockets) socket.terminate()
      sockets.clear()
    },
    show: () => shown.forEach(callback => callback())
  }
}
