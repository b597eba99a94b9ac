/** The page after a change was refused because of another user's change. */

import { expect, test } from 'vitest'
import {
  caughtUp,
  changeMember,
  fresh,
  goOffline,
  goOnline,
  openDemo,
  select,
  submit,
  type Demo
} from './page.ts'

/** Bob renames a group offline and reloads. Ann removes him meanwhile. */
async function refusedRename(name: string): Promise<Demo> {
  const demo = await openDemo()
  const { page, ann, bob } = demo
  await caughtUp(ann, bob)
  await submit(ann, 'create-group', { name, type: 'Public', admins: 'bob' })
  await caughtUp(ann)
  await select(bob, name)
  await goOffline(bob)
  await submit(bob, 'edit-profile', { name: `Not ${name}` })
  await expect.poll(() => bob.getByTestId('group-name').textContent()).toBe(`Not ${name}`)
  await page.reload()
  await changeMember(ann, 'bob', 'remove-member', {})
  await caughtUp(ann)
  await goOnline(bob)
  await bob.getByTestId('verdict').waitFor()
  return demo
}

test('a refused rename is reported with the current name', async () => {
  const name = fresh('Mill')
  const { bob } = await refusedRename(name)
  await expect
    .poll(() => bob.getByTestId('verdict').locator('.where').textContent())
    .toContain(`in ${name},`)
})

test('a removed user cannot retry a refused operation', async () => {
  const { bob } = await refusedRename(fresh('Mill'))
  await expect
    .poll(() => bob.getByTestId('retry-verdict').getAttribute('aria-disabled'))
    .toBe('true')
})

test('a search scrolls the list back to its first result', async () => {
  const { ann } = await openDemo()
  await caughtUp(ann)
  const rows = ann.getByTestId('group-row')
  await ann.getByTestId('group-list').evaluate(list => list.scrollTo(0, list.scrollHeight))
  await expect.poll(() => rows.first().getAttribute('aria-posinset')).not.toBe('1')
  await ann.getByTestId('filter').fill('a')
  await expect.poll(() => rows.first().getAttribute('aria-posinset')).toBe('1')
})
