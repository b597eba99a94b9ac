/**
 * The network of one device. A connection keeps the order of its frames, as TCP does; when it is cut, the last of them
 * are lost, each way. In chaos frames are also lost, repeated and overtaken singly.
 */

import type { Session } from '../../server/sessions.ts'
import type { Link, LinkEvents } from '../../src/sync/port.ts'
import type { SimulatedServer } from './server.ts'
import type { World } from './world.ts'

export type Wires = ReturnType<typeof createWires>
type Cable = { cut(): void; fall(direction: 'up' | 'down'): void }

export function createWires(world: World, server: SimulatedServer, { name, chaos }: { name: string; chaos: boolean }) {
  const random = world.random('wires', name)
  const cables = new Set<Cable>()
  let isDown = false
  let latencyMs = 10
  let isChaotic = chaos

  const delay = () => 1 + random.around(latencyMs)

  function connect(events: LinkEvents): Link {
    const arrivals = { up: 0, down: 0 }
    const fallen = { up: false, down: false }
    /** Whether this end takes part: the client's, and the server's, which may learn of the end later. */
    let client = true
    let session: Session | undefined
    let isCut = false

    function closeClient(): void {
      if (!client) return
      client = false
      events.onClose()
    }
    function closeServer(): void {
      session?.closed()
      session = undefined
    }
    const later = (run: () => void) => world.at(world.now() + delay(), run)

    function cut(): void {
      if (isCut) return
      isCut = true
      cables.delete(cable)
      later(closeClient)
      later(closeServer)
    }

    function carry(direction: 'up' | 'down', frame: string, deliver: () => void): void {
      if (isCut || fallen[direction]) return
      const lottery = isChaotic ? random.below(25) : 3
      if (lottery === 0) return
      const arrival = world.now() + delay()
      const at = lottery === 1 ? arrival : Math.max(arrival, arrivals[direction])
      arrivals[direction] = Math.max(at, arrivals[direction])
      const arrive = () => {
        if (isCut || fallen[direction]) return
        world.note(`${name} ${direction} ${frame}`)
        deliver()
      }
      world.at(at, arrive)
      // Perhaps long after.
      if (lottery === 2 || lottery === 4) world.at(world.now() + random.around(10) * delay(), arrive)
    }

    const cable: Cable = { cut, fall: direction => void (fallen[direction] = true) }
    cables.add(cable)
    later(() => {
      if (isCut) return
      session = isDown
        ? undefined
        : server.open(
            {
              send: frame => carry('down', frame, () => client && events.onFrame(frame)),
              close: () => later(cut)
            },
            cut
          )
      if (!session) return cut()
      if (client) events.onOpen()
      else cut()
    })
    return {
      send: frame => client && carry('up', frame, () => session?.receive(frame)),
      close() {
        // What was sent before still arrives.
        client = false
        const at = Math.max(arrivals.up, world.now() + delay())
        world.at(at, () => {
          isCut = true
          cables.delete(cable)
          closeServer()
        })
      }
    }
  }

  return {
    connect,
    cut(): void {
      for (const { cut } of [...cables]) cut()
    },
    /** From now on frames vanish in one direction, and nobody is told. */
    fall(direction: 'up' | 'down'): void {
      for (const { fall } of cables) fall(direction)
    },
    setDown(down: boolean): void {
      isDown = down
      if (down) for (const { cut } of [...cables]) cut()
    },
    setLatency: (ms: number) => void (latencyMs = ms),
    heal(): void {
      // What was lost in chaos only another connection brings; what TCP carries has to do without one.
      if (isChaotic) for (const { cut } of [...cables]) cut()
      isDown = isChaotic = false
      latencyMs = 10
    }
  }
}
