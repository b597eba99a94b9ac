/** Carries sessions over WebSocket. */

import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { errors, type GroupError } from '../src/kernel/errors.ts'
import { frameLimits } from '../src/sync/messages.ts'
import { openSession, type SessionContext } from './sessions.ts'

/** A client that does not read what it is sent is cut off; it comes back and continues where it stood. */
const unsentBytesMax = 8_388_608
const pingEveryMs = 30_000

export type WebSocketOptions = {
  readonly path: string
  /** Origins that browsers may connect from; all when not given. */
  readonly allowedOrigins: readonly string[] | undefined
}

/** Serves sessions on `server`; the returned function ends them all. */
export function serveWebSockets(server: Server, context: SessionContext, { path, allowedOrigins }: WebSocketOptions): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameLimits.toServerBytesMax,
    perMessageDeflate: false,
    clientTracking: true
  })
  const alive = new WeakSet<WebSocket>()

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // What the socket reports before it is upgraded has no other listener, and would end the process.
    socket.on('error', () => socket.destroy())
    const { origin } = request.headers
    if (request.url?.split('?')[0] !== path) return refuse(socket, '404 Not Found')
    if (allowedOrigins && (origin === undefined || !allowedOrigins.includes(origin))) return refuse(socket, '403 Forbidden')
    sockets.handleUpgrade(request, socket, head, serve)
  }
  server.on('upgrade', onUpgrade)

  function serve(socket: WebSocket): void {
    alive.add(socket)
    const session = openSession(context, {
      send(frame) {
        if (socket.bufferedAmount > unsentBytesMax) socket.terminate()
        else socket.send(frame)
      },
      close: error => socket.close(closeCode(error), error?.reason)
    })
    socket.on('pong', () => alive.add(socket))
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) socket.close(1003)
      else session.receive(data.toString())
    })
    socket.on('close', () => session.closed())
    socket.on('error', error => context.onError(error))
  }

  const pinging = setInterval(() => {
    for (const socket of sockets.clients) {
      if (alive.delete(socket)) socket.ping()
      else socket.terminate()
    }
  }, pingEveryMs)

  return () => {
    clearInterval(pinging)
    server.off('upgrade', onUpgrade)
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
  }
}

function refuse(socket: Duplex, status: string): void {
  // Who does not hang up is hung up on.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** 44xx: the numbers that applications may use; 4401 for a login that failed, 4400 for a frame that is not one. */
function closeCode(error: GroupError | undefined): number {
  if (!error) return 1000
  if (error.code >= 70000 || error.code === errors.NotReady.code) return 4401
  return error.code === errors.BadFrame.code ? 4400 : 4429
}
