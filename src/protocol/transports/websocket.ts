/** Carries frames over the platform's WebSocket. */

import type { Connect } from '../port.ts'

/**
 * Returns a connection for `createGroupStore` over WebSocket, to a server at `wss://…/sync`. It
 * needs a global `WebSocket`.
 */
export function connectWebSocket(url: string): Connect {
  return ({ onOpen, onFrame, onClose }) => {
    let socket: WebSocket
    try {
      socket = new WebSocket(url)
    } catch {
      // Expected: the address is invalid.
      queueMicrotask(onClose)
      return { send: () => undefined, close: () => undefined }
    }
    let isOver = false
    const end = () => {
      if (!isOver) onClose()
      isOver = true
    }
    socket.onopen = onOpen
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') onFrame(data)
    }
    // An error is always followed by a close.
    socket.onclose = end
    return {
      send: frame => {
        // A closing socket loses frames. The client sends them again over the next connection.
        if (socket.readyState === WebSocket.OPEN) socket.send(frame)
      },
      close() {
        isOver = true
        socket.close()
      }
    }
  }
}
