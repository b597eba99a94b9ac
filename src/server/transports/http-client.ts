/** A client over HTTP: its session, and the frames that it has not fetched yet. */

import type { ServerResponse } from 'node:http'
import { isLoginError } from '../../kernel/errors.ts'
import type { Place } from './lobby.ts'
import type { SessionContext } from '../sessions/session-port.ts'
import { openSession } from '../sessions/session.ts'

/** An empty answer is sent in time: proxies cut connections off after 30 s of silence. */
const waitMs = 25_000
/** A session without a request for this long is closed. */
const silenceMs = 60_000
/** The last frames of a session that has ended are kept for this long. */
const lastFramesMs = 10_000
/**
 * An answer has about this many bytes, or one frame. If more are unfetched, no frames of the client
 * are read.
 */
const answerBytesMax = 131_072

type Answer = { readonly frames: readonly string[]; readonly isOver: boolean }

export type HttpClient = {
  /** Resolves when there is room for more frames. */
  receive(frames: readonly string[]): Promise<void>
  /** Answers when there are frames, or after `waitMs`. Of several polls, the last one gets them. */
  poll(response: ServerResponse, answer: (answer: Answer) => void): void
  end(): void
}

export function createHttpClient(
  context: SessionContext,
  { enterLobby, onEnd }: { enterLobby(end: () => void): Place; onEnd(): void }
): HttpClient {
  const unsent: string[] = []
  let unsentBytes = 0
  /** The bytes of answers that are being sent. */
  let sendingBytes = 0
  const onDrained: (() => void)[] = []
  let isOver = false
  /** Answers the waiting poll if there are frames, or if forced. */
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
      // After its token has ended, the user receives only the error, which is the last frame.
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
    poll(response, answer) {
      if (!isOver) endAfter(silenceMs)
      waiting?.(true)
      const stopTimer = context.setTimer(() => reply(true), waitMs)
      const leave = () => {
        stopTimer()
        response.off('close', leave)
        if (waiting === reply) waiting = undefined
      }
      const reply = (isForced: boolean) => {
        // One answer at a time: frames stay in order, and a slow client sets the pace.
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
        answer({ frames, isOver: isLast })
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
