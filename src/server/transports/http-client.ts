/** A client over HTTP: its session, and what it has not fetched yet. */

import type { ServerResponse } from 'node:http'
import { isLoginError } from '../../kernel/errors.ts'
import type { Place } from './lobby.ts'
import type { SessionContext } from '../sessions/session-port.ts'
import { openSession } from '../sessions/session.ts'

/** An answer without frames is given in time for proxies that cut off what is silent for half a minute. */
const waitMs = 25_000
/** A client that does not ask any more is gone. */
const silenceMs = 60_000
/** The last frames of a session that has ended are kept for this long. */
const lastFramesMs = 10_000
/** An answer brings about so much, or one frame; with as much unfetched, nothing more is read for the client. */
const answerBytesMax = 131_072

type Answer = { readonly frames: readonly string[]; readonly isOver: boolean }

export type HttpClient = {
  /** Takes frames in; resolves when there is room for more. */
  receive(frames: readonly string[]): Promise<void>
  /** Calls `say` when there are frames, or after a while without any. Of several that wait, the last one gets them. */
  poll(response: ServerResponse, say: (answer: Answer) => void): void
  end(): void
}

export function createHttpClient(
  context: SessionContext,
  { enterLobby, onEnd }: { enterLobby(end: () => void): Place; onEnd(): void }
): HttpClient {
  const unsent: string[] = []
  let unsentBytes = 0
  /** The bytes of answers that the network has not taken yet. */
  let sendingBytes = 0
  const onDrained: (() => void)[] = []
  let isOver = false
  /** Answers the request that waits, where there is something to say, or in any case. */
  let waiting: ((isForced: boolean) => void) | undefined
  let stopTimer: () => void = () => undefined
  const place = enterLobby(end)
  const session = openSession(context, {
    send(frame) {
      unsent.push(frame)
      unsentBytes += Buffer.byteLength(frame)
      // Frames of one turn go in one answer, and the last one with the end.
      queueMicrotask(() => waiting?.(false))
      return isFull() ? new Promise(resolve => onDrained.push(resolve)) : undefined
    },
    close(error) {
      isOver = true
      // After the end of a token its user receives nothing more: only the error, the last frame, is left.
      if (error && isLoginError(error)) unsentBytes -= lengthOf(unsent.splice(0, unsent.length - 1))
      endAfter(lastFramesMs)
      waiting?.(false)
    },
    loggedIn: () => place.leave()
  })
  endAfter(silenceMs)

  function isFull(): boolean {
    return unsentBytes + sendingBytes > answerBytesMax
  }

  function endAfter(delayMs: number): void {
    stopTimer()
    stopTimer = context.setTimer(end, delayMs)
  }

  function end(): void {
    isOver = true
    unsent.length = unsentBytes = 0
    stopTimer()
    place.leave()
    onEnd()
    session.closed()
    waiting?.(true)
    drain()
  }

  function drain(): void {
    if (isFull() && !isOver) return
    for (const resolve of onDrained.splice(0)) resolve()
  }

  function cut(): string[] {
    let bytes = 0
    const tooMany = unsent.findIndex(frame => (bytes += Buffer.byteLength(frame)) > answerBytesMax)
    return unsent.splice(0, tooMany < 0 ? unsent.length : Math.max(1, tooMany))
  }

  return {
    async receive(frames) {
      if (!isOver) endAfter(silenceMs)
      await Promise.all(frames.flatMap(frame => session.receive(frame) ?? []))
    },
    end,
    poll(response, say) {
      if (!isOver) endAfter(silenceMs)
      waiting?.(true)
      const stopTimer = context.setTimer(() => reply(true), waitMs)
      const leave = () => {
        stopTimer()
        response.off('close', leave)
        if (waiting === reply) waiting = undefined
      }
      const reply = (isForced: boolean) => {
        // Only one answer is under way: frames stay in order, and a client that takes none is not sent more.
        const isFree = sendingBytes === 0
        if (!isForced && !(isFree && (unsent.length > 0 || isOver))) return
        leave()
        const frames = isFree ? cut() : []
        const bytes = lengthOf(frames)
        unsentBytes -= bytes
        sendingBytes += bytes
        response.once('close', () => {
          sendingBytes -= bytes
          waiting?.(false)
          drain()
        })
        const isLast = isOver && unsent.length === 0
        say({ frames, isOver: isLast })
        if (isLast) end()
      }
      response.once('close', leave)
      waiting = reply
      reply(false)
    }
  }
}

const lengthOf = (frames: readonly string[]): number =>
  frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0)
