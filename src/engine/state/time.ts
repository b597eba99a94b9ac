/**
 * The time, as well as a device can know it. Users may change the clock of a device, and it may be
 * wrong by years, so the server's time counts. Two facts are certain: the server's time at the last
 * contact, and how long this engine has run since. They limit the age of an operation.
 */

import type { Meta, Pending } from '../../storage/tables.ts'
import type { Host } from '../host.ts'

/** Smaller differences are ignored: a frame may need as long to arrive. */
const toleranceMs = 2000
/** A clock that is further behind the last contact was changed: clocks drift less. */
const slowMs = 60_000

export type Time = ReturnType<typeof createTime>

export function createTime(
  { now, elapsedMs }: Pick<Host, 'now' | 'elapsedMs'>,
  meta: () => Meta | undefined
) {
  const startedAtMs = elapsedMs()
  /** The last contact of any tab with the server, and when this engine learned of it. */
  let contact: { readonly serverTimeMs: number; readonly learnedAtMs: number } | undefined
  /** The contact that storage held at the start. */
  let storedContactMs: number | undefined
  /** When operations were enqueued in this run before the first contact of the run. */
  const enqueuedAtMs = new Map<string, number>()

  function lastContact(): typeof contact {
    const serverTimeMs = meta()?.serverTimeMs
    if (serverTimeMs !== undefined && serverTimeMs !== contact?.serverTimeMs)
      contact = { serverTimeMs, learnedAtMs: elapsedMs() }
    return contact
  }

  /** Whether any tab has reached a server in this run. */
  const hadContact = () => lastContact() !== undefined && contact?.serverTimeMs !== storedContactMs

  const byClockMs = () => now() + (meta()?.clockOffsetMs ?? 0)

  /** Whether a later run can rely on the time of an operation that is enqueued now. */
  function isTimeKnown(): boolean {
    const last = lastContact()
    return (
      last !== undefined &&
      (hadContact() || byClockMs() > last.serverTimeMs + elapsedMs() - last.learnedAtMs - slowMs)
    )
  }

  /** By this device's clock, but not before the certain time. */
  function serverNowMs(): number {
    const last = lastContact()
    const byClock = byClockMs()
    return last ? Math.max(byClock, last.serverTimeMs + elapsedMs() - last.learnedAtMs) : byClock
  }

  /** After a contact in this run, the device's clock is ignored: it may have changed since. */
  function certainNowMs(): number {
    const last = lastContact()
    return last && hadContact() ? last.serverTimeMs + elapsedMs() - last.learnedAtMs : serverNowMs()
  }

  function waitedMs(pending: Pending): number {
    const byRun =
      elapsedMs() -
      (enqueuedAtMs.get(pending.opID) ?? (pending.isTimeUnknown ? startedAtMs : -Infinity))
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
    /** Call it after the first read: the stored contact is from an earlier run. */
    begin(): void {
      storedContactMs = meta()?.serverTimeMs
    },
    serverNowMs,
    serverNowSeconds: (): number => Math.floor(serverNowMs() / 1000),
    /** The server's clock minus this device's. */
    clockOffsetMs(): number {
      const stored = meta()?.clockOffsetMs ?? 0
      const known = serverNowMs() - now()
      return known - stored > toleranceMs ? known : stored
    },
    /** Without a contact in this run, the age of the operation is known only during this run. */
    markEnqueued(opID: string): Pick<Pending, 'isTimeUnknown'> {
      if (!hadContact()) enqueuedAtMs.set(opID, elapsedMs())
      return isTimeKnown() ? {} : { isTimeUnknown: true }
    },
    /** The operation has waited at least this long. */
    waitedSeconds: (pending: Pending): number => Math.floor(waitedMs(pending) / 1000),
    /** When the operation was enqueued, converted to the present setting of the device's clock. */
    askedAtMs(pending: Pending): number {
      const atMs = now() - waitedMs(pending)
      return Math.abs(atMs - pending.askedAtMs) > toleranceMs ? atMs : pending.askedAtMs
    }
  }
}
