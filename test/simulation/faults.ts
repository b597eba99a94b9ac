/** The faults. Each seed draws the frequency of each, and leaves most of them out. */

import type { Device } from './device.ts'
import type { Tab } from './tab.ts'
import type { OperationName } from '../../src/kernel/decide.ts'
import type { Random } from './random.ts'
import type { SimulatedServer } from './server.ts'
import type { World } from './world.ts'

export type Stage = {
  readonly world: World
  readonly server: SimulatedServer
  readonly devices: readonly Device[]
  readonly device: Device
  readonly tab: Tab | undefined
  readonly random: Random
  /** Opens another device of the user on a copy of this one's database. */
  clone(device: Device): void
  /** Lets the user of a tab act. */
  act(tab: Tab): void
}

/** Expected: storage refuses. The caller gets the error. */
const noted = () => undefined
const day = 86_400_000
const awake = ({ tabs }: Device): Tab | undefined => [...tabs].find(({ gate }) => !gate.isFrozen())

/**
 * Ends a tab, often when only some of the user's last operations are stored. A browser also ends
 * frozen tabs, in which nobody can act.
 */
function abruptly({ world, device, tab, random, act }: Stage, end: (tab: Tab) => void): void {
  if (!tab) return
  if (random.chance(0.5) || tab.gate.isFrozen()) return end(tab)
  for (let count = 0; count < 3; count++) act(tab)
  world.at(world.now() + random.around(2 * device.disk.latencyMs()), () => tab.isAlive && end(tab))
}

/** Removes a user from the groups of a device and adds them again, by users who may. */
function sendOutAndIn({ userID, disk }: Device, devices: readonly Device[]): void {
  for (const other of devices) {
    const tab = awake(other)
    if (!tab || other.userID === userID) continue
    for (const groupID of disk.table('groups').keys())
      for (const name of ['deleteGroupMember', 'addGroupMember'] as const)
        void other.apply(tab, name, { groupID, userIDList: [userID] })
  }
}

/** Other users change the groups of a device, by three positions each. */
function change({ userID, disk }: Device, devices: readonly Device[]): void {
  for (const other of devices) {
    const tab = awake(other)
    if (!tab || other.userID === userID) continue
    for (const groupID of disk.table('groups').keys())
      for (const field of ['name', 'introduction', 'notification'])
        void other.apply(tab, 'updateGroupProfile', { groupID, [field]: `by ${other.name}` })
  }
}

/** A user applies, joins in another way and leaves. Then an admin accepts the old application. */
function overtakeApplication({ world, devices, random }: Stage): void {
  const [owner, applicant] = devices.map(awake)
  const [device, other] = devices
  const groups = owner ? [...owner.screen.groups.rows.values()] : []
  const groupID = random.pickFrom(
    groups.filter(({ type, ownerID }) => type === 'Public' && ownerID === device?.userID)
  )?.groupID
  if (
    !device ||
    !other ||
    !owner ||
    !applicant ||
    groupID === undefined ||
    other.userID === device.userID
  )
    return
  const steps: [Device, Tab, OperationName, object][] = [
    [device, owner, 'updateGroupProfile', { joinOption: 'NeedPermission' }],
    [other, applicant, 'quitGroup', {}],
    [other, applicant, 'joinGroup', {}],
    [device, owner, 'updateGroupProfile', { joinOption: 'FreeAccess' }],
    [other, applicant, 'joinGroup', {}],
    [other, applicant, 'quitGroup', {}],
    [device, owner, 'handleGroupApplication', { userID: other.userID, handleAction: 'Agree' }]
  ]
  for (const [index, [from, tab, name, args]] of steps.entries())
    world.at(
      world.now() + index * 200,
      () => tab.isAlive && !tab.gate.isFrozen() && void from.apply(tab, name, { groupID, ...args })
    )
}

/** Each fault affects a device or the server. */
export const faults: Readonly<Record<string, (stage: Stage) => void>> = {
  'connection cut': ({ device }) => device.wires.cut(),
  'frames vanish': ({ device, random }) => device.wires.fall(random.pick(['up', 'down'])),
  offline({ world, device, random }) {
    device.wires.setDown(true)
    world.at(world.now() + random.around(20_000), () => {
      device.wires.setDown(false)
      if (random.chance(0.5)) device.wake()
    })
  },
  'away while sent out and in'({ world, server, devices, device, random }) {
    device.wires.setDown(true)
    const awayMs = random.around(random.pick([1000, 20_000]))
    world.at(world.now() + awayMs / 2, () => sendOutAndIn(device, devices))
    world.at(world.now() + awayMs, () => {
      // With history, the device receives the new membership as a delta, else as a full snapshot.
      if (random.chance(0.5)) server.compact(0)
      device.wires.setDown(false)
      device.wake()
    })
  },
  'slow network'({ world, device, random }) {
    device.wires.setLatency(random.around(2000))
    world.at(world.now() + random.around(20_000), () => device.wires.setLatency(10))
  },
  'server crashes': ({ server }) => server.crash(),
  'server crashes before commit': ({ server }) => server.failNext('crash before commit'),
  'server crashes after commit': ({ server }) => server.failNext('crash after commit'),
  'database refuses': ({ server }) => server.failNext('refuse'),
  'application overtaken': overtakeApplication,
  'server turns away': ({ server, random }) => server.turnAway(random.around(100_000)),
  'announcements lost': ({ server, random }) => server.loseAnnouncements(1 + random.below(3)),
  'announcements late': ({ server, random }) => server.delayAnnouncements(1 + random.below(3)),
  'log trimmed': ({ server, random }) => server.compact(random.pick([0, 5000, 60_000])),
  'backup taken': ({ server }) => server.backUp(),
  'backup restored': ({ server }) => server.restore(),
  'away while a backup is restored'({ world, server, devices, device, random }) {
    server.backUp()
    const soonMs = random.around(random.pick([300, 3000]))
    // Afterwards the positions are the same, with other rows.
    world.at(world.now() + soonMs, () => {
      device.wires.setDown(true)
      server.restore()
    })
    world.at(world.now() + 3 * soonMs, () => change(device, devices))
    world.at(world.now() + 6 * soonMs, () => {
      device.wires.setDown(false)
      device.wake()
    })
  },
  'tab dies'(stage) {
    const { world, device, random } = stage
    // Another tab must lead next. The oldest mostly has the lock.
    if (device.tabs.size === 1 && random.chance(0.5)) return void device.openTab()
    abruptly({ ...stage, tab: random.chance(0.5) ? [...device.tabs][0] : stage.tab }, tab => {
      device.kill(tab)
      if (device.tabs.size === 0)
        world.at(
          world.now() + random.around(3000),
          () => device.tabs.size === 0 && void device.openTab()
        )
    })
  },
  'tab freezes'({ world, device, tab, random }) {
    const { leader } = device
    const frozen = random.chance(0.6) ? leader() : tab
    if (!frozen?.isAlive) return
    device.freeze(frozen)
    const frozenMs = random.around(random.pick([2000, 10_000, 60_000]))
    world.at(world.now() + frozenMs, () => frozen.isAlive && device.thaw(frozen))
  },
  'leader frozen with others'(stage) {
    const { device, world, random } = stage
    if (device.tabs.size === 1) device.openTab()
    const soonMs = random.around(2000)
    world.at(world.now() + soonMs, () => faults['tab freezes']?.(stage))
  },
  'lock stolen': ({ device }) => device.rob(),
  'second tab': ({ device }) => void (device.tabs.size < 3 && device.openTab()),
  'tab closes': stage =>
    abruptly(
      stage,
      tab => void (!tab.gate.isFrozen() && stage.device.close(tab, 'close').catch(noted))
    ),
  'logs out': ({ device, tab, random }) =>
    void (tab && device.close(tab, random.pick(['keep', 'flush', 'discard'])).catch(noted)),
  'logs out without having read'({ world, device, random }) {
    device.disk.failReads(1)
    const tab = device.openTab()
    const soonMs = random.around(10 * device.disk.latencyMs())
    world.at(
      world.now() + soonMs,
      () =>
        tab.isAlive &&
        !tab.gate.isFrozen() &&
        void device.close(tab, random.pick(['flush', 'discard'])).catch(noted)
    )
  },
  'write fails': ({ device, random }) => device.disk.failWrites(1 + random.below(2)),
  'read fails': ({ device }) => device.disk.failReads(1),
  'storage full': ({ device, random }) => device.disk.fillUp(random.around(5000)),
  'quota exhausted': ({ device, random }) => device.disk.exhaustQuota(random.around(20_000)),
  'storage hangs'({ world, device, random }) {
    device.disk.setLatency(15_000)
    world.at(world.now() + random.around(60_000), () => device.disk.setLatency(1))
  },
  'storage emptied': ({ device }) => device.loseStorage(),
  'storage gone': ({ device, random }) => device.disk.goAway(random.around(20_000)),
  'slow storage'({ world, device, random }) {
    device.disk.setLatency(random.around(1500))
    world.at(world.now() + random.around(10_000), () => device.disk.setLatency(1))
  },
  'clock jumps': ({ device, random }) =>
    device.jump(Math.round((random.next() - 0.5) * random.pick([10_000, day, 2000 * day]))),
  'database cloned': ({ device, clone }) => clone(device)
}
export const faultNames = Object.keys(faults)
