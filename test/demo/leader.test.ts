/** Two tabs of one user in a real browser: another tab takes over from a leader that is gone. */

import { setTimeout as wait } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { protocolVersion } from '../../src/protocol/messages.ts'
import { openBrowser, type Tab, type Tabs } from './dev-tools.ts'
import { fresh } from './page.ts'

const firstStatus = `new Promise(resolve => {
  const watch = window.demo.ann.store.status$.subscribe(status => {
    resolve(status)
    queueMicrotask(() => watch.unsubscribe())
  })
})`

const statusOf = (tab: Tab) => tab.evaluate(`window.demo ? ${firstStatus} : null`)
const caughtUp = (tab: Tab) =>
  expect
    .poll(() => statusOf(tab))
    .toMatchObject({ connection: 'online', caughtUp: true, pending: 0 })

/** Resolves with the kind of the verdict: a leader has brought the operation to the server. */
const createGroup = (tab: Tab) =>
  tab.evaluate(`(async () => {
    const { store } = window.demo.ann
    const args = { name: ${JSON.stringify(fresh('Boat'))}, type: 'Public' }
    const answer = await store.apply('createGroup', args)
    return 'code' in answer ? answer.code : (await store.settled(answer.opID)).kind
  })()`)

/** Starts to count the messages between the tabs of ann. */
const countMessages = (tab: Tab) =>
  tab.evaluate(`(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name)
    const name = names.find(each => each.startsWith('offline-groups') && each.endsWith(' ann'))
    window.messages = []
    window.countedFromMs = performance.now()
    // Other users of the demo change groups all the time.
    new BroadcastChannel(name + ' v${protocolVersion}').onmessage = ({ data }) =>
      data.type === 'committed' || messages.push(data.type)
  })()`)

// A page that is not secure has no Web Locks.
const insecure = 'insecure.test'
const insecureArgs = [`--host-resolver-rules=MAP ${insecure} 127.0.0.1`]

async function twoTabs({ hasLocks }: { hasLocks: boolean }): Promise<readonly [Tab, Tab, Tabs]> {
  const browser = await openBrowser(insecureArgs)
  const { url } = inject('demo')
  const address = hasLocks ? url : url.replace(/localhost|127\.0\.0\.1/, insecure)
  const leader = await browser.open(address)
  await caughtUp(leader)
  expect(await leader.evaluate(`'locks' in navigator`)).toBe(hasLocks)
  const follower = await browser.open(address)
  await caughtUp(follower)
  return [leader, follower, browser]
}

const beats = 10

const locks = [
  ['with locks', true],
  ['without locks', false]
] as const

test.each(locks)('a closed leader is replaced: %s', async (_title, hasLocks) => {
  const [leader, follower] = await twoTabs({ hasLocks })
  await leader.close()
  expect(await createGroup(follower)).toBe('applied')
})

test('a closed leader without locks is replaced before a beat is missed', async () => {
  const [leader, follower] = await twoTabs({ hasLocks: false })
  await countMessages(follower)
  await leader.close()
  expect(await createGroup(follower)).toBe('applied')
  // The follower has not waited for the silence of the leader. It asked, and claimed at once.
  expect(await follower.evaluate('messages')).toContain('pageClosed')
})

test.each(locks)('a crashed leader is replaced: %s', async (_title, hasLocks) => {
  const [leader, follower] = await twoTabs({ hasLocks })
  leader.crash()
  expect(await createGroup(follower)).toBe('applied')
  await caughtUp(follower)
})

async function expectOneBeatInTwoSeconds(follower: Tab): Promise<void> {
  await countMessages(follower)
  // The greetings of the tab that has just opened are over.
  await expect.poll(() => follower.evaluate('messages.length')).toBeGreaterThanOrEqual(beats / 2)
  await follower.evaluate('void (messages.length = 0, countedFromMs = performance.now())')
  await expect.poll(() => follower.evaluate('messages.length')).toBeGreaterThanOrEqual(beats)
  expect(await follower.evaluate(`[...new Set(messages)]`)).toEqual(['status'])
  // More messages would need less time. A slow machine needs more.
  expect(await follower.evaluate('performance.now() - countedFromMs')).toBeGreaterThan(
    (beats - 3) * 2000
  )
}

// At the same time: each counts for half a minute.
test('idle tabs post one beat in two seconds, with and without locks', async () => {
  const [, first] = await twoTabs({ hasLocks: true })
  const [, second] = await twoTabs({ hasLocks: false })
  await Promise.all([first, second].map(expectOneBeatInTwoSeconds))
})

test('another tab takes over from a page whose process is stopped', async () => {
  const browser = await openBrowser()
  const { url } = inject('demo')
  await caughtUp(await browser.open(url))
  // The members of all groups follow. A process that is stopped in a transaction holds up all tabs
  // until the browser ends the transaction.
  await wait(5000)
  await browser.stopPages()
  const follower = await browser.open(url)
  await caughtUp(follower)
  expect(await createGroup(follower)).toBe('applied')
})
