/** Serves sessions over HTTP for clients without WebSockets: `POST /sync` sends or polls frames. */

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as v from 'valibot'
import { hasFewValues } from '../../protocol/client-messages.ts'
import { frameLimits } from '../../protocol/messages.ts'
import { readBody } from './body.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import type { Lobby } from './lobby.ts'
import type { Origins } from './origins.ts'
import type { SessionContext } from '../sessions/session-port.ts'

const bodyBytesMax = 2 * frameLimits.toServerBytesMax
const framesPerRequestMax = 100
/** At 40 KB/s, the longest body arrives within this time. */
const bodyWithinMs = 60_000
/** If the client does not read any bytes of an answer for so long, its connection is closed. */
const stalledMs = 40_000

/** A body has hardly any JSON of its own: its frames are strings. */
const bodyValuesMax = 500

const body = v.pipe(
  v.string(),
  v.check(text => hasFewValues(text, bodyValuesMax)),
  v.parseJson(),
  v.object({
    session: v.pipe(v.string(), v.maxLength(64)),
    frames: v.pipe(
      v.custom<unknown[]>(frames => Array.isArray(frames) && frames.length <= framesPerRequestMax),
      v.array(v.string())
    )
  })
)

/** Bodies of refusals, by status: advice, if the client can act on the refusal. */
const refusals = {
  400:
    'The body is { session: string, frames: string[] } as JSON, ' +
    `with at most ${framesPerRequestMax} frames.`,
  403: '',
  405: '',
  410: 'There is no such session (any more): open another one.',
  413: `A body has at most ${bodyBytesMax} bytes: send fewer frames at once.`
} as const

export type HttpSessions = {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  end(): void
}

export function createHttpSessions(
  context: SessionContext,
  { origins, lobby }: { origins: Origins; lobby: Lobby }
): HttpSessions {
  const clients = new Map<string, HttpClient>()

  function open(address: string): string {
    const id = randomBytes(16).toString('base64url')
    clients.set(
      id,
      createHttpClient(context, {
        enterLobby: end => lobby.enter(address, end),
        onEnd: () => void clients.delete(id)
      })
    )
    return id
  }

  async function read(request: IncomingMessage): Promise<string | undefined> {
    const destroy = () => void request.destroy()
    const place = lobby.enter(request.socket.remoteAddress ?? '', destroy)
    const stopTimer = context.setTimer(destroy, bodyWithinMs)
    try {
      return await readBody(request, bodyBytesMax, place)
    } finally {
      stopTimer()
      place.leave()
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = request.headers
    if (!origins.allow(request)) return refuse(response, 403)
    if (origin !== undefined) response.setHeader('access-control-allow-origin', origin)
    if (request.method !== 'POST') return refuse(response, 405)
    let text: string | undefined
    try {
      text = await read(request)
    } catch {
      // Expected: the client has hung up, or is too slow. It could not read an answer.
      return
    }
    if (text === undefined) return refuse(response, 413)
    const parsed = v.safeParse(body, text)
    if (!parsed.success) return refuse(response, 400)
    const { session, frames } = parsed.output
    const isNew = session === ''
    const id = isNew ? open(request.socket.remoteAddress ?? '') : session
    const client = clients.get(id)
    if (!client) return refuse(response, 410)
    response.setTimeout(stalledMs, () => response.destroy())
    if (frames.length > 0) await client.receive(frames)
    if (isNew || frames.length > 0) say(response, { session: id, frames: [], isOver: false })
    else client.poll(response, answer => say(response, { session: id, ...answer }))
  }

  return {
    handle,
    end() {
      for (const client of [...clients.values()]) client.end()
    }
  }
}

function say(
  response: ServerResponse,
  answer: { session: string; frames: readonly string[]; isOver: boolean }
): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(answer))
}

function refuse(response: ServerResponse, status: keyof typeof refusals): void {
  response
    .writeHead(status, { connection: 'close', 'content-type': 'text/plain' })
    .end(refusals[status])
}
