/** The pages of the mini-program, in a browser on the `wx` of Mpx. */

import type { Page } from 'playwright'
import { expect, onTestFinished, test } from 'vitest'
import { caughtUp, changeMember, fresh, groupRow, openDemo, submit } from './page.ts'

/** Opens Bob's phone beside the page of Ann and Bob. */
async function openPhone(page: Page): Promise<Page> {
  const phone = await page.context().newPage()
  const errors: string[] = []
  phone.on('pageerror', error => errors.push(String(error)))
  onTestFinished(() => expect(errors).toEqual([]))
  await phone.setViewportSize({ width: 390, height: 844 })
  await phone.goto(new URL('mini-program/', page.url()).href)
  await isOnline(phone)
  return phone
}

const isOnline = (phone: Page) =>
  expect.poll(() => phone.getByTestId('connection').textContent()).toBe('online, caught up')
const rowOf = (phone: Page, name: string) =>
  phone.getByTestId('group-row').filter({ hasText: name })

test('an offline group of the phone survives a reload and reaches the others', async () => {
  const { page, ann, bob } = await openDemo()
  const phone = await openPhone(page)
  const name = fresh('Regatta')
  await phone.getByTestId('offline').check()
  await phone.getByTestId('new-name').fill(name)
  await phone.getByTestId('create').click()
  await rowOf(phone, name).locator('.clock').waitFor()

  await phone.reload()
  expect(await phone.getByTestId('offline').isChecked()).toBe(true)
  await rowOf(phone, name).waitFor()
  expect(await phone.getByTestId('pending').textContent()).toBe('1 waiting')
  expect(await phone.getByTestId('outbox-entry').textContent()).toContain(`create “${name}”`)
  await caughtUp(ann, bob)
  expect(await groupRow(bob, name).count()).toBe(0)

  await phone.getByTestId('offline').uncheck()
  await isOnline(phone)
  expect(await phone.getByTestId('outbox-entry').count()).toBe(0)
  await groupRow(bob, name).waitFor()
})

test('the phone shows a refused operation with its cause', async () => {
  const { page, ann } = await openDemo()
  const name = fresh('Zoo')
  await submit(ann, 'create-group', { name, type: 'Public', admins: 'bob' })
  await caughtUp(ann)
  const phone = await openPhone(page)
  await rowOf(phone, name).waitFor()
  await phone.getByTestId('offline').check()
  await rowOf(phone, name).click()
  await phone.getByTestId('group-new-name').fill('Bob’s zoo')
  await phone.getByTestId('rename').click()
  await expect.poll(() => phone.getByTestId('group-name').textContent()).toBe('Bob’s zoo')
  await phone.goBack()
  await changeMember(ann, 'bob', 'remove-member', {})
  await caughtUp(ann)

  await phone.getByTestId('offline').uncheck()
  const verdict = phone.getByTestId('verdict')
  await expect.poll(() => verdict.textContent()).toContain('Refused: rename to “Bob’s zoo”')
  expect(await verdict.getByTestId('code').textContent()).toBe('10007 NotPermitted')
  expect(await verdict.getByTestId('cause').textContent()).toMatch(
    /^Because you were removed by ann at \d\d:\d\d\.$/
  )
  await rowOf(phone, 'zoo').waitFor({ state: 'detached' })
  await verdict.getByTestId('dismiss').click()
  await verdict.waitFor({ state: 'detached' })
})

test('buttons of forbidden operations are disabled', async () => {
  const { page, ann } = await openDemo()
  const name = fresh('Choir')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob' })
  await caughtUp(ann)
  const phone = await openPhone(page)
  await rowOf(phone, name).click()
  const owner = phone.getByTestId('member-row').filter({ hasText: 'ann' })
  await owner.locator('.row').click()
  for (const button of ['mute', 'set-role', 'remove'])
    expect(await owner.getByTestId(button).isDisabled()).toBe(true)
  await phone.getByTestId('group-new-name').fill('Our choir')
  expect(await phone.getByTestId('rename').isDisabled()).toBe(true)
  expect(await phone.getByTestId('leave').isEnabled()).toBe(true)
})

test('a second tab of the mini-program does not open the storage', async () => {
  const { page } = await openDemo()
  const phone = await openPhone(page)
  const second = await phone.context().newPage()
  await second.goto(phone.url())
  await second.getByText('This mini-program is open in another tab.').waitFor()
})
