/** Verdicts in memory, and the `settled` calls that wait for them. */

import type { GroupError } from '../../kernel/errors.ts'
import type { Verdict } from '../../kernel/verdict.ts'
import type { Settled } from '../../storage/tables.ts'
import { keepLast } from './keep-last.ts'

/** The size of a full outbox: an app may await its verdicts one after another. */
const trimmedMax = 10_000

export function createVerdicts(isPending: (opID: string) => boolean) {
  const rows = new Map<string, Settled>()
  /**
   * Verdicts of applied operations that storage has no room for. `settled` answers them in this
   * run.
   */
  const trimmed = new Map<string, Verdict>()
  /** Refusals that are being stored. Their operations have left the outbox already. */
  const refusing = new Map<string, GroupError>()
  const waiting = new Map<string, ((verdict: Verdict | undefined) => void)[]>()
  let isOver = false

  function resolve(opID: string, verdict: Verdict | undefined): void {
    for (const answer of waiting.get(opID) ?? []) answer(verdict)
    waiting.delete(opID)
  }

  const isExpected = (opID: string) => isPending(opID) || refusing.has(opID)
  const known = (opID: string): Verdict | undefined => rows.get(opID)?.verdict ?? trimmed.get(opID)

  return {
    rows: rows as ReadonlyMap<string, Settled>,
    known,

    refusal: (opID: string): GroupError | undefined => refusing.get(opID),
    refuse: (opID: string, error: GroupError): void => void refusing.set(opID, error),
    put(opID: string, settled: Settled): void {
      refusing.delete(opID)
      rows.set(opID, settled)
      resolve(opID, settled.verdict)
    },
    remove(opID: string): void {
      const verdict = rows.get(opID)?.verdict
      if (verdict?.kind === 'applied') keepLast(trimmed, opID, verdict, trimmedMax)
      rows.delete(opID)
    },
    clear: () => rows.clear(),

    /** Returns `undefined` for an unknown verdict, or resolves with it if it becomes unknown. */
    of(opID: string): Promise<Verdict | undefined> | undefined {
      const verdict = known(opID)
      if (verdict) return Promise.resolve(verdict)
      if (isOver || !isExpected(opID)) return undefined
      return new Promise(answer => waiting.set(opID, [...(waiting.get(opID) ?? []), answer]))
    },

    /** Ends the wait for a verdict that will not arrive. */
    abandon: (opID: string) => resolve(opID, undefined),
    /**
     * An operation that is neither pending nor settled had a verdict that another tab dismissed.
     */
    abandonUnknown(): void {
      for (const opID of [...waiting.keys()]) if (!isExpected(opID)) resolve(opID, undefined)
    },
    /** Ends all waits, because the engine is closed. */
    end(): void {
      isOver = true
      for (const opID of [...waiting.keys()]) resolve(opID, undefined)
    }
  }
}
