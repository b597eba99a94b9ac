/**
 * The network of one device. A connection keeps the order of its frames, as TCP does. A cut loses
 * the last frames of each direction. In chaos, single frames are also lost, repeated or reordered.
 */

import type { Session } from '../../src/server/sessions/session-port.ts'
import type { Connect, Link, LinkEvents } from '../../src/protocol/port.ts'
import { refusesFrame } from './audit.ts'
import type { SimulatedServer } from './server.ts'
import type { Conditions } from './swarm.ts'
import type { World } from './world.ts'

export type Direction = 'up' | 'down'
export type Wires = {
  readonly connect: Connect
  /** Whether frames are lost, or late. */
  isDisturbed(): boolean
  cut(): void
  /** From now on frames vanish in one direction, without an error. */
  fall(direction: Direction): void
  setDown(down: boolean): void
  setLatency(ms: number): void
  heal(): void
}
type Cable = { cut(): void; fall(direction: Direction): void }

export type WiresOptions = {
  readonly name: string
  readonly chaos: boolean
  readonly conditions: Conditions
}

/** A network with a higher mean latency counts as disturbed. */
export const usualLatencyMsMax = 50

/** Bytes per second of slow links. */
const ratesOfSlowLinks = [4000, 16_000, 64_000] as const
/** The bytes that a socket buffers before its server has to wait. */
const socketBytes = 3000
/** A proxy cuts a line after so many idle milliseconds. */
const idleMsOfProxies = [12_000, 15_000, 20_000, 60_000] as const

export function linkOf(world: World, { name, conditions }: WiresOptions) {
  const lots = world.random('link', name)
  return {
    bytesPerSecond: conditions.has('links') ? lots.pick(ratesOfSlowLinks) : Infinity,
    idleMs: conditions.has('proxies') ? lots.pick(idleMsOfProxies) : Infinity
  }
}

export function createWires(world: World, server: SimulatedServer, options: WiresOptions): Wires {
  const { name, chaos } = options
  const random = world.random('wires', name)
  const { bytesPerSecond, idleMs } = linkOf(world, options)
  const cables = new Set<Cable>()
  let isDown = false
  let latencyMs = 10
  let isChaotic = chaos
  /** The arrival of the last frame of a slow network. Later frames arrive after it. */
  let lateUntil = 0
  /** The number of connections that are dead in one direction. */
  let hasFallen = 0

  const delay = () => 1 + random.around(latencyMs)
  const isSlow = () => latencyMs > usualLatencyMsMax

  function connect(events: LinkEvents): Link {
    const arrivals = { up: 0, down: 0 }
    /** The time at which the link has carried all its bytes. */
    const freeAt = { up: 0, down: 0 }
    /** Bytes in the server's socket, on their way to the client. */
    let unsent = 0
    const onDrained: (() => void)[] = []
    let stopIdleTimer = () => {}
    const fallen = { up: false, down: false }
    /** Whether the client's end is open. The server's may learn of a cut later. */
    let client = true
    let session: Session | undefined
    let room: Promise<void> | undefined
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

    function release(): void {
      if (!cables.delete(cable)) return
      stopIdleTimer()
      if (fallen.up || fallen.down) hasFallen--
    }

    function cut(): void {
      if (isCut) return
      isCut = true
      release()
      later(closeClient)
      later(closeServer)
    }

    /** Restarts the idle timer of the proxy. */
    function pass(): void {
      if (idleMs === Infinity) return
      stopIdleTimer()
      stopIdleTimer = world.at(world.now() + idleMs, cut)
    }

    /** The time at which the last byte of a frame has left the link. */
    function sent(direction: Direction, { length }: string): number {
      if (bytesPerSecond === Infinity) return world.now()
      freeAt[direction] =
        Math.max(world.now(), freeAt[direction]) + (length / bytesPerSecond) * 1000
      return freeAt[direction]
    }

    function carry(direction: Direction, frame: string, deliver: () => void): void {
      if (isCut || fallen[direction]) return
      const lottery = isChaotic ? random.below(25) : 3
      if (lottery === 0) return
      const arrival = sent(direction, frame) + delay()
      if (direction === 'down') unsent += frame.length
      const arrivesAtMs = lottery === 1 ? arrival : Math.max(arrival, arrivals[direction])
      arrivals[direction] = Math.max(arrivesAtMs, arrivals[direction])
      if (isSlow()) lateUntil = Math.max(lateUntil, arrivesAtMs)
      const arrive = () => {
        if (isCut || fallen[direction]) return
        pass()
        world.note(`${name} ${direction} ${frame}`)
        deliver()
      }
      world.at(arrivesAtMs, () => {
        arrive()
        if (direction === 'up') return
        unsent -= frame.length
        if (unsent <= socketBytes) for (const resolve of onDrained.splice(0)) resolve()
      })
      // The copy may arrive much later.
      if (lottery === 2 || lottery === 4)
        world.at(world.now() + random.around(10) * delay(), arrive)
    }

    /** The server receives the next frame when it has room. */
    function receive(frame: string): void {
      const give = () => session?.receive(frame)
      const full = room ? room.then(give) : give()
      if (!full) return
      const own = full.then(() => void (room === own && (room = undefined)))
      room = own
    }

    const cable: Cable = { cut, fall }
    function fall(direction: Direction): void {
      if (!fallen.up && !fallen.down) hasFallen++
      fallen[direction] = true
    }
    cables.add(cable)
    later(() => {
      if (isCut) return
      session = isDown
        ? undefined
        : server.open(
            {
              send(frame) {
                if (onDrained.length > 0 && !frame.startsWith('{"type":"error"'))
                  world.violate(
                    'I17',
                    `${name} is sent more although its socket is full: ${frame.slice(0, 80)}`
                  )
                // Chaos repeats frames: a second `hello` is refused.
                if (!chaos && refusesFrame(frame))
                  world.violate('I18', `${name} is refused a frame`)
                carry('down', frame, () => client && events.onFrame(frame))
                return unsent > socketBytes
                  ? new Promise<void>(resolve => onDrained.push(resolve))
                  : undefined
              },
              close: () => later(cut)
            },
            cut
          )
      if (!session) return cut()
      pass()
      if (client) events.onOpen()
      else cut()
    })
    return {
      send: frame => client && carry('up', frame, () => receive(frame)),
      close() {
        // Frames sent before still arrive.
        client = false
        const closesAtMs = Math.max(arrivals.up, world.now() + delay())
        world.at(closesAtMs, () => {
          isCut = true
          release()
          closeServer()
        })
      }
    }
  }

  return {
    connect,
    isDisturbed: () => isDown || isChaotic || isSlow() || world.now() < lateUntil || hasFallen > 0,
    cut(): void {
      for (const { cut } of [...cables]) cut()
    },
    fall(direction): void {
      for (const { fall } of cables) fall(direction)
    },
    setDown(down): void {
      isDown = down
      if (down) for (const { cut } of [...cables]) cut()
    },
    setLatency: ms => void (latencyMs = ms),
    heal(): void {
      // Only a new connection resends frames lost in chaos. TCP loses none.
      if (isChaotic) for (const { cut } of [...cables]) cut()
      isDown = isChaotic = false
      latencyMs = 10
    }
  }
}
