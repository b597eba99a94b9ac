/** A network between clients and a server in one process: it takes time, it can be cut, and it records what was said. */

import type { Connect, LinkEvents } from '../protocol/port.ts'
import type { TestClock } from './clock.ts'

/** The server's end of a connection. */
export type Served = { receive(frame: string): void; closed(): void }
export type Serve = (connection: { send(frame: string): void; close(): void }) => Served

export type TestNetwork = {
  readonly connect: Connect
  /** Everything that arrived, in order, parsed. */
  readonly transcript: {
    readonly to: 'server' | 'client'
    readonly message: Record<string, unknown>
  }[]
  /** Ends all connections and refuses new ones. */
  cut(): void
  restore(): void
}

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
    const say = (to: 'server' | 'client', frame: string) =>
      transcript.push({ to, message: JSON.parse(frame) as Record<string, unknown> })

    open.add(end)
    later(() => {
      if (isCut) return end()
      served = serve({
        send: frame =>
          later(() => {
            say('client', frame)
            events.onFrame(frame)
          }),
        close: () => later(end)
      })
      events.onOpen()
    })
    return {
      send: (frame: string) =>
        later(() => {
          say('server', frame)
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
