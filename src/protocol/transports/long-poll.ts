/**
 * Carries frames over HTTP, for networks that block WebSockets. A request with frames is answered
 * when the session has room for more. A request without frames waits for frames of the server. A
 * request that fails ends the connection, and the client sends its frames again over the next one.
 */

import * as v from 'valibot'
import { groupError, type GroupError } from '../../kernel/errors.ts'
import { utf8Length } from '../../kernel/limits.ts'
import { text, truth } from '../fields.ts'
import type { Connect } from '../port.ts'

/** The requests of one connection. */
export type Requests = {
  /** Rejects if there is no reply. */
  post(body: string): Promise<Reply>
  /** Ends the requests under way. They may still be answered. */
  abort(): void
}
/** `body`: parsed, or `undefined` if it is not JSON. */
export type Reply = { readonly status: number; readonly body: unknown }

const answer = v.object({ session: text(), frames: v.array(text()), isOver: truth })

/** Proxies refuse requests over 1 MB, some over less. */
const firstBytesMax = 400_000
const framesMax = 100

export function longPoll(createRequests: () => Requests): Connect {
  /** The limit of a request with several frames. It falls when a request is refused as too long. */
  let bytesMax = firstBytesMax

  return ({ onOpen, onFrame, onClose }) => {
    const requests = createRequests()
    let session = ''
    let unsent: string[] = []
    let isSending = false
    let hasEnded = false
    let problem: GroupError | undefined

    async function request(frames: readonly string[]): Promise<Reply> {
      const reply = await requests.post(JSON.stringify({ session, frames }))
      if (hasEnded) throw new Error('the connection has ended')
      return reply
    }

    function read({ status, body }: Reply): v.InferOutput<typeof answer> {
      problem = problemOf(status)
      if (!v.is(answer, body)) throw new Error('no answer of a server')
      return body
    }

    async function poll(): Promise<void> {
      ;({ session } = read(await request([])))
      onOpen()
      for (;;) {
        const { frames, isOver } = read(await request([]))
        for (const frame of frames) onFrame(frame)
        if (isOver) return
      }
    }

    async function flush(): Promise<void> {
      if (isSending) return
      isSending = true
      while (unsent.length > 0) {
        const frames = cut(unsent, bytesMax)
        const reply = await request(frames)
        // Too long for the server or for a proxy. None of these frames has arrived.
        if (isTooLong(reply.status) && frames.length > 1) bytesMax = Math.floor(bytesOf(frames) / 2)
        else {
          read(reply)
          unsent = unsent.slice(frames.length)
        }
      }
      isSending = false
    }

    function close(): void {
      hasEnded = true
      requests.abort()
    }
    const end = () => {
      if (hasEnded) return
      close()
      onClose(problem)
    }
    void poll().then(end, end)
    return {
      send(frame) {
        unsent.push(frame)
        flush().catch(end)
      },
      close
    }
  }
}

/** The size of frames in a request: quoted, and in UTF-8. */
const bytesOf = (frames: readonly string[]): number => utf8Length(JSON.stringify(frames))

/** The first frames within the limits, but at least one. */
function cut(frames: readonly string[], bytesMax: number): readonly string[] {
  let bytes = 0
  const end = frames.findIndex(
    (frame, index) => (bytes += bytesOf([frame])) > bytesMax || index === framesMax
  )
  return frames.slice(0, end < 0 ? undefined : Math.max(1, end))
}

const isTooLong = (status: number): boolean => status === 400 || status === 413

/** 410 is no error: the session has ended, and the client opens another. */
function problemOf(status: number): GroupError | undefined {
  if (status < 400 || status === 410) return undefined
  const reason = isTooLong(status) ? 'BadFrame' : status === 429 ? 'TooFrequent' : 'ServerBusy'
  return groupError(reason, `HTTP ${status}`)
}
