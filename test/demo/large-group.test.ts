import { expect, test } from 'vitest'
import type { Locator } from 'playwright'
import type { Member } from 'offline-groups'
import { caughtUp, openCard, openDemo, roleOf, select } from './page.ts'

test('a change in a group of 6,000 sends the page one row', async () => {
  const { page, ann, bob } = await openDemo({ before: noteFrames })
  await caughtUp(ann, bob)
  for (const pane of [ann, bob]) {
    await select(pane, 'Harbour festival')
    await expect.poll(() => pane.getByTestId('member-count').textContent()).toBe('6,000')
    await expect.poll(() => pane.getByTestId('complete').textContent()).toBe('complete')
  }
  const target = await plainMember(bob)
  await openCard(ann, target)
  await expect.poll(() => ann.getByTestId('set-role').textContent()).toContain('Make admin')
  await page.evaluate(() => window.sentFrames.forEach(frames => frames.splice(0)))

  await ann.getByTestId('set-role').click()
  await expect.poll(() => roleOf(bob, target)).toBe('admin')
  await caughtUp(ann, bob)

  const [hers, his] = await page.evaluate(() =>
    window.sentFrames.map(frames =>
      frames.flatMap(({ patches }) =>
        patches.flatMap(([, patch]) => patch.edits?.flatMap(([, , row]) => row ?? []) ?? [])
      )
    )
  )
  const changed = expect.objectContaining({ userID: target, role: 'Admin' })
  expect(his).toEqual([changed])
  // Ann's frames also have her pending operation. The card's query sends no list.
  expect(hers).toEqual([expect.objectContaining({ name: 'setGroupMemberRole' }), changed])
})

test('a list of 6,000 members has only its visible rows', async () => {
  const { page, ann } = await openDemo()
  await caughtUp(ann)
  await select(ann, 'Harbour festival')
  await expect.poll(() => ann.getByTestId('complete').textContent()).toBe('complete')
  const list = ann.getByTestId('member-list')
  const rows = ann.getByTestId('member-row')
  const rowsInSight = await list.evaluate(element => Math.ceil(element.clientHeight / 36) + 1)
  for (const at of [0.1, 0.5, 0.35, 1]) {
    const first = await list.evaluate((element, at) => {
      element.scrollTo(0, at * element.scrollHeight)
      return Math.floor(element.scrollTop / 36) + 1
    }, at)
    await expect.poll(() => rows.first().getAttribute('aria-posinset')).toBe(String(first))
    await expect.poll(() => rows.allInnerTexts()).not.toContain('…')
    expect(await rows.count()).toBeLessThanOrEqual(rowsInSight)
  }
  const last = await page.evaluate(
    () =>
      new Promise<Member | undefined>(resolve =>
        window.demo.ann.store
          .members$('harbour-festival', { offset: 5999, limit: 1 })
          .subscribe(({ rows }) => resolve(rows[0]))
      )
  )
  await expect.poll(() => rows.last().getAttribute('aria-posinset')).toBe('6000')
  await expect.poll(() => rows.last().locator('.name').textContent()).toBe(last?.userID)
})

/** A plain member near the top, where both lists show the same rows. */
async function plainMember(pane: Locator): Promise<string> {
  const rows = pane
    .getByTestId('member-row')
    .filter({ hasNot: pane.page().getByTestId('role'), hasNotText: 'you' })
  return String(await rows.first().locator('.name').textContent())
}

declare global {
  interface Window {
    /** The frames that the page received, per store. */
    sentFrames: { patches: [number, { edits?: [from: number, to: number, row?: object][] }][] }[][]
  }
}

function noteFrames(): void {
  window.sentFrames = []
  window.MessageChannel = class extends MessageChannel {
    constructor() {
      super()
      const frames: (typeof window.sentFrames)[number] = []
      window.sentFrames.push(frames)
      this.port1.addEventListener('message', ({ data }: MessageEvent<string>) =>
        frames.push(JSON.parse(data))
      )
    }
  }
}
