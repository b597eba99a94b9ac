/** Pages that a browser freezes, or keeps for its back button. */

import { expect, inject, test } from 'vitest'
import { openBrowser, type Tab } from './dev-tools.ts'
import { fresh } from './page.ts'

const statusOf = `new Promise(resolve => {
  const watch = window.demo.ann.store.status$.subscribe(status => {
    resolve(status)
    queueMicrotask(() => watch.unsubscribe())
  })
})`

/** Until the store of the tab has sent and received everything. */
const caughtUp = (tab: Tab) =>
  expect
    .poll(() => tab.evaluate(`window.demo ? ${statusOf} : null`))
    .toMatchObject({ connection: 'online', caughtUp: true, pending: 0 })

/** Creates a group, and resolves with the kind of the verdict. */
const createGroup = (tab: Tab, name: string) =>
  tab.evaluate(`(async () => {
    const { store } = window.demo.ann
    const answer = await store.apply('createGroup', { name: ${JSON.stringify(name)}, type: 'Public' })
    return 'code' in answer ? answer.code : (await store.settled(answer.opID)).kind
  })()`)

const groupNames = (tab: Tab) => tab.evaluate(`window.groups.at(-1)`)
/** Collects the names that one subscription emits from now on. */
const watchGroups = (tab: Tab) =>
  tab.evaluate(`void (window.groups = [],
    window.demo.ann.store.groups$.subscribe(({ rows }) => groups.push(rows.map(row => row.name))))`)

test('a frozen page frees the lead and goes on when resumed', async () => {
  const browser = await openBrowser()
  const first = await browser.open(inject('demo').url)
  await caughtUp(first)
  await watchGroups(first)
  const second = await browser.open(inject('demo').url)
  await caughtUp(second)
  await second.activate()
  await expect.poll(() => first.evaluate('document.visibilityState')).toBe('hidden')
  await first.send('Page.setWebLifecycleState', { state: 'frozen' })

  const [boat, ship] = [fresh('Boat'), fresh('Ship')]
  expect(await createGroup(second, boat)).toBe('applied')

  await first.activate()
  await first.send('Page.setWebLifecycleState', { state: 'active' })
  expect(await createGroup(first, ship)).toBe('applied')
  await expect.poll(() => groupNames(first)).toEqual(expect.arrayContaining([boat, ship]))
})

test('a page in the back-forward cache frees the lead and goes on', async () => {
  const browser = await openBrowser()
  const url = inject('demo').url
  const first = await browser.open(url)
  await caughtUp(first)
  await watchGroups(first)
  await first.evaluate(`void addEventListener('pageshow', ({ persisted }) =>
    (window.wasKept = persisted))`)
  await first.send('Page.navigate', { url: new URL('/elsewhere', url).href })
  await expect.poll(() => first.evaluate('location.pathname')).toBe('/elsewhere')

  const second = await browser.open(url)
  await caughtUp(second)
  const [boat, ship] = [fresh('Boat'), fresh('Ship')]
  expect(await createGroup(second, boat)).toBe('applied')

  await first.activate()
  await first.evaluate('history.back()')
  await expect.poll(() => first.evaluate('window.wasKept')).toBe(true)
  expect(await createGroup(first, ship)).toBe('applied')
  await expect.poll(() => groupNames(first)).toEqual(expect.arrayContaining([boat, ship]))
})
