/** The tabs of a device agree: one leader per term, an honest status, few messages, one pause. */

import { pauseCountWithinMs } from '../../src/engine/limits.ts'
import type { Write } from '../../src/storage/port.ts'
import type { Disk } from './disk.ts'
import type { Tab } from './tab.ts'
import type { World } from './world.ts'

/** A tab that follows a dead leader may claim to be caught up for so long. */
const honestWithinMs = 10_000
/** Beats, and the changes of a connection that fails. An echo makes thousands of messages. */
const messagesPerMinuteMax = 200
/**
 * Claims of many tabs wait for storage that hangs, and then all succeed, one after another. Each of
 * these leaders answers the hello and the beat of every other tab, until it reads of a higher term.
 */
const messagesPerPair = 4
const minuteMs = 60_000
const pausedWithinMs = 10_000

type Pause = {
  readonly isPaused: boolean
  readonly tab: Tab
  readonly atMs: number
  isNumbered: boolean
}

const isFromServer = ({ table }: Write): boolean => table === 'meta' || table === 'groups'

export function createLeaders(
  world: World,
  { name, disk, tabs }: { name: string; disk: Disk; tabs: ReadonlySet<Tab> }
) {
  /** The tab whose commits of server data took effect, by term. */
  const committers = new Map<number, Tab>()
  let leader: { readonly tab: Tab; readonly term: number } | undefined
  let leaderSeenAtMs = world.now()
  let countedSinceMs = world.now()
  let messages = 0
  /** The last call of `pause` or `resume`. `undefined`: a tab has opened or was frozen since. */
  let pause: Pause | undefined
  let pauseCalls = 0

  const isAwake = (tab: Tab) => tab.isAlive && !tab.stopped && !tab.gate.isFrozen()

  function checkStatus(): void {
    if (leader && isAwake(leader.tab)) leaderSeenAtMs = world.now()
    const silentMs = world.now() - leaderSeenAtMs
    const isPaused =
      pause?.isPaused === true && pause.isNumbered && world.now() - pause.atMs > pausedWithinMs
    if (silentMs <= honestWithinMs && !isPaused) return
    for (const tab of tabs) {
      const status = tab.screen.status()
      if (!isAwake(tab) || tab.gate.awakeMs() <= honestWithinMs || !status) continue
      if (status.caughtUp && silentMs > honestWithinMs)
        world.violate('I21', `${tab.name} is caught up, and its leader is gone for ${silentMs} ms`)
      if (status.connection === 'online' && isPaused)
        world.violate('I23', `${tab.name} is online, and another tab has paused it`)
    }
  }

  /** Only a call that storage numbers in time counts as the last one (pause.ts). */
  function countPauses(tab: Tab): void {
    const calls = disk.table('lease').get('')?.pauseCalls ?? 0
    if (calls > pauseCalls && pause?.tab === tab && world.now() - pause.atMs < pauseCountWithinMs)
      pause.isNumbered = true
    pauseCalls = calls
  }

  return {
    /** The tab that has posted the beat of the highest term. */
    leader: (): Tab | undefined => leader?.tab,
    posted(tab: Tab, message: { readonly type: string; readonly term?: number }): void {
      const { type, term = 0 } = message
      // A tab may still post the term of a database that is emptied or removed: the next leader
      // begins with 1.
      const storedTerm = disk.table('lease').get('')?.term ?? 0
      const isOpen = !tab.door.isClosed()
      if (type === 'status' && isOpen && term >= (leader?.term ?? 0) && term <= storedTerm)
        leader = { tab, term }
      if (type === 'committed') return
      if (world.now() - countedSinceMs > minuteMs) {
        countedSinceMs = world.now()
        messages = 0
      }
      if (++messages > Math.max(messagesPerMinuteMax, messagesPerPair * tabs.size ** 2))
        world.violate('I22', `the tabs of ${name} post ${messages} messages within a minute`)
    },
    /** A user, a fault or the app gives a reason for messages. */
    touched: () => void (messages = 0),
    committed(tab: Tab, writes: readonly Write[]): void {
      countPauses(tab)
      if (!writes.some(isFromServer)) return
      const term = disk.table('lease').get('')?.term ?? 0
      const first = committers.get(term) ?? tab
      committers.set(term, first)
      if (first !== tab)
        world.violate('I24', `${tab.name} commits in term ${term} of ${first.name}`)
    },
    /** The browser has emptied the database, so terms may be claimed again. */
    emptied(): void {
      committers.clear()
      if (leader) leader = { tab: leader.tab, term: 0 }
    },
    /** A new database begins with the first term. */
    destroyed(): void {
      committers.clear()
      leader = undefined
      leaderSeenAtMs = world.now()
    },
    paused: (isPaused: boolean, tab: Tab) =>
      void (pause = { isPaused, tab, atMs: world.now(), isNumbered: false }),
    forgetPause: () => void (pause = undefined),
    check: checkStatus
  }
}
