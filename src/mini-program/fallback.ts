/**
 * Sockets, and requests where the network blocks sockets.
 *
 *   socket ──two in a row bring no frame──▶ requests
 *      ▲                                     │   │
 *      ├──── a trial socket opens ───────────┘   │
 *      └──── the connection brings no frame ─────┘
 *
 * A network that is away refuses both, so each is tried in turn.
 */

import { setTimer } from '../host/timer.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { Connect, Link, LinkEvents } from '../protocol/port.ts'

/** Shorter than the limit of the engine, which would end the connection without a reason. */
const firstFrameWithinMs = 9000
const failuresMax = 2
/** By then, the engine has forgotten failed attempts, and connects again at once. */
const firstTrialAfterMs = 15_000
const longestTrialMs = 960_000

export function withFallback(socket: Connect, requests: Connect): Connect {
  /** The last sockets that brought no frame. */
  let failures = 0
  let trialAfterMs = firstTrialAfterMs

  const overSocket: Connect = events =>
    attempt(socket, {
      ...events,
      onFirstFrame() {
        failures = 0
        trialAfterMs = firstTrialAfterMs
      },
      onFailure: () => void failures++
    })

  const overRequests: Connect = events => {
    let stopTrial: () => void = () => undefined
    const planTrial = () => void (stopTrial = setTimer(startTrial, trialAfterMs))

    function startTrial(): void {
      trialAfterMs = Math.min(2 * trialAfterMs, longestTrialMs)
      const trial = attempt(socket, {
        onOpen() {
          // If the next socket brings no frame, requests are used again at once.
          failures = failuresMax - 1
          close()
          events.onClose()
        },
        onFrame: nothing,
        onFirstFrame: nothing,
        onFailure: nothing,
        onClose: planTrial
      })
      stopTrial = trial.close
    }

    const link = attempt(requests, {
      ...events,
      onFirstFrame: planTrial,
      onFailure: () => void (failures = 0),
      onClose(error) {
        stopTrial()
        events.onClose(error)
      }
    })
    function close(): void {
      stopTrial()
      link.close()
    }
    return { send: link.send, close }
  }

  return events => (failures < failuresMax ? overSocket : overRequests)(events)
}

type AttemptEvents = LinkEvents & {
  onFirstFrame(): void
  /** Called before `onClose` if the connection has brought no frame. */
  onFailure(): void
}

function attempt(connect: Connect, events: AttemptEvents): Link {
  let hasFrame = false
  const stopTimer = setTimer(() => {
    link.close()
    onClose()
  }, firstFrameWithinMs)

  function onClose(error?: GroupError): void {
    stopTimer()
    if (!hasFrame) events.onFailure()
    events.onClose(error)
  }

  const link = connect({
    onOpen: events.onOpen,
    onFrame(frame) {
      if (!hasFrame) {
        hasFrame = true
        stopTimer()
        events.onFirstFrame()
      }
      events.onFrame(frame)
    },
    onClose
  })
  return {
    send: link.send,
    close() {
      stopTimer()
      link.close()
    }
  }
}

const nothing = (): void => undefined
