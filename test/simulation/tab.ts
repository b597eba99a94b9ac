/** A tab: the real engine on a simulated host, its screen, and the checks of both. */

import type { Status } from '../../src/engine/api.ts'
import { openEngine } from '../../src/engine/engine.ts'
import type { Host } from '../../src/engine/host.ts'
import type { Storage, Write } from '../../src/storage/port.ts'
import type { Pending } from '../../src/storage/tables.ts'
import type { Connect, Link } from '../../src/protocol/port.ts'
import type { OwnCommit } from './evictions.ts'
import type { Disk, Door } from './disk.ts'
import { createGate, type Gate, type Source } from './gate.ts'
import { createScreen, type Screen } from './screen.ts'
import { createView, type ViewCheck } from './view.ts'
import type { World } from './world.ts'

export type Engine = ReturnType<typeof openEngine>

export type Tab = {
  readonly name: string
  engine: Engine
  screen: Screen
  view: ViewCheck
  readonly door: Door
  readonly gate: Gate
  /** It was frozen before it could post a commit. */
  hasUnposted: boolean
  /** Operations that are shown but not stored yet, with the step of their call. */
  readonly inFlight: Map<string, { readonly pending: Pending; readonly step: number }>
  isAlive: boolean
  /** The number of messages of other tabs on their way. */
  mail: number
  stopped: boolean
  /** It has opened after a logout, and the database is still sealed. */
  isLeftOver: boolean
  /** Commits that have removed members to make room. */
  evictions: number
  /** Another tab has written and died before its message. */
  isUninformed: boolean
  /** `isUninformed` was true at least once. */
  hasMissed: boolean
  /** The network may be back. */
  wake(): void
  /** Ends its process. */
  hangUp(): void
}

export type TabOptions = Pick<Host, 'now' | 'random' | 'newID'> & {
  readonly name: string
  readonly userID: string
  readonly disk: Disk
  readonly isPaused: boolean
  readonly token: string
  readonly connect: Connect
  readonly peersOf: (tab: Tab) => Host['peers']
  /** Whether a tab is frozen between a commit and its message. */
  isUnposted(): boolean
  onConnecting(): void
  onStatus(tab: Tab, status: Status): void
  /** The tab requests the removal of the database. */
  onDestroying(tab: Tab): void
  onDestroyed(): void
  onCommit(commit: OwnCommit): void
  onCommitted(tab: Tab, writes: readonly Write[]): void
}

export function createTab(world: World, options: TabOptions): Tab {
  const { name, userID, disk, isPaused, token, connect, peersOf, now, random, newID } = options
  const { onConnecting, onStatus, onDestroying, onDestroyed } = options
  const { onCommit, onCommitted, isUnposted } = options
  const gate = createGate(world, world.random('gate', name))
  let link: Link | undefined
  let onWake = () => {}
  const inFlight: Tab['inFlight'] = new Map()
  const door = disk.openDoor({
    onWriting(writes) {
      const put = writes.find(
        write => write.table === 'outbox' && 'row' in write && write.row && !write.row.applied
      )
      if (
        put?.table !== 'outbox' ||
        !('row' in put) ||
        !put.row ||
        disk.table('outbox').has(put.id)
      )
        return
      inFlight.set(put.id, { pending: put.row, step: world.steps() })
      tab.view.touchGroup(put.row.groupID)
    },
    onFailed(writes) {
      for (const write of writes)
        if (write.table === 'outbox' && 'id' in write && inFlight.delete(write.id))
          tab.view.touchAll()
    },
    onCommit: (writes, askedAtMs) => onCommit({ tab, writes, askedAtMs }),
    onCommitted: writes => onCommitted(tab, writes),
    onDestroying: () => onDestroying(tab),
    onDestroyed
  })
  // The engine uses its host before the tab is complete.
  const tab = {
    name,
    door,
    gate,
    hasUnposted: false,
    inFlight,
    isAlive: true,
    mail: 0,
    stopped: false,
    isLeftOver: false,
    evictions: 0,
    isUninformed: false,
    hasMissed: false,
    wake: () => onWake(),
    hangUp() {
      onWake = () => {}
      link?.close()
    }
  } as unknown as Tab
  const pass = (source: Source, run: () => void) => gate.pass(source, () => tab.isAlive && run())
  const host: Host = {
    storage: behind(gate, door),
    peers: peersOf(tab),
    connect: events => {
      onConnecting()
      link = connect({
        onOpen: () => pass('frame', events.onOpen),
        onFrame: frame => pass('frame', () => events.onFrame(frame)),
        onClose: error => pass('frame', () => events.onClose(error))
      })
      return link
    },
    now,
    elapsedMs: () => world.now(),
    setTimer(callback, delayMs) {
      let isStopped = false
      const stop = world.at(world.now() + Math.max(0, delayMs), () =>
        pass('timer', () => isStopped || callback())
      )
      return () => {
        isStopped = true
        stop()
      }
    },
    onWake(callback) {
      onWake = () => pass('app', callback)
      return () => void (onWake = () => {})
    },
    random,
    newID
  }
  tab.view = createView(world, { disk, userID, tab, isUnposted })
  tab.engine = openEngine(host, { userID, token, paused: isPaused, keepUndelivered: true })
  tab.screen = createScreen(tab.engine, {
    onGroup: groupID => tab.view.touchGroup(groupID),
    onNotices: () => tab.view.touchAll(),
    onStatus: status => onStatus(tab, status),
    onFlicker: detail => world.violate('I9', `${name}: ${detail}`),
    isAsked: (groupID, name) =>
      [...inFlight.values()].some(
        ({ pending, step }) =>
          step === world.steps() && pending.groupID === groupID && pending.args['name'] === name
      ),
    steps: world.steps,
    now: world.now
  })
  return tab
}

/** Storage whose answers reach a frozen tab when it thaws. */
function behind(gate: Gate, storage: Storage): Storage {
  const gated = <T>(work: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      work.then(
        value => gate.pass('storage', () => resolve(value)),
        (error: unknown) => gate.pass('storage', () => reject(error))
      )
    })
  return {
    onLost: callback => storage.onLost?.(error => gate.pass('storage', () => callback(error))),
    read: queries => gated(storage.read(queries)),
    transact: (queries, body) => gated(storage.transact(queries, body)),
    makeRoom: () => gated(storage.makeRoom?.() ?? Promise.resolve()),
    close: () => gated(storage.close()),
    destroy: () => gated(storage.destroy())
  }
}
