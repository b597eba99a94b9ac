/**
 * A network between clients and a server in one process. Frames need time to arrive, the network
 * can be cut, and a transcript records every frame.
 */

import type { Connect, LinkEvents } from '../protocol/port.ts'
import type { TestClock } from './clock.ts'

/** The server's end of a connection: it receives frames, and learns when the connection ends. */
export type Served = { receive(frame: string): void; closed(): void }
/** Called for each connection that a client opens. Returns the server's end of it. */
export type Serve = (connection: { send(frame: string): void; close(): void }) => Served

/** A network. Its `connect` is the transport of the clients. */
export type TestNetwork = {
  readonly connect: Connect
  /** All frames that have arrived, in order and parsed. */
  readonly transcript: {
    readonly to: 'server' | 'client'
    readonly message: Record<string, unknown>
  }[]
  /** Ends all connections, and refuses new ones until `restore`. */
  cut(): void
  restore(): void
}

/**
 * Creates a network to the server that `serve` answers for. Each frame arrives after `latencyMs` of
 * the clock's time.
 */
export function createTestNetwork(clock: TestClock, serve: Serve, latencyMs = 5): TestNetwork {
  const open = new Set<() => void>()
  const transcript: TestNetwork['transcript'] = []
  let isCut = false

  function connect(events: LinkEvents) {
    let served: Served | undefined
    let isOpen = true

    const end = () => {
      if (!isOpen) return
      isOpen = false
      open.delete(end)
      served?.closed()
      events.onClose()
    }
    const later = (action: () => void) => void clock.setTimer(() => isOpen && action(), latencyMs)
    const record = (to: 'server' | 'client', frame: string) =>
      transcript.push({ to, message: JSON.parse(frame) as Record<string, unknown> })

    open.add(end)
    later(() => {
      if (isCut) return end()
      served = serve({
        send: frame =>
          later(() => {
            record('client', frame)
            events.onFrame(frame)
          }),
        close: () => later(end)
      })
      events.onOpen()
    })
    return {
      send: (frame: string) =>
        later(() => {
          record('server', frame)
          served?.receive(frame)
        }),
      close() {
        if (!isOpen) return
        isOpen = false
        open.delete(end)
        served?.closed()
      }
    }
  }

  return {
    connect,
    transcript,
    cut() {
      isCut = true
      for (const end of [...open]) end()
    },
    restore() {
      isCut = false
    }
  }
}
