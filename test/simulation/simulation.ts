/** One seed: users act and faults happen, with checks after every step. Then all must agree. */

import { createCrafter } from './crafter.ts'
import { createDevice, type Device } from './device.ts'
import type { Tab } from './tab.ts'
import type { Restorable } from './database.ts'
import type { OpenStorage } from './disk.ts'
import { faults } from './faults.ts'
import { followedBy } from './history.ts'
import { missing } from './ledger.ts'
import type { Random } from './random.ts'
import { createServer } from './server.ts'
import { drawSwarm, type Conditions } from './swarm.ts'
import { act } from './workload.ts'
import { createWorld, type Violation, type World } from './world.ts'

export type RunOptions = {
  readonly seed: number
  /** Users act for so many steps. Then everything must settle. */
  readonly steps: number
  /** Only these events happen. Without it, all happen. */
  readonly only?: ReadonlySet<number>
  readonly recorded?: boolean
  /** Replaces the conditions that the seed draws. */
  readonly conditions?: Conditions
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
  /** The steps per device that the end took to settle. */
  readonly settledIn: number
}

/**
 * After the last fault, everything settles within so many steps per device. A logout beside twelve
 * tabs with 82 pending operations takes 4,616, because each tab also seals and removes.
 */
export const stepsToSettleMax = 6000
const msToSettleMax = 300_000
const compareEveryMs = 2500
const togetherMs = 200
const questionsTogether = 3

export async function simulate(options: RunOptions): Promise<Outcome> {
  const { seed, steps, only, recorded = false, conditions: forced, openStorage, database } = options
  const world = createWorld(seed, { recorded })
  const swarm = drawSwarm(world, forced)
  const { users, names, conditions, chaos, tokenMs, policy } = swarm
  const server = createServer(world, database, { policy, isPooled: conditions.has('pool') })
  const devices: Device[] = []
  const scene = {
    users: [...users, 'outsider', ...(conditions.has('crafter') ? ['crafter'] : [])].map(
      names.user
    ),
    groupIDs: ['g0', 'g1', 'g2', 'g3'].slice(0, swarm.groupCount).map(names.group),
    hasEntries: conditions.has('entries')
  }
  const onRejection = (error: unknown) =>
    world.violate('unhandled', error instanceof Error ? String(error.stack) : String(error))
  process.on('unhandledRejection', onRejection)

  async function addDevice(label: string, copied?: Device): Promise<void> {
    const userID = names.user(label)
    const image = copied?.disk.image()
    const name = `${label}${'abcdef'[devices.filter(each => each.userID === userID).length]}`
    const device = await createDevice(world, server, {
      ...{ name, userID, chaos, tokenMs, conditions },
      openStorage,
      ...(copied && image && { copied: { disk: copied.disk, ledger: copied.ledger, image } })
    })
    devices.push(device)
    device.openTab()
  }

  let crafter: { heal(): void } | undefined
  let events = 0
  /** All act at once before a pause, so that no later change hides a race. */
  function actTogether(random: Random, index: number): void {
    const groupID = random.pickFrom(scene.groupIDs) ?? ''
    for (const device of devices)
      for (const tab of device.tabs) {
        const soon = (run: () => void) =>
          world.at(
            world.now() + random.around(togetherMs),
            () => tab.isAlive && !tab.gate.isFrozen() && !isHealed && run()
          )
        soon(() =>
          world.note(
            `event ${index}: ${tab.name} ${act(random, { scene, device, tab, count: index })}`
          )
        )
        for (let count = 0; count < questionsTogether; count++)
          soon(() => device.within(tab, 'readProfile', tab.engine.readProfile(groupID, false)))
      }
  }

  function happen(): void {
    const random = world.random('event', events)
    const index = events++
    const isLull = random.chance(swarm.lull)
    if (isLull && conditions.has('pool') && (!only || only.has(index))) actTogether(random, index)
    world.at(world.now() + random.around(isLull ? swarm.lullMs : swarm.gapMs), () => {
      if (isHealed) return
      happen()
      if (only && !only.has(index)) return
      const device = random.pickFrom(devices)
      const tab = device && random.pickFrom([...device.tabs].filter(({ gate }) => !gate.isFrozen()))
      if (!device) return
      device.touched()
      const doSomething = (tab: Tab) =>
        world.note(
          `event ${index}: ${tab.name} ${act(random, { scene, device, tab, count: index })}`
        )
      const fault = random.chance(swarm.faultRate) ? random.pickFrom(swarm.faults) : undefined
      if (fault !== undefined) {
        world.note(`event ${index}: ${device.name} ${fault}`)
        const clone = (from: Device) => {
          if (devices.filter(({ userID }) => userID === from.userID).length < 3) {
            server.expectCopies()
            void world.wait(addDevice(from.name.slice(0, -1), from))
          }
        }
        faults[fault]?.({ world, server, devices, device, tab, random, clone, act: doSomething })
      } else if (tab) doSomething(tab)
    })
  }

  /** Compares regularly, because a long time can pass without another step. */
  function compare(): void {
    for (const device of devices) device.compare()
    world.at(world.now() + compareEveryMs, compare)
  }

  let isHealed = false
  let settledIn = 0
  try {
    for (const label of users) await addDevice(label)
    for (const label of users) if (swarm.chanceOfSecondDevice()) await addDevice(label)
    if (conditions.has('crafter')) {
      const userID = names.user('crafter')
      server.expectCrafting(userID)
      crafter = createCrafter(world, server, { userID, scene, gapMs: 500 })
    }
    compare()
    happen()
    while (world.steps() < steps && !world.violation()) {
      await world.step()
      for (const device of devices) device.check()
    }
    isHealed = true
    server.heal()
    crafter?.heal()
    for (const device of devices) device.heal()
    world.note('all is well')
    const healedAt = { steps: world.steps(), time: world.now() }
    const limit = stepsToSettleMax * devices.length
    while (!world.violation()) {
      await world.step()
      for (const device of devices) device.check()
      settledIn = world.steps() - healedAt.steps
      if (
        settledIn % 16 === 0 &&
        server.held().length === 0 &&
        devices.every(device => isAtRest(world, device, server))
      )
        break
      if (settledIn <= limit && world.now() - healedAt.time <= msToSettleMax) continue
      const late = devices.flatMap(device => whyNot(device, server))
      if (late.length > 0) world.violate('liveness', late.slice(0, 4).join('; '))
      else world.violate('I19', server.held().join('; '))
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
    settledIn: Math.ceil(settledIn / devices.length)
  }
}

function isAtRest(world: World, device: Device, server: ReturnType<typeof createServer>): boolean {
  if (whyNot(device, server).length > 0) return false
  for (const tab of device.tabs) if (!tab.gate.isFrozen() && !tab.view.checkAll()) return false
  for (const { opID, verdict } of device.ledger.accounts.values())
    if (!verdict) world.violate('I4', `${device.name}: ${opID} has no verdict in the end`)
  return true
}

function whyNot(
  { name, userID, disk, tabs }: Device,
  server: ReturnType<typeof createServer>
): string[] {
  const history = server.history()
  const why: string[] = []
  // Writes of a dead tab may still happen.
  if (!disk.isIdle()) why.push('storage is at work')
  if (disk.table('meta').get('')?.epoch !== history.epoch) why.push('another epoch')
  why.push(...missing(disk, history, userID, followedBy(history, userID)))
  const awake = [...tabs].filter(({ gate }) => !gate.isFrozen())
  const leaders = awake.map(tab => tab.screen.status())
  if (!leaders.some(status => status?.caughtUp))
    why.push(`not caught up: ${JSON.stringify(leaders)}`)
  return why.map(each => `${name}: ${each}`)
}
