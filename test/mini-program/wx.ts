/** A mini-program platform on this machine: storage in memory, sockets over the network. */

import { WebSocket } from 'ws'
import type { MiniProgramCalls } from '../../src/mini-program/platforms/of-calls.ts'
import { createPlatform, dialects, type Platform } from '../storage/key-value/platform.ts'

export type Wx = MiniProgramCalls &
  Platform & {
    /** The sends that were under way at once, at most. */
    sendsAtOnce(): number
    /** The sockets that were open at once, at most, and all that were opened. */
    readonly sockets: { open: number; atOnce: number; opened: number }
    /** Ends all sockets. */
    cut(): void
    /** From now on the present sockets bring nothing, not even their end. */
    deafen(): void
    /** How many callbacks wait for events. */
    listeners(): number
    fire(event: 'show' | 'hide' | 'network' | 'memory'): void
  }

type SocketOptions = Parameters<MiniProgramCalls['connectSocket']>[0]
type Listener = (status: { isConnected: boolean }) => void
type SendOptions = { data: string; success(): void; fail(): void }

export function createWx(): Wx {
  const storage = createPlatform(dialects.wx)
  const connected = new Set<WebSocket>()
  const sockets = { open: 0, atOnce: 0, opened: 0 }
  const listeners: Record<Parameters<Wx['fire']>[0], Set<Listener>> = {
    show: new Set(),
    hide: new Set(),
    network: new Set(),
    memory: new Set()
  }
  let sending = 0
  let most = 0

  function connectSocket({ url }: SocketOptions) {
    const socket = new WebSocket(url)
    connected.add(socket)
    sockets.opened++
    sockets.atOnce = Math.max(sockets.atOnce, ++sockets.open)
    socket.on('close', () => sockets.open--)
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
    onAppShow: callback => void listeners.show.add(callback),
    offAppShow: callback => void listeners.show.delete(callback),
    onAppHide: callback => void listeners.hide.add(callback),
    offAppHide: callback => void listeners.hide.delete(callback),
    onNetworkStatusChange: callback => void listeners.network.add(callback),
    offNetworkStatusChange: callback => void listeners.network.delete(callback),
    onMemoryWarning: callback => void listeners.memory.add(callback),
    offMemoryWarning: callback => void listeners.memory.delete(callback),
    sockets,
    sendsAtOnce: () => most,
    cut() {
      for (const socket of connected) socket.terminate()
      connected.clear()
    },
    deafen() {
      for (const socket of connected) socket.removeAllListeners()
      sockets.open -= connected.size
      connected.clear()
    },
    listeners: () => Object.values(listeners).reduce((sum, { size }) => sum + size, 0),
    fire: event => listeners[event].forEach(callback => callback({ isConnected: true }))
  }
}
