/**
 * A crash at every await. A scenario is a short list of actions. It runs once to count its steps,
 * then once per step with a crash there. Between two steps all code waits for storage, the
 * network, a timer or the database, so the steps cover every await.
 */

import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { createDevice, type Device } from './device.ts'
import { followedBy } from './history.ts'
import { missing } from './ledger.ts'
import { openStorageOf } from './machines.ts'
import { createRandom, type Random } from './random.ts'
import { createServer } from './server.ts'
import { act } from './workload.ts'
import { createWorld, type World } from './world.ts'

type Victim = 'device' | 'server'
export type Crash = { readonly step: number; readonly victim: Victim }
export type Scenario = { readonly seed: number; readonly actions: number }

const users = ['u0', 'u1', 'u2']
const scene = { users, groupIDs: ['g0', 'g1'], hasEntries: true }
const stepsMax = 5000

/** Returns the number of steps until everything had settled, and the violations. */
export async function playScenario(
  { seed, actions }: Scenario,
  crash?: Crash
): Promise<{ steps: number; wrong: string[] }> {
  const world = createWorld(seed, {})
  const server = createServer(world, createMemoryDatabase('epoch-1'), {})
  const openStorage = openStorageOf('memory')
  const open = (userID: string) =>
    createDevice(world, server, {
      name: `${userID}a`,
      userID,
      chaos: false,
      conditions: new Set(),
      tokenMs: 1e12,
      openStorage
    })
  const devices = [await open('u0'), await open('u1'), await open('u2')]
  for (const device of devices) device.openTab()
  const [victim] = devices

  for (let index = 0; index < actions; index++) {
    const random = createRandom(seed, 'action', index)
    world.at(world.now() + 50 + index * 20, () => actOnce(world, devices, random, index))
  }
  const finished = world.now() + 50 + actions * 20
  while (world.steps() < stepsMax && !world.violation()) {
    if (world.steps() === crash?.step) {
      if (crash.victim === 'server') server.crash()
      else if (victim) {
        for (const tab of [...victim.tabs]) victim.kill(tab)
        victim.openTab()
      }
    }
    await world.step()
    for (const device of devices) device.check()
    if (
      world.now() > finished &&
      world.steps() > (crash?.step ?? 0) &&
      devices.every(device => isSettled(device, server))
    )
      break
  }
  const { invariant, detail } = world.violation() ?? {}
  const wrong = devices.flatMap(({ ledger }) =>
    [...ledger.accounts.values()].flatMap(({ opID, verdict }) =>
      verdict ? [] : `${opID} has no verdict`
    )
  )
  if (invariant !== undefined) wrong.push(`${invariant}: ${detail}`)
  if (world.steps() >= stepsMax) wrong.push('it does not settle')
  return { steps: world.steps(), wrong }
}

function actOnce(world: World, devices: readonly Device[], random: Random, count: number): void {
  const device = random.pickFrom(devices)
  const tab = device && [...device.tabs][0]
  if (tab) world.note(act(random, { scene, device, tab, count }))
}

function isSettled(
  { userID, disk, tabs, isPaused, pauseOrResume }: Device,
  server: ReturnType<typeof createServer>
): boolean {
  for (const tab of tabs) if (isPaused()) pauseOrResume(tab)
  const isOnline = [...tabs].some(({ screen }) => screen.status()?.caughtUp)
  const history = server.history()
  return isOnline && [...missing(disk, history, userID, followedBy(history, userID))].length === 0
}
