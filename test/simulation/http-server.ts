/** Sends requests to the server's real HTTP sessions, without sockets. */

import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpSessions } from '../../src/server/transports/http.ts'

export type Answer = { readonly status: number; readonly text: string }

/** Sends a request. The returned function ends it, with its answer received or abandoned. */
export function request(
  sessions: HttpSessions,
  body: string,
  onAnswer: (answer: Answer) => void
): () => void {
  const bytes = Buffer.from(body)
  const incoming = Object.assign(new EventEmitter(), {
    method: 'POST',
    url: '/sync',
    headers: { 'content-length': String(bytes.length) },
    socket: { remoteAddress: '192.0.2.1' },
    resume: () => undefined,
    destroy: () => undefined,
    async *[Symbol.asyncIterator]() {
      yield bytes
    }
  })
  const response = Object.assign(new EventEmitter(), {
    statusCode: 200,
    closed: false,
    headersSent: false,
    writableEnded: false,
    setHeader: () => response,
    setTimeout: () => response,
    destroy: () => close(),
    writeHead(status: number) {
      response.statusCode = status
      return response
    },
    end(text = '') {
      if (response.closed || response.writableEnded) return response
      response.writableEnded = true
      onAnswer({ status: response.statusCode, text })
      return response
    }
  })
  function close(): void {
    if (response.closed) return
    response.closed = true
    if (response.writableEnded) response.emit('finish')
    response.emit('close')
  }
  // Only the fields that the sessions use.
  void sessions.handle(
    incoming as unknown as IncomingMessage,
    response as unknown as ServerResponse
  )
  incoming.emit('data', bytes)
  incoming.emit('end')
  return close
}
