/**
 * The operations of the client whose verdict it has not received. An earlier connection or another
 * server may judge them at any time, so a read that may find their effect also reads their
 * verdicts. Otherwise the client would show the effect and its prediction.
 */

import { frameLimits } from '../../../protocol/messages.ts'
import type { SyncRows } from '../../database/port.ts'
import { addVerdict } from './verdicts.ts'
import type { Verdict } from './outgoing.ts'
import type { ReplicaState } from './state.ts'

export type Unanswered = {
  /** Named at the login, and not pushed since. */
  readonly named: Set<string>
  /** Pushed over this session. `isAnswered`: a read has found the verdict first. */
  readonly pushed: Map<string, { isAnswered: boolean }>
}

export const nothingUnanswered = (): Unanswered => ({ named: new Set(), pushed: new Map() })

export function addPushed({ unanswered: { named, pushed } }: ReplicaState, opID: string): void {
  named.delete(opID)
  pushed.set(opID, { isAnswered: false })
}

/** A pushed operation has been judged by this server, or had a verdict. */
export function addOutcome(state: ReplicaState, verdict: Verdict): void {
  const { pushed } = state.unanswered
  const isAnswered = pushed.get(verdict.opID)?.isAnswered
  pushed.delete(verdict.opID)
  if (!isAnswered) addVerdict(state, verdict)
}

/** A pushed operation was not judged. The client pushes it again, unless it has the verdict. */
export function addRetry(
  { unanswered: { named, pushed }, outgoing }: ReplicaState,
  opID: string
): void {
  const isAnswered = pushed.get(opID)?.isAnswered
  const isPushed = pushed.delete(opID)
  if (isAnswered) return
  // A lost connection to the database hides whether its transaction is committed.
  if (isPushed && named.size < frameLimits.pendingPerHelloMax) named.add(opID)
  outgoing.addRetry(opID)
}

export const unansweredIDs = ({ unanswered: { named, pushed } }: ReplicaState): string[] => [
  ...named,
  ...[...pushed].flatMap(([opID, { isAnswered }]) => (isAnswered ? [] : opID))
]

/** Adds the verdicts of the statement that has read the rows. */
export function addStored(state: ReplicaState, stored: SyncRows['verdicts']): void {
  const { named, pushed } = state.unanswered
  for (const [opID, { verdict }] of stored) {
    const operation = pushed.get(opID)
    // Its outcome may have been reported during the read.
    if (operation?.isAnswered || !(operation || named.delete(opID))) continue
    if (operation) operation.isAnswered = true
    addVerdict(state, verdict)
  }
}
