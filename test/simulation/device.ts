/** A user's device: a database and its open tabs, one of which holds the lock. */

import { isDeepStrictEqual } from 'node:util'
import type { Status } from '../../src/engine/api.ts'
import { isGroupError } from '../../src/engine/api.ts'
import type { OperationName } from '../../src/kernel/decide.ts'
import { errors } from '../../src/kernel/errors.ts'
import type { Write } from '../../src/storage/port.ts'
import { newerClient, newerServer } from '../other-build/newer.ts'
import { createAttempts } from './attempts.ts'
import { settlesWithin, settlesWithinMs } from './calls.ts'
import { checkEviction } from './evictions.ts'
import { createDisk, type Disk, type OpenStorage } from './disk.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createFreshness } from './freshness.ts'
import { createHttpWires } from './http-wires.ts'
import { createLeaders } from './leaders.ts'
import { createPeers } from './peers.ts'
import { createRepeats, type Call } from './repeats.ts'
import type { SimulatedServer } from './server.ts'
import type { Conditions } from './swarm.ts'
import { createTab, type Tab } from './tab.ts'
import { createTokens } from './tokens.ts'
import { isBroken } from './view.ts'
import { createWires } from './wires.ts'
import type { World } from './world.ts'

export type Device = Awaited<ReturnType<typeof createDevice>>

export type DeviceOptions = {
  readonly name: string
  readonly userID: string
  readonly chaos: boolean
  readonly conditions: Conditions
  /** The lifetime of a token. */
  readonly tokenMs: number
  readonly openStorage: OpenStorage
  /** The database of another device, as the beginning of this one's. */
  readonly copied?: {
    readonly disk: Disk
    readonly ledger: Ledger
    readonly image: readonly Write[]
  }
}

/** Expected: storage refuses. The caller gets the error and can retry. */
const noted = () => undefined

const resumedAfterMs = 1000

export async function createDevice(world: World, server: SimulatedServer, options: DeviceOptions) {
  const { name, userID, conditions, copied } = options
  const random = world.random('device', name)
  const ids = world.random('ids', name)
  const isServerNewer = conditions.has('builds') && world.random('build', userID).chance(0.5)
  const ledger = createLedger(world, server, {
    name,
    userID,
    eventsPerEvent: isServerNewer ? 2 : 1,
    ...(copied && { copied: copied.ledger })
  })
  const tabs = new Set<Tab>()
  // A logout in another tab ends this one, so its user opens a new tab, even if that tab has died.
  const peers = createPeers(world, random, {
    tabs,
    hasLocks: !conditions.has('lockless'),
    onPosted: (tab, message) => leaders.posted(tab, message),
    onStopped(tab) {
      world.at(world.now() + 2000 + random.around(2000), () => tab.isAlive && restart(tab))
    }
  })
  const within = <T>(tab: Tab, what: string, call: Promise<T>) =>
    settlesWithin(world, call, {
      what: `${tab.name}: ${what}`,
      isExpected: () => tab.isAlive && !tab.stopped && tab.gate.awakeMs() > settlesWithinMs
    })
  let tabCount = 0
  let idCount = 0
  let clockMs = 0
  /** Logouts under way, which remove a database that is too full for a seal. */
  const leaving = new Set<{ readonly tab: Tab; readonly how: 'flush' | 'discard' }>()
  let isRunning = true
  /** Operations that the browser has removed with the database, until a tab writes them again. */
  const lost = new Set<string>()
  /** Whether the last requested removal may find operations without a verdict. */
  let isForgetting = false
  /** Of all tabs, as the last call has set it. */
  let isPaused = false

  const disk = createDisk(world, { name, open: options.openStorage, onCommit: commit })
  if (copied) {
    await disk.fill(copied.image)
    // The copy of a database that the browser has just emptied has none of its operations.
    const pending = [...ledger.accounts.values()].filter(({ verdict }) => !verdict)
    const absent = pending.filter(({ opID }) => !disk.table('outbox').has(opID))
    ledger.forget(new Set(absent.map(({ opID }) => opID)))
  }
  const wires = (conditions.has('http') ? createHttpWires : createWires)(world, server, options)
  const connect = isServerNewer ? newerServer(wires.connect) : wires.connect
  const tokens = createTokens(world, options)
  const attempts = createAttempts(world, name)
  const leaders = createLeaders(world, { name, disk, tabs })
  const isSealed = () => disk.table('lease').get('')?.isSealed === true
  const repeats = createRepeats(world, {
    ...{ name, disk, ledger },
    tabFor: first =>
      [first, ...tabs].find(tab => isRunning && tab.isAlive && !tab.stopped && isAwake(tab)),
    isInformed: tab => isInformed(tab) && !disk.isWaiting() && !isUnposted(),
    call: apply
  })
  const isUnposted = () => [...tabs].some(({ hasUnposted }) => hasUnposted)

  const freshness = createFreshness(world, {
    ...{ name, userID, disk, ledger, history: server.history },
    isCaughtUp() {
      const leader = leaders.leader()
      const isRunning = leader && tabs.has(leader) && !leader.gate.isFrozen() && !isUnposted()
      return isRunning === true && leader.screen.status()?.caughtUp === true
    },
    disturbance() {
      if (disk.isDisturbed() || wires.isDisturbed()) return 'any'
      return server.isDisturbed() || conditions.has('links') ? 'until the next ping' : 'none'
    }
  })

  function commit(writes: readonly Write[], apply: () => void): void {
    for (const tab of tabs) tab.view.touch(writes)
    ledger.check(disk, writes, apply)
    for (const write of writes)
      if (write.table === 'outbox' && 'id' in write) {
        repeats.check(write)
        lost.delete(write.id)
        for (const tab of tabs) tab.inFlight.delete(write.id)
      }
  }

  const isInformed = (tab: Tab) =>
    !tab.stopped &&
    !tab.isUninformed &&
    tab.mail === 0 &&
    !tab.door.isClosed() &&
    tab.screen.groups.isOpen &&
    !isBroken(tab.screen.status())
  const isAwake = ({ gate }: Tab) => !gate.isFrozen() && !gate.isLate()

  /** A tab that knows all that is stored can write it again. */
  function loseStorage(): void {
    if (![...tabs].some(isInformed) || disk.isWaiting()) return
    // A tab that does not know a verdict, which a user has dismissed, stores its operation again.
    if (![...tabs].every(tab => isInformed(tab) && isAwake(tab)))
      ledger.expectRepeats(ledger.accounts.keys())
    repeats.forget()
    for (const opID of disk.table('outbox').keys()) lost.add(opID)
    disk.lose()
    peers.emptied()
    leaders.emptied()
  }

  function openTab({ paused = false } = {}): Tab {
    touched()
    leaders.forgetPause()
    if (tabs.size === 0) isPaused = paused
    const tabName = `${name}.${tabCount++}`
    const tab = createTab(world, {
      ...{ name: tabName, userID, disk, isPaused: paused, token: tokens.next() },
      peersOf: peers.of,
      // Each reload can bring another build.
      connect: conditions.has('builds') && random.chance(0.5) ? newerClient(connect) : connect,
      now: () => world.now() + clockMs,
      random: ids.next,
      newID: () => `${tabName}-${idCount++}`.padEnd(22, '_').slice(0, 22),
      isUnposted,
      onCommit: commit => checkEviction(world, commit),
      onCommitted: leaders.committed,
      onConnecting: attempts.tried,
      onStatus: attend,
      onDestroying: checkRemoval,
      onDestroyed: destroyed
    })
    tab.isLeftOver = isSealed()
    tabs.add(tab)
    world.note(`${tabName} opens`)
    return tab
  }

  /** I27: a tab ends the logout of a dead tab before it shows anything. */
  function checkLeftOver(tab: Tab): void {
    tab.isLeftOver &&= isSealed()
    const { groups, notices } = tab.screen
    if (tab.isLeftOver && !tab.door.isClosed() && groups.ids.length + notices.ids.length > 0)
      world.violate('I27', `${tab.name} shows rows of a visit that has ended`)
  }

  /** A tab requests the removal of the database. Only the logout of a full one has no seal. */
  function checkRemoval(tab: Tab): void {
    const isLeaving = (choice: string) =>
      [...leaving].some(each => each.tab === tab && each.how === choice)
    // After the seal, a new tab can fill the database before its removal.
    isForgetting = isLeaving('discard') || tab.door.hasReadSeal()
    if (isSealed() || isForgetting) return
    const { size } = disk.table('outbox')
    if (!isLeaving('flush') || !tab.door.isRefused() || size > 0)
      world.violate('I4', `${tab.name} removes a database with ${size} operations, without a seal`)
  }

  function destroyed(): void {
    peers.destroyed()
    leaders.destroyed()
    // A discard of a full database gives its verdicts in memory. Lost operations have none.
    ledger.forget(isForgetting && !isSealed() ? undefined : lost)
    repeats.forget()
    ledger.checkDestroyed()
    // All that a tab shows is outdated.
    tabs.forEach(miss)
  }

  /** The reactions of an app to errors that only an app can mend. */
  function attend(tab: Tab, status: Status): void {
    if (status.lastError && status.lastError.code >= errors.TokenExpired.code) askForToken(tab)
  }

  function askForToken(tab: Tab): void {
    const delayMs = tokens.delayMs()
    if (delayMs === undefined) return
    world.at(world.now() + delayMs, () =>
      tab.gate.pass('app', () => tab.isAlive && renewToken(tab))
    )
  }

  function renewToken(tab: Tab): void {
    touched()
    void tab.engine.renewToken(tokens.next())
  }

  function restart(tab: Tab): void {
    kill(tab)
    // This tab may have replaced tabs that do not know a dead tab's writes, and it could not read.
    if (isRunning && [...tabs].every(({ isUninformed }) => isUninformed)) openTab()
  }

  function miss(tab: Tab): void {
    tab.isUninformed = tab.hasMissed = true
    peers.missed(tab)
  }

  /** A user, a fault or the app acts. */
  function touched(): void {
    attempts.touched()
    leaders.touched()
  }

  /** Nothing reaches the tab. In the end a frozen leader with a follower may stay frozen. */
  function freeze(tab: Tab): void {
    world.note(`${tab.name} freezes`)
    leaders.forgetPause()
    tab.hasUnposted ||= !tab.door.isAnswered()
    tab.gate.freeze()
  }

  function thaw(tab: Tab): void {
    if (!tab.gate.isFrozen()) return
    world.note(`${tab.name} thaws`)
    touched()
    leaders.forgetPause()
    tab.gate.thaw()
  }

  /** Ends the process of a tab in the middle of its work. */
  function kill(tab: Tab): void {
    if (!tab.isAlive) return
    world.note(`${tab.name} dies`)
    tab.isAlive = false
    // It may have been the only one that knew them.
    ledger.forget(lost)
    lost.clear()
    tabs.delete(tab)
    tab.hangUp()
    const hasMissing = tab.door.die() || tab.hasUnposted
    if (hasMissing && tabs.size > 0) {
      tabs.forEach(miss)
      // The next leader reads a dead leader's writes. A dead follower's need a new tab.
      if (!peers.isLeader(tab)) openTab()
    }
    peers.release(tab)
  }

  return {
    name,
    userID,
    disk,
    ledger,
    wires,
    tabs: tabs as ReadonlySet<Tab>,
    openTab,
    kill,
    loseStorage,
    within: (tab: Tab, what: string, call: Promise<unknown>) =>
      void within(tab, what, call).catch(noted),

    /** Applies an operation, and checks its answer. */
    async apply(tab: Tab, operation: OperationName, args: object): Promise<void> {
      const call = { operation, args }
      await apply(tab, call, repeats.begin(tab, call))
    },
    async retry(tab: Tab, opID: string, args?: Readonly<Record<string, unknown>>): Promise<void> {
      check(tab, await within(tab, 'retry', tab.engine.retry(opID, args)))
    },

    /** Closes a tab or logs out, within the bound of a call. */
    async close(tab: Tab, how: 'close' | 'keep' | 'flush' | 'discard'): Promise<void> {
      const logout = how === 'flush' || how === 'discard' ? { tab, how } : undefined
      if (logout) leaving.add(logout)
      const ending: Promise<object | null | void> =
        how === 'close' ? tab.engine.close() : tab.engine.logout(how)
      // A flush lasts as long as verdicts arrive.
      const answer = await (how === 'flush' ? ending : within(tab, how, ending)).finally(
        () => logout && leaving.delete(logout)
      )
      if (answer) return
      world.note(`${tab.name} has closed`)
      kill(tab)
      if (tabs.size === 0 && isRunning)
        world.at(world.now() + random.around(2000), () => tabs.size === 0 && openTab())
    },

    freeze,
    thaw,
    rob: peers.rob,
    leader: leaders.leader,
    isPaused: (): boolean => isPaused,
    /** For all tabs. */
    pauseOrResume(tab: Tab): string {
      isPaused = !isPaused
      leaders.paused(isPaused, tab)
      void (isPaused ? tab.engine.pause() : tab.engine.resume())
      return isPaused ? 'pauses' : 'resumes'
    },
    jump: (ms: number) => void (clockMs += ms),
    touched,
    wake(): void {
      touched()
      for (const tab of tabs) tab.wake()
    },
    stop: () => void (isRunning = false),

    /** Compares the screens with the expected rows. */
    check(): void {
      for (const tab of tabs) {
        if (tab.hasUnposted && !tab.gate.isFrozen() && !tab.gate.isLate()) tab.hasUnposted = false
        tab.view.check()
        checkLeftOver(tab)
      }
      leaders.check()
      freshness.check()
    },
    /** Compares the stored rows with the server. */
    compare: freshness.compare,

    /** Ends all faults, and does as a user would then. */
    heal(): void {
      tokens.heal()
      wires.heal()
      disk.heal()
      const isAwake = [...tabs].some(({ gate }) => !gate.isFrozen())
      for (const tab of tabs) if (!isAwake || tab.hasUnposted) thaw(tab)
      if (tabs.size === 0) openTab()
      const awake = [...tabs].filter(({ gate }) => !gate.isFrozen())
      world.at(world.now() + resumedAfterMs, () => {
        isPaused = false
        leaders.forgetPause()
        // A user acts in a tab that the browser shows, so it thaws.
        const open = [...tabs].filter(({ stopped }) => !stopped)
        const tab = open.find(({ gate }) => !gate.isFrozen()) ?? open.at(0)
        if (tab?.gate.isFrozen()) thaw(tab)
        void tab?.engine.resume()
      })
      for (const tab of awake) renewToken(tab)
    }
  }

  async function apply(
    tab: Tab,
    { operation, args }: Call,
    opID: string | undefined
  ): Promise<object> {
    const options = opID === undefined ? undefined : { opID }
    const answer = await within(tab, operation, tab.engine.apply(operation, args, options))
    check(tab, answer)
    return answer
  }

  function check(tab: Tab, answer: object): void {
    if (!tab.isAlive) return
    if (isGroupError(answer))
      return world.note(`${tab.name} answers ${(answer as { reason: string }).reason}`)
    const { opID } = answer as { opID: string }
    world.note(`${tab.name} takes ${opID}`)
    if (!ledger.accounts.has(opID) && !ledger.forgotten.has(opID))
      world.violate('I4', `${tab.name}: ${opID} was taken, and is not stored`)
    void tab.engine.settled(opID).then(settled => {
      const verdict = ledger.accounts.get(opID)?.verdict
      // A discard on storage that refuses gives its verdicts in memory.
      if (ledger.forgotten.has(opID)) return
      if (tab.isAlive && 'verdict' in settled && !isDeepStrictEqual(settled.verdict, verdict))
        world.violate('I4', `${opID} is told to be settled, and is not`)
    })
  }
}
