/**
 * What this device knows about time. Its clock may be set, and may be wrong by years; the server's counts. What is certain
 * is the server's time at the last contact, and how long this engine has run since then. An operation never counts as
 * older than that allows.
 */

import type { Meta, Pending } from '../../storage/tables.ts'
import type { Host } from '../host.ts'

/** A difference of this size is no news. */
const toleranceMs = 2000
/** A clock that is so far behind the last contact with the server was set wrong: it does not just drift. */
const slowMs = 60_000

export type Time = ReturnType<typeof createTime>

export function createTime(
  { now, elapsedMs }: Pick<Host, 'now' | 'elapsedMs'>,
  meta: () => Meta | undefined
) {
  const startedAtMs = elapsedMs()
  /** The last contact with the server, by any tab, and how long this engine had run when it learned of it. */
  let contact: { readonly serverTimeMs: number; readonly learnedAtMs: number } | undefined
  /** The contact that was in storage when this engine began. */
  let storedMs: number | undefined
  /** When operations were queued in this run, as far as no server had told the time in it. */
  const queuedAtMs = new Map<string, number>()

  function look(): typeof contact {
    const serverTimeMs = meta()?.serverTimeMs
    if (serverTimeMs !== undefined && serverTimeMs !== contact?.serverTimeMs)
      contact = { serverTimeMs, learnedAtMs: elapsedMs() }
    return contact
  }

  /** Whether the server has told the time in this run. */
  const isSure = () => look() !== undefined && contact?.serverTimeMs !== storedMs

  const byClockMs = () => now() + (meta()?.clockOffsetMs ?? 0)

  /** Whether the time of an operation that is being queued means anything in a later run. */
  function isTimeKnown(): boolean {
    const last = look()
    return (
      last !== undefined &&
      (isSure() || byClockMs() > last.serverTimeMs + elapsedMs() - last.learnedAtMs - slowMs)
    )
  }

  /** By this device's clock, but not before what is certain. */
  function serverNowMs(): number {
    const last = look()
    const byClock = byClockMs()
    return last ? Math.max(byClock, last.serverTimeMs + elapsedMs() - last.learnedAtMs) : byClock
  }

  /** Where the server has told the time in this run, this clock has no say: it may have been set since then. */
  function certainNowMs(): number {
    const last = look()
    return last && isSure() ? last.serverTimeMs + elapsedMs() - last.learnedAtMs : serverNowMs()
  }

  function waitedMs(pending: Pending): number {
    const byRun =
      elapsedMs() -
      (queuedAtMs.get(pending.opID) ?? (pending.isTimeUnknown ? startedAtMs : -Infinity))
    return Math.max(
      0,
      Math.min(
        now() - pending.askedAtMs,
        certainNowMs() - pending.askedAtServerSeconds * 1000,
        byRun
      )
    )
  }

  return {
    /** Storage has been read: what it says of the server's time is of an earlier run. */
    begin(): void {
      storedMs = meta()?.serverTimeMs
    },
    serverNowMs,
    serverNowSeconds: (): number => Math.floor(serverNowMs() / 1000),
    /** The server's clock minus this device's, as far as is known now. */
    clockOffsetMs(): number {
      const stored = meta()?.clockOffsetMs ?? 0
      const known = serverNowMs() - now()
      return known - stored > toleranceMs ? known : stored
    },
    /** An operation is being queued. */
    queued(opID: string): Pick<Pending, 'isTimeUnknown'> {
      if (!isSure()) queuedAtMs.set(opID, elapsedMs())
      return isTimeKnown() ? {} : { isTimeUnknown: true }
    },
    /** How long an operation has waited at least. */
    waitedSeconds: (pending: Pending): number => Math.floor(waitedMs(pending) / 1000),
    /** When an operation was asked for, by this device's clock as it is now. */
    askedAtMs(pending: Pending): number {
      const atMs = now() - waitedMs(pending)
      return Math.abs(atMs - pending.askedAtMs) > toleranceMs ? atMs : pending.askedAtMs
    }
  }
}
