/** Clicks and reads the built page in a real browser, as its users do. */

import {
  chromium,
  type Browser,
  type BrowserContextOptions,
  type Locator,
  type Page
} from 'playwright'
import { afterAll, expect, inject, onTestFinished } from 'vitest'
import type { User } from '../../demo/user.ts'
import { chromiumArgs, findChromium } from '../browser/chromium.ts'
import type { Engine } from '../engines/launch.ts'
import { openDriven, type DrivenBrowser } from '../engines/driven.ts'

declare module 'vitest' {
  interface ProvidedContext {
    engine: Engine
  }
}

declare global {
  interface Window {
    demo: { readonly ann: User; readonly bob: User }
  }
}

export type Demo = { readonly page: Page; readonly ann: Locator; readonly bob: Locator }

let browser: Promise<Browser> | undefined
const launch = async () =>
  chromium.launch({ executablePath: await findChromium(), args: chromiumArgs })
let driven: Promise<DrivenBrowser> | undefined
afterAll(async () => {
  await (await browser)?.close()
  await (await driven)?.close()
})

type Options = BrowserContextOptions & {
  readonly url?: string
  /** Runs in the page before its own scripts. */
  readonly before?: () => void
  /** Runs before the page loads. */
  readonly prepare?: (page: Page) => Promise<void>
}

/** The engine that this project tests. */
export const engine = (): Engine => inject('engine')

/** Opens the page on a new device. Any error in the page fails the test. */
export async function openDemo(options: Options = {}): Promise<Demo> {
  const page =
    engine() === 'chromium' ? await openInPlaywright(options) : await openDrivenPage(options)
  await page.waitForFunction(() => 'demo' in window)
  return { page, ann: page.getByTestId('ann'), bob: page.getByTestId('bob') }
}

async function openDrivenPage({ url = inject('demo').url, before }: Options): Promise<Page> {
  const { page, complaints, close } = await (
    await (driven ??= startDriven())
  ).openSite({
    to: () => Number(new URL(url).port),
    before
  })
  onTestFinished(async () => {
    await close()
    expect(complaints).toEqual([])
  })
  return page
}

/** One browser for all tests of a file, because an installed browser starts slowly. */
async function startDriven(): Promise<DrivenBrowser> {
  const started = await openDriven({
    engine: engine(),
    to: () => Number(new URL(inject('demo').url).port)
  })
  await started.start()
  return started
}

async function openInPlaywright({
  url = inject('demo').url,
  before,
  prepare,
  ...options
}: Options): Promise<Page> {
  const context = await (await (browser ??= launch())).newContext(options)
  // The same limit as `expect.poll` has.
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => {
    // An unreachable server is no error of the page.
    const isExpected =
      message.text().includes('ERR_CONNECTION_REFUSED') ||
      message.text().includes('WebSocket connection to')
    if (message.type() === 'error' && !isExpected) complaints.push(message.text())
  })
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  if (before) await page.addInitScript(before)
  await prepare?.(page)
  await page.goto(url)
  return page
}

let count = 0
/** A name or ID that no other test uses. */
export const fresh = (name: string) => `${name}-${Date.now().toString(36)}${count++}`

/** Until the next frame, the page shows the state from before the last click. */
export const drawn = (pane: Locator) => pane.evaluate(() => new Promise(requestAnimationFrame))

export async function goOffline(pane: Locator): Promise<void> {
  await pane.getByTestId('offline').check()
  await drawn(pane)
}
export async function goOnline(pane: Locator): Promise<void> {
  await pane.getByTestId('offline').uncheck()
  await drawn(pane)
}

/** Waits until the panes are online, with everything sent and received. */
export async function caughtUp(...panes: readonly Locator[]): Promise<void> {
  for (const pane of panes) {
    await drawn(pane)
    await expect.poll(() => pane.getByTestId('connection').textContent()).toBe('online, caught up')
    await pane.getByTestId('pending').waitFor({ state: 'detached' })
  }
}

/** `''` for a plain member, and for a user outside the group. */
export const roleOf = async (pane: Locator, userID: string) =>
  (await memberRow(pane, userID).getByTestId('role').allTextContents()).join()

export const groupRow = (pane: Locator, name: string) =>
  pane.getByTestId('group-row').filter({ hasText: name })
export const memberRow = (pane: Locator, userID: string) =>
  pane.getByTestId('member-row').filter({ hasText: userID })

export async function select(pane: Locator, name: string): Promise<void> {
  await pane.getByTestId('filter').fill(name)
  await groupRow(pane, name).click()
  await pane.getByTestId('filter').fill('')
  await drawn(pane)
}

/** The inbox's notices about a group, the latest first. */
export const noticesOf = (pane: Locator, groupName: string) =>
  pane.getByTestId('notice').filter({ hasText: groupName })

/** Fills in a form and sends it. */
export async function submit(pane: Locator, button: string, fields: Fields): Promise<void> {
  await press(pane, button)
  await fillIn(pane, fields)
}

type Fields = Readonly<Record<string, string | boolean>>

/** Presses a button. It opens the menu or the part of the page with the button first. */
async function press(pane: Locator, button: string): Promise<void> {
  // A form that is about to close would be filled in and submitted once more.
  await expect.poll(() => pane.getByTestId('form').count()).toBe(0)
  const place = placeOf[button]
  if (place !== undefined) await pane.getByTestId(place).click()
  await pane.getByTestId(button).click()
}

const placeOf: Readonly<Record<string, string>> = {
  'quit-group': 'more',
  'dismiss-group': 'more',
  'add-members': 'tab-members'
}

export async function fillIn(pane: Locator, fields: Fields): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    const field = pane.getByTestId('form').locator(`[name=${name}]`)
    if (typeof value === 'boolean') await field.setChecked(value)
    else if ((await field.evaluate(element => element.tagName)) === 'SELECT')
      await field.selectOption(value)
    else await field.fill(value)
  }
  await pane.getByTestId('submit').click()
  await drawn(pane)
}

export async function openPart(
  pane: Locator,
  part: 'members' | 'activity' | 'about' | 'you'
): Promise<void> {
  await pane.getByTestId(`tab-${part}`).click()
  await drawn(pane)
}

/** Opens the card of a member. */
export async function openCard(pane: Locator, userID: string): Promise<void> {
  await openPart(pane, 'members')
  await memberRow(pane, userID).click()
  await pane.getByTestId('card').waitFor()
}

/** Presses a button on a member's card, fills in its form if it has one, and closes the card. */
export async function changeMember(
  pane: Locator,
  userID: string,
  button: string,
  fields?: Fields
): Promise<void> {
  await openCard(pane, userID)
  await pane.getByTestId('card').getByTestId(button).click()
  if (fields) await fillIn(pane, fields)
  await pane.getByTestId('close-card').click()
  await drawn(pane)
}

export const outboxOf = (pane: Locator) => pane.getByTestId('outbox-entry').allInnerTexts()

/** A group's profile and members in a store, without the fields that differ between users. */
export const shownBy = (page: Page, user: 'ann' | 'bob', groupID: string) =>
  page.evaluate(
    async ([user, groupID]) => {
      const { store } = window.demo[user]
      type Source<T> = { subscribe(next: (value: T) => void): { unsubscribe(): void } }
      const first = <T>(source: Source<T>, isSo: (value: T) => boolean) =>
        new Promise<T>(resolve => {
          const subscription = source.subscribe(value => {
            if (!isSo(value)) return
            resolve(value)
            queueMicrotask(() => subscription.unsubscribe())
          })
        })
      await first(store.status$, ({ caughtUp }) => caughtUp)
      const group = await first(store.group$(groupID), () => true)
      if (!group) return null
      const { selfInfo: _, ...profile } = group
      const { rows } = await first(
        store.members$(groupID, { offset: 0, limit: 100 }),
        ({ complete }) => complete
      )
      return { profile, members: rows }
    },
    [user, groupID] as const
  )
