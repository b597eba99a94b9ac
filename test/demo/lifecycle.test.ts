/** The page through the ends that a browser can come to, in each engine. */

import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Page } from 'playwright'
import { openDriven, type DrivenBrowser } from '../engines/driven.ts'
import {
  caughtUp,
  engine,
  fresh,
  goOffline,
  goOnline,
  groupRow,
  outboxOf,
  select,
  submit,
  type Demo
} from './page.ts'
import { filledFolder, startDemo } from './server.ts'

type Options = Omit<Parameters<typeof openDriven>[0], 'engine' | 'to'>

async function openBrowser(
  options: Options = {},
  to = () => Number(new URL(inject('demo').url).port)
): Promise<DrivenBrowser> {
  const browser = await openDriven({ engine: engine(), to, ...options })
  onTestFinished(async () => {
    await browser.close()
    expect(browser.complaints).toEqual([])
  })
  return browser
}

async function start(browser: DrivenBrowser): Promise<Demo> {
  const [page] = await browser.start('/')
  return demoOf(page as Page)
}
async function demoOf(page: Page): Promise<Demo> {
  await page.waitForFunction(() => 'demo' in window)
  return { page, ann: page.getByTestId('ann'), bob: page.getByTestId('bob') }
}

test('a browser killed offline delivers every pending operation later', async () => {
  const browser = await openBrowser()
  const before = await start(browser)
  await caughtUp(before.ann, before.bob)
  await goOffline(before.ann)
  const [first, second] = [fresh('Canoe'), fresh('Kayak')]
  await submit(before.ann, 'create-group', { name: first, type: 'Public', members: 'bob' })
  await before.ann.getByTestId('form').waitFor({ state: 'detached' })
  await submit(before.ann, 'create-group', { name: second, type: 'Public', members: 'bob' })
  await expect.poll(() => outboxOf(before.ann)).toHaveLength(2)
  await browser.kill()

  const { ann, bob } = await start(browser)
  await expect.poll(() => outboxOf(ann)).toHaveLength(2)
  await groupRow(ann, first).waitFor()
  await goOnline(ann)
  await caughtUp(ann, bob)
  for (const name of [first, second]) await groupRow(bob, name).waitFor()
  expect(await ann.getByTestId('verdict').count()).toBe(0)
})

test('a pending operation outlives its database', async () => {
  const browser = await openBrowser()
  const before = await start(browser)
  await caughtUp(before.ann, before.bob)
  await goOffline(before.ann)
  const name = fresh('Gig')
  await submit(before.ann, 'create-group', { name, type: 'Public', members: 'bob' })
  await expect.poll(() => outboxOf(before.ann)).toHaveLength(1)
  await browser.kill()
  const databases = readdirSync(browser.folder, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith(databaseFolders[engine()]))
    .map(path => join(browser.folder, path))
  expect(databases).not.toEqual([])
  for (const path of databases) rmSync(path, { recursive: true })

  const { page, ann, bob } = await start(browser)
  await expect.poll(() => outboxOf(ann)).toHaveLength(1)
  const loss = await page.evaluate(
    () =>
      new Promise(resolve =>
        window.demo.ann.store.storage$.subscribe(storage => resolve(storage.loss))
      )
  )
  expect(loss).toEqual({ kind: 'wiped', restored: 1 })
  await goOnline(ann)
  await caughtUp(ann, bob)
  await groupRow(bob, name).waitFor()
})

/** The files of the outbox journal are in another folder. */
const databaseFolders = { chromium: '/IndexedDB', firefox: '/idb', webkit: '/indexeddb' }

test('an operation made without a server is delivered after its restart', async () => {
  const folder = await filledFolder(inject('demo').filled)
  onTestFinished(folder.remove)
  let server = await startDemo({ DEMO_DATA_DIR: folder.path })
  onTestFinished(() => server.stop())
  const { ann, bob } = await start(await openBrowser({}, () => Number(new URL(server.url).port)))
  await caughtUp(ann, bob)
  await server.stop()
  await ann.getByTestId('next-retry').waitFor()
  const name = fresh('Barge')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob' })
  await groupRow(ann, name).waitFor()
  expect(await groupRow(bob, name).count()).toBe(0)

  server = await startDemo({ DEMO_DATA_DIR: folder.path })
  await caughtUp(ann, bob)
  await groupRow(bob, name).waitFor()
})

test('a private window works and leaves nothing behind', async () => {
  const browser = await openBrowser({ isPrivate: true })
  const { ann, bob } = await start(browser)
  await caughtUp(ann, bob)
  const name = fresh('Dinghy')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob' })
  await groupRow(bob, name).waitFor()
  await goOffline(ann)
  await submit(ann, 'edit-profile', { name: `${name}!` })
  await expect.poll(() => outboxOf(ann)).toHaveLength(1)
  await browser.kill()

  const later = await start(browser)
  await caughtUp(later.ann)
  await groupRow(later.ann, name).waitFor()
  expect(await outboxOf(later.ann)).toEqual([])
})

// MiniBrowser has no setting that denies storage.
if (engine() !== 'webkit')
  test('the page works in memory if storage is denied', async () => {
    const { page, ann, bob } = await start(await openBrowser({ isStorageDenied: true }))
    await caughtUp(ann, bob)
    const name = fresh('Skiff')
    await submit(ann, 'create-group', { name, type: 'Public', members: 'bob' })
    await groupRow(bob, name).waitFor()
    await caughtUp(ann, bob)
    const mode = await page.evaluate(
      () =>
        new Promise<string>(resolve =>
          window.demo.ann.store.storage$.subscribe(storage => resolve(storage.mode))
        )
    )
    expect(mode).toBe('memory')
  })

test('a page in the back-forward cache leaves the lead to another', async () => {
  const browser = await openBrowser({ before: noteCaching })
  const { page, ann, bob } = await start(browser)
  await caughtUp(ann, bob)
  const first = await locksOf(page)
  await page.goto(`${browser.url}/?next`)
  await demoOf(page)
  await caughtUp(ann, bob)
  // The worker of the cached page would still hold its locks.
  expect([first, await locksOf(page)]).toEqual([twoLeaders, twoLeaders])
  const name = fresh('Raft')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob' })
  await groupRow(bob, name).waitFor()

  await page.goBack()
  const wasCached = await page.evaluate(() => 'wasCached' in window)
  // Firefox does not cache a page with a worker.
  expect(wasCached).toBe(engine() !== 'firefox')
  await groupRow(ann, name).waitFor()
  await caughtUp(ann, bob)
  expect(await locksOf(page)).toEqual(twoLeaders)
  await select(ann, name)
  await submit(ann, 'edit-profile', { name: `${name}!` })
  await groupRow(bob, `${name}!`).waitFor()
  await caughtUp(ann, bob)
})

function noteCaching(): void {
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) Object.assign(window, { wasCached: true })
  })
}

const twoLeaders = { leading: ['ann', 'bob'], waiting: [], workers: 2 }

/** The users with a leader or a waiting tab in this browser, and the number of workers. */
const locksOf = (page: Page) =>
  page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query()
    const usersOf = (locks: LockInfo[]) =>
      locks.flatMap(({ name }) => / (\w+) v\d+$/.exec(name ?? '')?.[1] ?? []).toSorted()
    return {
      leading: usersOf(held),
      waiting: usersOf(pending),
      workers: held.filter(({ name }) => name?.startsWith('offline-groups worker')).length
    }
  })
