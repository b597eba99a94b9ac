/** Carries sessions over WebSocket. */

import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { errors, isLoginError, type GroupError } from '../../kernel/errors.ts'
import { frameLimits } from '../../protocol/messages.ts'
import { createLobby, type Lobby } from './lobby.ts'
import type { Origins } from './origins.ts'
import type { Connection, SessionContext } from '../sessions/session-port.ts'
import { openSession } from '../sessions/session.ts'

/** If more bytes are unsent, no frame of the client is read until they are sent. */
const unsentBytesMax = 65_536
/** Bytes of incomplete frames of all users. Above this sum, the connection with most bytes ends. */
const partialBytesMax = 67_108_864
const pingEveryMs = 30_000
/** A client that leaves this many pings unanswered is cut off at the next one. */
const unansweredPingsMax = 2

type WebSocketOptions = {
  readonly path: string
  readonly origins: Origins
  readonly lobby: Lobby
}

/** Serves sessions on `server`. The returned function ends them all. */
export function serveWebSockets(
  server: Server,
  context: SessionContext,
  { path, origins, lobby }: WebSocketOptions
): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameLimits.toServerBytesMax,
    perMessageDeflate: false,
    clientTracking: true
  })
  const partials = createLobby({
    perAddressMax: Infinity,
    max: Infinity,
    bytesMax: partialBytesMax
  })
  const unanswered = new WeakMap<WebSocket, number>()

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Before the upgrade no other listener exists, and an unhandled error would end the process.
    socket.on('error', () => socket.destroy())
    if (request.url?.split('?')[0] !== path) return refuse(socket, '404 Not Found')
    if (!origins.allow(request)) return refuse(socket, '403 Forbidden')
    sockets.handleUpgrade(request, socket, head, upgraded => serve(upgraded, request, socket))
  }
  server.on('upgrade', onUpgrade)

  function serve(
    socket: WebSocket,
    { socket: { remoteAddress = '' } }: IncomingMessage,
    stream: Duplex
  ): void {
    const isAlive = () => void unanswered.set(socket, 0)
    isAlive()
    let reading = 0
    const terminate = () => socket.terminate()
    let place = lobby.enter(remoteAddress, terminate)
    let isLoggedIn = false
    // Counted before the frames in it are read.
    stream.prependListener('data', (chunk: Buffer) => place.add(chunk.length))
    const connection: Connection = {
      send(frame) {
        if (socket.bufferedAmount <= unsentBytesMax) return socket.send(frame)
        // The callback also runs when the connection has ended.
        return new Promise(resolve =>
          socket.send(frame, () => {
            isAlive()
            resolve()
          })
        )
      },
      close: error => socket.close(closeCode(error), error?.reason),
      loggedIn() {
        place.leave()
        place = partials.enter(remoteAddress, terminate)
        isLoggedIn = true
      }
    }
    const session = openSession(context, connection)
    socket.on('pong', isAlive)
    socket.on('message', (data: Buffer, isBinary) => {
      isAlive()
      if (isLoggedIn) place.clear()
      if (isBinary) return socket.close(1003)
      const room = session.receive(data.toString())
      if (!room) return
      reading++
      socket.pause()
      void room.then(() => --reading === 0 && socket.resume())
    })
    socket.on('close', () => {
      place.leave()
      session.closed()
    })
    // A client that violates the WebSocket protocol is closed with a code and not reported.
    socket.on('error', () => undefined)
  }

  let stopTimer = context.setTimer(ping, pingEveryMs)
  function ping(): void {
    stopTimer = context.setTimer(ping, pingEveryMs)
    for (const socket of sockets.clients) {
      const count = unanswered.get(socket) ?? 0
      unanswered.set(socket, count + 1)
      if (count < unansweredPingsMax) socket.ping()
      else socket.terminate()
    }
  }

  return () => {
    stopTimer()
    server.off('upgrade', onUpgrade)
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
  }
}

function refuse(socket: Duplex, status: string): void {
  // A client that keeps the connection open is disconnected.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** 44xx is free for applications. 4401: the login failed. 4400: an invalid frame. */
function closeCode(error: GroupError | undefined): number {
  if (!error) return 1000
  if (isLoginError(error) || error.code === errors.NotReady.code) return 4401
  return error.code === errors.BadFrame.code ? 4400 : 4429
}
