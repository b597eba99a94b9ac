/** Carries out the election of the leader (election.ts): waits for the lock, and claims terms. */

import {
  elect,
  newElection,
  tickMs,
  type Election,
  type ElectionEffect,
  type ElectionEvent
} from './election.ts'
import type { Host } from './host.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Commits } from './state/commits.ts'
import type { Claim } from './state/lease.ts'

export type CandidacyOptions = {
  readonly host: Host
  readonly lifecycle: Lifecycle
  readonly commits: Commits
  /** This tab leads by this claim. */
  lead(claim: Claim): void
  /** This tab leads no more. */
  stop(): void
  beat(): void
  onChange(): void
}

export function createCandidacy(options: CandidacyOptions) {
  const { host, lifecycle, commits, lead, stop, beat, onChange } = options
  const { peers } = host
  let election = newElection(peers.hasLocks)
  let claim: Claim = { term: 0, commitNumber: 0 }
  let claims = 0
  let isTicking = false

  function on(event: ElectionEvent): void {
    if (lifecycle.isClosing() && event.type !== 'retire') return
    const step = elect(election, event)
    election = step.election
    step.effects.forEach(carryOut)
    tick()
    onChange()
  }

  function carryOut(effect: ElectionEffect): void {
    if (typeof effect === 'object') {
      const delayMs = effect.afterMs + host.random() * effect.withinMs
      return void host.setTimer(() => on({ type: 'attempt' }), delayMs)
    }
    switch (effect) {
      case 'wait for lock':
        return peers.lead(
          () => on({ type: 'granted' }),
          () => on({ type: 'lost' })
        )
      case 'steal lock':
        return peers.steal()
      case 'release lock':
        return peers.stepDown()
      case 'claim':
        return void claimTerm()
      case 'lead':
        return lead(claim)
      case 'stop':
        return stop()
      case 'beat':
        return beat()
      case 'announce vacancy':
        return peers.post({ type: 'vacant', term: election.term })
    }
  }

  async function claimTerm(): Promise<void> {
    const count = ++claims
    const isWanted = () => count === claims && election.role === 'claiming'
    try {
      const claimed = await commits.claimTerm(election.term, isWanted)
      if (!claimed || !isWanted()) return
      claim = claimed
      on({ type: 'claimed', term: claimed.term })
    } catch {
      // Expected: storage refuses.
      lifecycle.probe()
      if (isWanted()) on({ type: 'refused' })
    }
  }

  /** A tab that leads alone posts no beats, so it needs no ticks. */
  function tick(): void {
    const { role, hasPeers } = election
    const isNeeded = role !== 'retired' && (role !== 'leading' || hasPeers)
    if (isTicking || !isNeeded) return
    isTicking = true
    host.setTimer(() => {
      isTicking = false
      on({ type: 'tick' })
    }, tickMs)
  }

  return {
    on,
    election: (): Election => election
  }
}
