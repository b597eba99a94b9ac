/** Carries sessions over HTTP, for clients without WebSockets: `POST /sync`, with frames or to wait for some. */

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as v from 'valibot'
import { frameLimits } from '../src/sync/messages.ts'
import { openSession, type Session, type SessionContext } from './sessions.ts'

/** An answer without frames is given in time for proxies that cut off what is silent for half a minute. */
const waitMs = 25_000
/** A client that does not ask any more is gone. */
const silenceMs = 60_000
const unsentLengthMax = 8_388_608
const bodyBytesMax = 2 * frameLimits.toServerBytesMax

const body = v.object({ session: v.pipe(v.string(), v.maxLength(64)), frames: v.pipe(v.array(v.string()), v.maxLength(200)) })

type Client = {
  readonly session: Session
  readonly unsent: string[]
  unsentLength: number
  isOver: boolean
  /** Answers the request that waits, if one does. */
  answer: () => void
  stopTimer: () => void
}

export type HttpSessions = { handle(request: IncomingMessage, response: ServerResponse): Promise<void>; end(): void }

export function createHttpSessions(context: SessionContext, allowedOrigins: readonly string[] | undefined): HttpSessions {
  const clients = new Map<string, Client>()
  const wait = waiter(context.setTimer)

  function open(): string {
    const id = randomBytes(16).toString('base64url')
    const client: Client = {
      unsent: [],
      unsentLength: 0,
      isOver: false,
      answer: () => undefined,
      stopTimer: () => undefined,
      session: openSession(context, {
        send(frame) {
          client.unsent.push(frame)
          client.unsentLength += frame.length
          if (client.unsentLength > unsentLengthMax) drop(id)
          else client.answer()
        },
        close() {
          client.isOver = true
          client.answer()
        }
      })
    }
    clients.set(id, client)
    watch(id, client)
    return id
  }

  function watch(id: string, client: Client): void {
    client.stopTimer()
    client.stopTimer = context.setTimer(() => drop(id), silenceMs)
  }

  function drop(id: string): void {
    const client = clients.get(id)
    if (!client) return
    clients.delete(id)
    client.isOver = true
    client.stopTimer()
    client.session.closed()
    client.answer()
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = request.headers
    if (allowedOrigins && (origin === undefined || !allowedOrigins.includes(origin))) return refuse(response, 403)
    if (origin !== undefined) response.setHeader('access-control-allow-origin', origin)
    if (request.method !== 'POST') return refuse(response, 405)
    const message = await read(request)
    if (!message) return refuse(response, 400)
    const { frames } = message
    const id = message.session === '' ? open() : message.session
    const client = clients.get(id)
    if (!client) return refuse(response, 410)
    watch(id, client)
    for (const frame of frames) client.session.receive(frame)
    const say = (answer: { frames: readonly string[]; isOver: boolean }) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ session: id, ...answer }))
    }
    if (message.session === '' || frames.length > 0) return say({ frames: [], isOver: false })
    // Only the request that asked last brings frames back, so that they stay in order.
    client.answer()
    wait(client, response, () => {
      client.unsentLength = 0
      say({ frames: client.unsent.splice(0), isOver: client.isOver })
      if (client.isOver) drop(id)
    })
  }

  return {
    handle,
    end() {
      for (const id of [...clients.keys()]) drop(id)
    }
  }
}

function waiter(setTimer: SessionContext['setTimer']) {
  /** Answers when there is something to say, or nothing for too long. */
  return (client: Client, response: ServerResponse, say: () => void): void => {
    const answer = () => {
      client.answer = () => undefined
      stopTimer()
      response.off('close', answer)
      if (!response.closed) say()
    }
    const stopTimer = setTimer(answer, waitMs)
    response.on('close', answer)
    client.answer = answer
    if (client.unsent.length > 0 || client.isOver) answer()
  }
}

async function read(request: IncomingMessage): Promise<v.InferOutput<typeof body> | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > bodyBytesMax) return undefined
      chunks.push(chunk)
    }
  } catch {
    // Expected: the client has hung up.
    return undefined
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), body), Buffer.concat(chunks).toString())
  return parsed.success ? parsed.output : undefined
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' }).end()
}
