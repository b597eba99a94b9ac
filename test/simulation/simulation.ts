/** One seed: users act, things go wrong, everything is checked after every step; then all is well again, and all agree. */

import { createDevice, type Device, type Tab } from './device.ts'
import type { OpenStorage } from './disk.ts'
import { faultNames, faults } from './faults.ts'
import { followedBy } from './history.ts'
import { behind } from './ledger.ts'
import { createServer, type Restorable } from './server.ts'
import { act } from './workload.ts'
import { createWorld, type Violation, type World } from './world.ts'

export type RunOptions = {
  readonly seed: number
  /** Users act until so many steps are done; then everything has to settle. */
  readonly steps: number
  /** Only these events happen; all, when not given. */
  readonly only?: ReadonlySet<number>
  readonly recorded?: boolean
  readonly openStorage: OpenStorage
  readonly database: Restorable
}

export type Outcome = {
  readonly seed: number
  readonly steps: number
  readonly events: number
  readonly operations: number
  readonly hash: number
  readonly violation: Violation | undefined
  readonly transcript: readonly string[]
  /** How many steps it took to settle in the end. */
  readonly settledIn: number
}

/** After the last fault everything is settled within so many steps, and so much time, per device. */
export const stepsToSettleMax = 4000
const msToSettleMax = 300_000

export async function simulate({ seed, steps, only, recorded = false, openStorage, database }: RunOptions): Promise<Outcome> {
  const world = createWorld(seed, { recorded })
  const swarm = drawSwarm(world)
  const server = createServer(world, database, {})
  const devices: Device[] = []
  const users = swarm.users
  const scene = { users: [...users, 'outsider'], groupIDs: ['g0', 'g1', 'g2', 'g3'].slice(0, swarm.groupCount) }
  const onRejection = (error: unknown) => world.violate('unhandled', error instanceof Error ? String(error.stack) : String(error))
  process.on('unhandledRejection', onRejection)

  async function addDevice(userID: string, copied?: Device): Promise<void> {
    const { chaos, tokenMs } = swarm
    const image = copied?.disk.image()
    const name = `${userID}${'abcdef'[devices.filter(each => each.userID === userID).length]}`
    const device = await createDevice(world, server, {
      name,
      userID,
      chaos,
      tokenMs,
      openStorage,
      ...(copied && image && { copied: { disk: copied.disk, ledger: copied.ledger, image } })
    })
    devices.push(device)
    device.openTab()
  }

  let events = 0
  function happen(): void {
    const random = world.random('event', events)
    const index = events++
    world.at(world.now() + random.around(random.chance(swarm.lull) ? 60_000 : swarm.gapMs), () => {
      if (isHealed) return
      happen()
      if (only && !only.has(index)) return
      const device = random.pickFrom(devices)
      const tab = device && random.pickFrom([...device.tabs])
      if (!device) return
      const doSomething = (tab: Tab) =>
        world.note(`event ${index}: ${tab.name} ${act(random, { scene, device, tab, count: index })}`)
      const fault = random.chance(swarm.faultRate) ? random.pickFrom(swarm.faults) : undefined
      if (fault !== undefined) {
        world.note(`event ${index}: ${device.name} ${fault}`)
        const clone = (from: Device) => {
          if (devices.filter(({ userID }) => userID === from.userID).length < 3) {
            server.expectCopies()
            void world.wait(addDevice(from.userID, from))
          }
        }
        faults[fault]?.({ world, server, devices, device, tab, random, clone, act: doSomething })
      } else if (tab) doSomething(tab)
    })
  }

  let isHealed = false
  let settledIn = 0
  try {
    for (const userID of users) await addDevice(userID)
    for (const userID of users) if (swarm.chanceOfSecondDevice()) await addDevice(userID)
    happen()
    while (world.steps() < steps && !world.violation()) {
      await world.step()
      for (const device of devices) device.check()
    }
    isHealed = true
    server.heal()
    for (const device of devices) device.heal()
    world.note('all is well')
    const healedAt = { steps: world.steps(), time: world.now() }
    const limit = stepsToSettleMax * devices.length
    while (!world.violation()) {
      await world.step()
      for (const device of devices) device.check()
      settledIn = world.steps() - healedAt.steps
      if (settledIn % 16 === 0 && devices.every(device => isAtRest(world, device, server))) break
      if (settledIn > limit || world.now() - healedAt.time > msToSettleMax)
        world.violate(
          'liveness',
          devices
            .flatMap(device => whyNot(device, server))
            .slice(0, 4)
            .join('; ')
        )
    }
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  const accounts = devices.flatMap(({ ledger }) => [...ledger.accounts.values()])
  return {
    seed,
    steps: world.steps(),
    events,
    operations: accounts.length,
    hash: world.hash(),
    violation: world.violation(),
    transcript: world.transcript(),
    settledIn
  }
}

/** Which faults there are in this seed, and how much of everything. */
function drawSwarm(world: World) {
  const random = world.random('swarm')
  const chosen = faultNames.filter(() => random.chance(0.4))
  return {
    users: ['u0', 'u1', 'u2', 'u3'].slice(0, 2 + random.below(3)),
    groupCount: 1 + random.below(4),
    faults: chosen,
    faultRate: random.pick([0, 0.05, 0.15, 0.3]),
    chaos: random.chance(0.25),
    tokenMs: random.chance(0.3) ? 20_000 + random.below(300_000) : 1e12,
    gapMs: random.pick([5, 30, 100, 400, 1500]),
    lull: random.pick([0, 0.005, 0.02]),
    chanceOfSecondDevice: () => random.chance(0.3)
  }
}

function isAtRest(world: World, device: Device, server: ReturnType<typeof createServer>): boolean {
  if (whyNot(device, server).length > 0) return false
  for (const tab of device.tabs) if (!tab.view.checkAll()) return false
  for (const { opID, verdict } of device.ledger.accounts.values())
    if (!verdict) world.violate('I4', `${device.name}: ${opID} has no verdict in the end`)
  return true
}

function whyNot({ name, userID, disk, tabs }: Device, server: ReturnType<typeof createServer>): string[] {
  const history = server.history()
  const why: string[] = []
  // What a tab that has died was writing may still come.
  if (!disk.isIdle()) why.push('storage is at work')
  if (disk.table('meta').get('')?.epoch !== history.epoch) why.push('another epoch')
  why.push(...behind(disk, history, userID, followedBy(history, userID)))
  const leaders = [...tabs].map(tab => tab.screen.status())
  if (!leaders.some(status => status?.caughtUp)) why.push(`not caught up: ${JSON.stringify(leaders)}`)
  return why.map(each => `${name}: ${each}`)
}
