/**
 * The network of a device on HTTP, between the real client and the real sessions. Requests and
 * answers can be lost. Proxies cut large bodies and long requests.
 */

import { connectHttp } from '../../src/protocol/transports/http.ts'
import type { LinkEvents } from '../../src/protocol/port.ts'
import type { Answer } from './http-server.ts'
import type { SimulatedServer } from './server.ts'
import {
  linkOf,
  usualLatencyMsMax,
  type Direction,
  type Wires,
  type WiresOptions
} from './wires.ts'
import type { World } from './world.ts'

type Exchange = { fail(): void; fall(): void; hasFallen(): boolean }
type Fetch = (body: string, signal: AbortSignal) => Promise<Answer>

/** The largest body that a proxy forwards. */
const bodyBytesOfProxies = [4000, 16_000, 1_000_000] as const
/** The network of each address. */
const routes = new Map<string, Fetch>()

/** Routes the engines' `fetch` to the simulated networks. */
export function replaceFetch(): void {
  const virtual = async (url: string, { body, signal }: { body: string; signal: AbortSignal }) => {
    const answer = await routes.get(url)?.(body, signal)
    if (!answer) throw new TypeError('Failed to fetch')
    const { status, text } = answer
    // The part of a response that the client uses.
    return {
      ok: status < 300,
      status,
      json: async () => JSON.parse(text) as unknown,
      text: async () => text
    }
  }
  globalThis.fetch = virtual as unknown as typeof fetch
}

export function createHttpWires(
  world: World,
  server: SimulatedServer,
  options: WiresOptions
): Wires {
  const { name, chaos, conditions } = options
  const random = world.random('wires', name)
  const { bytesPerSecond, idleMs } = linkOf(world, options)
  const bodyBytesMax = conditions.has('proxies')
    ? world.random('body', name).pick(bodyBytesOfProxies)
    : Infinity
  const url = `http://${name}.test/sync`
  const exchanges = new Set<Exchange>()
  const freeAt = { up: 0, down: 0 }
  const fallen = { up: false, down: false }
  let isDown = false
  let isChaotic = chaos
  let latencyMs = 10
  /** The arrival of the last body that left while the network was slow. */
  let lateUntil = 0

  const isSlow = () => latencyMs > usualLatencyMsMax
  // The IDs of sessions are random, and traces must be equal.
  const note = (direction: Direction, text: string) =>
    world.note(`${name} ${direction} ${text.replace(/"session":"[^"]+"/, '"session":"…"')}`)
  const isLost = () => isChaotic && random.below(25) === 0
  /** The time at which a body has passed the link. */
  function arrival(direction: Direction, { length }: string): number {
    const carriedAt = Math.max(world.now(), freeAt[direction]) + (length / bytesPerSecond) * 1000
    freeAt[direction] = bytesPerSecond === Infinity ? 0 : carriedAt
    const arrivesAtMs = carriedAt + 1 + random.around(latencyMs)
    if (isSlow()) lateUntil = Math.max(lateUntil, arrivesAtMs)
    return arrivesAtMs
  }

  const exchange: Fetch = (body, signal) =>
    new Promise((resolve, reject) => {
      let hangUp = () => {}
      let stopProxy = () => {}
      let hasFallen = false
      const over = () => {
        if (!exchanges.delete(own)) return false
        signal.removeEventListener('abort', abort)
        stopProxy()
        return true
      }
      const abort = () => {
        if (over()) hangUp()
        reject(new DOMException('The request was aborted.', 'AbortError'))
      }
      const own: Exchange = {
        fail() {
          if (over())
            world.at(world.now() + 1 + random.around(latencyMs), () =>
              reject(new TypeError('Failed to fetch'))
            )
          hangUp()
        },
        fall: () => void (hasFallen = true),
        hasFallen: () => hasFallen
      }
      if (signal.aborted) return abort()
      exchanges.add(own)
      signal.addEventListener('abort', abort)
      const answer = (given: Answer) =>
        world.at(arrival('down', given.text), () => {
          if (hasFallen || fallen.down) return
          if (isLost()) return own.fail()
          if (!over()) return
          hangUp()
          note('down', `${given.status} ${given.text}`)
          resolve(given)
        })
      world.at(arrival('up', body), () => {
        if (hasFallen || fallen.up || !exchanges.has(own)) return
        if (isDown || isLost()) return own.fail()
        if (body.length > bodyBytesMax) return void answer({ status: 413, text: 'too large' })
        note('up', body)
        hangUp = server.request(body, answer, own.fail) ?? hangUp
        if (idleMs < Infinity) stopProxy = world.at(world.now() + idleMs, own.fail)
      })
    })

  function heal(): void {
    fallen.up = fallen.down = false
    isDown = isChaotic = false
    latencyMs = 10
  }

  routes.set(url, exchange)
  return {
    connect: (events: LinkEvents) => connectHttp(url)(events),
    isDisturbed: () =>
      isDown ||
      isChaotic ||
      isSlow() ||
      world.now() < lateUntil ||
      fallen.up ||
      fallen.down ||
      [...exchanges].some(each => each.hasFallen()),
    cut(): void {
      fallen.up = fallen.down = false
      for (const each of [...exchanges]) each.fail()
    },
    /** Makes requests, or their answers, hang for a while: a line that is dead one way. */
    fall(direction): void {
      fallen[direction] = true
      for (const each of exchanges) each.fall()
      world.at(world.now() + random.around(30_000), () => void (fallen[direction] = false))
    },
    setDown(down): void {
      isDown = down
      if (down) for (const each of [...exchanges]) each.fail()
    },
    setLatency: ms => void (latencyMs = ms),
    heal
  }
}
