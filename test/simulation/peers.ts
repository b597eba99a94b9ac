/** What the tabs of a device say to each other, and which of them has the lock. */

import type { PeerMessage, Peers } from '../../src/engine/host.ts'
import type { Tab } from './tab.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export function createPeers(
  world: World,
  random: Random,
  tabs: ReadonlySet<Tab>,
  onStopped: (tab: Tab) => void
) {
  /** Who has the lock, and who waits for it. */
  const queue: { tab: Tab; onLeading: () => void }[] = []
  const listeners = new WeakMap<Tab, (message: PeerMessage) => void>()
  let lastMail = 0
  /** Who knows that it has the lock. */
  let leader: Tab | undefined

  /** All that is said arrives in the order in which it was said, by whomever. */
  function later(run: () => void): void {
    lastMail = Math.max(lastMail, world.now() + random.around(1))
    world.at(lastMail, run)
  }

  function send(to: Tab, message: PeerMessage): void {
    to.mail++
    later(() => {
      to.mail--
      if (!to.isAlive || to.stopped) return
      if (
        message.type === 'leading' ||
        (message.type === 'hello' && message.wanted.length === 0 && leader === to)
      )
        learn(to)
      listeners.get(to)?.(message)
    })
  }

  /** Whoever reads storage again knows what has been written there; who has closed does not read. */
  function learn(tab: Tab): void {
    if (!tab.door.isClosed()) tab.isUninformed = false
  }

  /** The next in the queue gets the lock, after those messages that are on their way. */
  function grant(): void {
    later(() => {
      const [first] = queue
      if (!first) return
      if (!first.tab.isAlive || first.tab.stopped) return release(first.tab)
      learn(first.tab)
      leader = first.tab
      first.onLeading()
    })
  }

  function release(tab: Tab): void {
    const isFirst = queue[0]?.tab === tab
    if (leader === tab) leader = undefined
    const index = queue.findIndex(each => each.tab === tab)
    if (index >= 0) queue.splice(index, 1)
    if (isFirst && queue.length > 0) grant()
  }

  return {
    of: (tab: Tab): Peers => ({
      lead(onLeading) {
        queue.push({ tab, onLeading })
        if (queue.length > 1) return
        // It may have the lock before it reads anything.
        if (random.chance(0.5)) grant()
        else {
          leader = tab
          onLeading()
        }
      },
      stepDown: () => release(tab),
      post(message) {
        if (tab.isAlive && !tab.stopped)
          for (const other of tabs) if (other !== tab) send(other, message)
      },
      listen: onMessage => void listeners.set(tab, onMessage),
      close() {
        // The next to lead would miss it, and who has asked for it would not be told.
        if (tab.door.isWriting())
          world.violate('I4', `${tab.name} gives the lock away while it writes`)
        tab.stopped = true
        release(tab)
        onStopped(tab)
      }
    }),
    release,
    hasLock: (tab: Tab) => queue[0]?.tab === tab
  }
}
