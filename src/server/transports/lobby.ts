/**
 * Connections and requests before the login. Their number per address, their total number and their
 * bytes are limited. Above a limit on the number, the oldest one ends. Above the limit on bytes,
 * the one with most bytes ends. So a new client always gets in, even during an attack.
 */

type LobbyLimits = {
  readonly perAddressMax: number
  readonly max: number
  readonly bytesMax: number
}

/** An honest login needs two round trips, so these limits allow thousands of logins per second. */
export const lobbyLimits: LobbyLimits = { perAddressMax: 1000, max: 4000, bytesMax: 67_108_864 }

export type Place = {
  /** Counts bytes that were received from here. */
  add(bytes: number): void
  /** The received bytes are no longer held. */
  clear(): void
  leave(): void
}

export type Lobby = {
  /** `end` must end the connection. It is called when another one needs the place. */
  enter(address: string, end: () => void): Place
}

type Entry = { readonly address: string; readonly end: () => void; bytes: number }

export function createLobby({ perAddressMax, max, bytesMax }: LobbyLimits = lobbyLimits): Lobby {
  /** The oldest first. */
  const entries = new Set<Entry>()
  const byAddress = new Map<string, Set<Entry>>()
  let heldBytes = 0

  function leave(entry: Entry): void {
    if (!entries.delete(entry)) return
    heldBytes -= entry.bytes
    const ofAddress = byAddress.get(entry.address)
    ofAddress?.delete(entry)
    if (ofAddress?.size === 0) byAddress.delete(entry.address)
  }

  function evict(entry: Entry | undefined): void {
    if (!entry) return
    leave(entry)
    entry.end()
  }

  return {
    enter(address, end) {
      const ofAddress = byAddress.get(address)
      if (ofAddress && ofAddress.size >= perAddressMax) evict(first(ofAddress))
      if (entries.size >= max) evict(first(entries))
      const entry: Entry = { address, end, bytes: 0 }
      entries.add(entry)
      byAddress.set(address, (byAddress.get(address) ?? new Set()).add(entry))
      return {
        add(bytes) {
          if (!entries.has(entry)) return
          entry.bytes += bytes
          heldBytes += bytes
          // Ending one is enough: before these bytes, the sum was within the limit.
          if (heldBytes > bytesMax) evict(largest(entries))
        },
        clear() {
          if (entries.has(entry)) heldBytes -= entry.bytes
          entry.bytes = 0
        },
        leave: () => leave(entry)
      }
    }
  }
}

const first = ([entry]: Set<Entry>): Entry | undefined => entry

function largest(entries: Iterable<Entry>): Entry | undefined {
  let found: Entry | undefined
  for (const entry of entries) if (!found || entry.bytes > found.bytes) found = entry
  return found
}
