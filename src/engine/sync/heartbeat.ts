/**
 * Detects a dead connection. It pings at intervals, and when an answer is due. A connection on
 * which no frame arrives in time is lost.
 */

import type { Host } from '../host.ts'
import {
  answerAfterWakeWithinMs,
  answerWithinMs,
  hasSlept,
  pingEveryMs,
  pingMsAfterCut,
  probeAfterMs
} from './schedule.ts'
import { createTimers } from './timers.ts'

type HeartbeatOptions = {
  readonly host: Host
  /** Sends a ping without reading storage, which may be slow. */
  sendProbe(): void
  /** Sends the regular ping, which compares positions. */
  sendPing(): void
  onSilence(): void
}

export function createHeartbeat({ host, sendProbe, sendPing, onSilence }: HeartbeatOptions) {
  const timers = createTimers<'ping' | 'probe' | 'silence'>(host)
  /** The time within which the next frame must arrive. */
  let patienceMs = Infinity
  let isProbePlanned = false
  let pingMs = pingEveryMs
  let usedAtMs = 0
  /** How long the connection before was idle when it was cut. */
  let idleBeforeMs = 0

  /** An earlier and stricter limit stays. */
  function expectFrame(withinMs: number): void {
    if (withinMs >= patienceMs) return
    patienceMs = withinMs
    timers.start('silence', onSilence, withinMs)
  }

  function planPing(): void {
    const plannedMs = host.now() + pingMs
    timers.start(
      'ping',
      () => {
        planPing()
        if (hasSlept(plannedMs, host.now())) return probe(answerAfterWakeWithinMs)
        // The regular ping compares positions, so other frames do not postpone it.
        expectFrame(answerWithinMs)
        sendPing()
      },
      pingMs
    )
  }

  function probe(withinMs: number): void {
    expectFrame(withinMs)
    sendProbe()
  }

  function received(): void {
    timers.stop('silence')
    timers.stop('probe')
    isProbePlanned = false
    patienceMs = Infinity
  }

  return {
    planPing,
    probe,
    expectFrame,
    received,
    /** Call it for each frame that is sent or received. */
    used: () => void (usedAtMs = host.now()),
    /** Call it after sending a message that the server has to answer. */
    expectAnswer(): void {
      // The oldest unanswered message decides. Later messages must not postpone the probe.
      if (patienceMs !== Infinity || isProbePlanned) return
      isProbePlanned = true
      timers.start('probe', () => probe(answerWithinMs), probeAfterMs)
    },
    /** Call it when the connection is cut: a proxy may have ended it because it was idle. */
    cut(): void {
      const idleMs = host.now() - usedAtMs
      pingMs = pingMsAfterCut(pingMs, idleMs, idleBeforeMs)
      idleBeforeMs = idleMs
    },
    /** Another network may not have the proxy that cuts idle connections. */
    forgetCuts: () => void (pingMs = pingEveryMs),
    stop(): void {
      timers.stopAll()
      received()
    }
  }
}
