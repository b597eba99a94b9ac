/** Decides by the origin of a page whether it may connect. */

import type { IncomingMessage } from 'node:http'

/** At most this many refusals are reported in a minute: an attacker could fill the log. */
const reportsPerMinuteMax = 20

export type Origins = { allow(request: IncomingMessage): boolean }

export function createOrigins(
  allowedOrigins: readonly string[] | undefined,
  { now, onError }: { now(): number; onError(error: unknown): void }
): Origins {
  const allowed = allowedOrigins?.map(normalOrigin)
  let minute = 0
  let reports = 0

  function report(origin: string | undefined, { remoteAddress }: IncomingMessage['socket']): void {
    const current = Math.floor(now() / 60_000)
    if (current !== minute) reports = 0
    minute = current
    if (++reports > reportsPerMinuteMax) return
    const what =
      origin === undefined
        ? 'without an origin'
        : `from the origin ${JSON.stringify(origin.slice(0, 200))}`
    const why = `allowedOrigins has ${allowed?.join(', ')}`
    onError(new Error(`refused a connection ${what} (address ${remoteAddress}): ${why}`))
  }

  return {
    allow({ headers: { origin }, socket }) {
      if (!allowed) return true
      const normal = origin && normalOrigin(origin)
      if (normal && allowed.includes(normal)) return true
      report(origin, socket)
      return false
    }
  }
}

/**
 * The origin as browsers send it: in lower case, without a slash at the end or the default port.
 * `undefined`: the text is not an origin.
 */
export function normalOrigin(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    !url?.host ||
    url.username ||
    url.password ||
    url.search ||
    url.hash ||
    !/^\/?$/.test(url.pathname)
  )
    return undefined
  // Apps in a shell have their own schemes. For those, `URL.origin` is `null`.
  return url.origin === 'null' ? `${url.protocol}//${url.host.toLowerCase()}` : url.origin
}
