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

/** Counts the connections to databases that the page itself has opened. */
const watchConnections = `
  window.connections = 0
  window.requests = 0
  const { open } = IDBFactory.prototype
  IDBFactory.prototype.open = function (...args) {
    const request = open.apply(this, args)
    window.requests++
    for (const type of ['success', 'error']) request.addEventListener(type, () => window.requests--)
    request.addEventListener('success', () => window.connections++)
    return request
  }
`

test('a frozen page does not hold up the removal of its database', async () => {
  const browser = await openBrowser()
  const { url } = inject('demo')
  const first = await browser.open(url)
  await first.send('Page.addScriptToEvaluateOnNewDocument', { source: watchConnections })
  await caughtUp(first)
  // After a while the page writes its first-paint cache, or reads that of its last visit.
  await first.send('Page.reload')
  await expect.poll(() => first.evaluate('window.connections')).toBeGreaterThan(0)
  const second = await browser.open(new URL('/elsewhere', url).href)
  await second.activate()
  await expect.poll(() => first.evaluate('document.visibilityState')).toBe('hidden')
  // Code that is frozen while it opens a database cannot close it.
  await expect.poll(() => first.evaluate('window.requests')).toBe(0)
  await first.send('Page.setWebLifecycleState', { state: 'frozen' })
  const removing = second.evaluate(`indexedDB.databases().then(databases =>
    Promise.all(databases.map(({ name }) => new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name)
      request.onsuccess = () => resolve('removed')
      request.onblocked = reject
    }))))`)
  expect(new Set((await removing) as string[])).toEqual(new Set(['removed']))
})
