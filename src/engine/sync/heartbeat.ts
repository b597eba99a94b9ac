/**
 * Notices a dead line: pings at intervals, and when an answer is due. A line on which nothing
 * arrives in time is lost.
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
  /** Sends a ping that reads nothing: storage may be slow. */
  sendProbe(): void
  /** Sends the regular ping, which compares positions. */
  sendPing(): void
  onSilence(): void
}

export function createHeartbeat({ host, sendProbe, sendPing, onSilence }: HeartbeatOptions) {
  const timers = createTimers<'ping' | 'probe' | 'silence'>(host)
  /** How long the server may still be silent. */
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
        // Frames about one group say nothing about the others, so time alone decides.
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
    /** A frame was sent or has arrived. */
    used: () => void (usedAtMs = host.now()),
    /** A message was sent that the server has to answer. */
    expectAnswer(): void {
      // The first question without an answer decides. Later ones must not postpone the probe.
      if (patienceMs !== Infinity || isProbePlanned) return
      isProbePlanned = true
      timers.start('probe', () => probe(answerWithinMs), probeAfterMs)
    },
    /** Something has cut the line: it may have been idle for too long. */
    cut(): void {
      const idleMs = host.now() - usedAtMs
      pingMs = pingMsAfterCut(pingMs, idleMs, idleBeforeMs)
      idleBeforeMs = idleMs
    },
    /** Another network may not have the proxy that cut idle lines. */
    forgetCuts: () => void (pingMs = pingEveryMs),
    stop(): void {
      timers.stopAll()
      received()
    }
  }
}
