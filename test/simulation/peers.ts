/** The messages between the tabs of a device, and the lock of their leader. */

import type { PeerMessage, Peers } from '../../src/engine/host.ts'
import { storageWithinMs } from '../../src/engine/limits.ts'
import type { Tab } from './tab.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export type PeersOptions = {
  readonly tabs: ReadonlySet<Tab>
  readonly hasLocks: boolean
  onPosted(tab: Tab, message: PeerMessage): void
  onStopped(tab: Tab): void
}

export function createPeers(
  world: World,
  random: Random,
  { tabs, hasLocks, onPosted, onStopped }: PeersOptions
) {
  /** The tab that holds the lock, or gets it next, and the tabs that wait for it. */
  const queue: Waiting[] = []
  /** The last request of each tab that still wants the lock. */
  const requests = new Map<Tab, Waiting>()
  const listeners = new WeakMap<Tab, (message: PeerMessage) => void>()
  /** The highest term that a tab knows. */
  const terms = new WeakMap<Tab, number>()
  let lastMail = 0
  /** The tab that has posted the beat of the highest term. */
  let leader: Tab | undefined
  let leaderTerm = 0

  /** Messages arrive in the order in which they were posted, by all tabs. */
  function later(run: () => void): void {
    lastMail = Math.max(lastMail, world.now() + random.around(1))
    world.at(lastMail, run)
  }

  function send(to: Tab, message: PeerMessage): void {
    to.mail++
    later(() =>
      to.gate.pass('message', () => {
        to.mail--
        if (!to.isAlive || to.stopped) return
        if (message.type === 'status') learnOfTerm(to, message.term)
        if (message.type === 'unposted' && leader === to) learn(to)
        listeners.get(to)?.(message)
      })
    )
  }

  /** A tab that has closed does not read. */
  function learn(tab: Tab): void {
    if (!tab.door.isClosed()) tab.isUninformed = false
  }

  /** Under a new leader, each tab knows all earlier commits. */
  function learnOfTerm(tab: Tab, term: number): void {
    if (term <= (terms.get(tab) ?? 0)) return
    terms.set(tab, term)
    learn(tab)
  }

  function posted(tab: Tab, message: PeerMessage): void {
    onPosted(tab, message)
    if (message.type !== 'status') return
    learnOfTerm(tab, message.term)
    if (message.term < leaderTerm) return
    leaderTerm = message.term
    leader = tab
  }

  /** The first in the queue gets the lock, after the messages that are on their way. */
  function grant(): void {
    later(() => {
      const [first] = queue
      if (!first || first.isHeld) return
      if (!first.tab.isAlive || first.tab.stopped) return release(first.tab)
      hold(first)
    })
  }

  function hold(first: Waiting): void {
    first.isHeld = true
    tell(first, first.onGranted)
  }

  function tell(waiting: Waiting, run: () => void): void {
    const { tab } = waiting
    tab.gate.pass('lock', () => tab.isAlive && requests.get(tab) === waiting && run())
  }

  function release(tab: Tab): void {
    requests.delete(tab)
    if (leader === tab) leader = undefined
    const isFirst = queue[0]?.tab === tab
    const index = queue.findIndex(each => each.tab === tab)
    if (index >= 0) queue.splice(index, 1)
    if (isFirst && queue.length > 0) grant()
  }

  function steal(tab: Tab): void {
    const index = queue.findIndex(each => each.tab === tab)
    if (index < 0) return
    const [own] = queue.splice(index, 1)
    const [robbed] = queue[0]?.isHeld ? queue.splice(0, 1) : []
    if (own) queue.unshift(own)
    if (robbed) later(() => robbed.tab.stopped || tell(robbed, () => lose(robbed)))
    grant()
  }

  /** A tab without its lock follows, and does not read unposted operations. */
  function lose({ tab, onLost }: Waiting): void {
    if (leader === tab) leader = undefined
    onLost()
  }

  return {
    /** A message of a leader from before a commit that the tab has missed does not tell of it. */
    missed: (tab: Tab) => void terms.set(tab, Math.max(terms.get(tab) ?? 0, leaderTerm)),
    of: (tab: Tab): Peers => ({
      hasLocks,
      lead(onGranted, onLost) {
        const waiting = { tab, isHeld: false, onGranted, onLost }
        requests.set(tab, waiting)
        queue.push(waiting)
        if (queue.length > 1) return
        // A tab can get the lock before its first read.
        if (random.chance(0.5)) grant()
        else hold(waiting)
      },
      steal: () => steal(tab),
      stepDown: () => release(tab),
      post(message) {
        posted(tab, message)
        if (tab.isAlive && !tab.stopped)
          for (const other of tabs) if (other !== tab) send(other, message)
      },
      listen: onMessage => void listeners.set(tab, onMessage),
      close() {
        // The next leader would miss the commit, and the caller would get no answer. Storage that
        // hangs must not keep other tabs from leading, but a closing tab waits for operations.
        const isHanging = tab.door.writingForMs() >= storageWithinMs && tab.inFlight.size === 0
        if (tab.door.isWriting() && !isHanging)
          world.violate('I4', `${tab.name} gives the lock away while it writes`)
        tab.stopped = true
        release(tab)
        onStopped(tab)
      }
    }),
    release,
    emptied: () => void (leaderTerm = 0),
    /** A new database begins with the first term. */
    destroyed(): void {
      leader = undefined
      leaderTerm = 0
    },
    /** The lock goes to a tab that waits for it, without a reason. */
    rob(): void {
      const [, second] = queue
      if (second) steal(second.tab)
    },
    isLeader: (tab: Tab) => (hasLocks ? queue[0]?.tab : leader) === tab
  }
}

type Waiting = { readonly tab: Tab; isHeld: boolean; onGranted(): void; onLost(): void }
