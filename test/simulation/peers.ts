/** The messages between a device's tabs, and their lock. */

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
  /** The first tab has the lock, the others wait for it. */
  const queue: { tab: Tab; onLeading: () => void }[] = []
  const listeners = new WeakMap<Tab, (message: PeerMessage) => void>()
  let lastMail = 0
  /** The tab that knows that it has the lock. */
  let leader: Tab | undefined

  /** Messages of all tabs arrive in one order. */
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

  /** A tab that reads storage knows all writes. A closed tab does not read. */
  function learn(tab: Tab): void {
    if (!tab.door.isClosed()) tab.isUninformed = false
  }

  /** The next tab in the queue gets the lock, after the messages on their way. */
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
        // A tab can get the lock before its first read.
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
        // The next leader would miss the write, and its caller would get no answer.
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
