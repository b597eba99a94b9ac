/** Each of Tencent's nineteen calls, made by clicks on the page, with its visible effect. */

import { expect, test } from 'vitest'
import type { Locator } from 'playwright'
import {
  caughtUp,
  changeMember,
  drawn,
  fillIn,
  fresh,
  groupRow,
  memberRow,
  noticesOf,
  openCard,
  openDemo,
  openPart,
  roleOf,
  select,
  submit
} from './page.ts'

test('a group is found by name or ID and shows its profile', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const rows = ann.getByTestId('group-row')
  const totals = ann.getByTestId('filter')
  expect(await totals.getAttribute('placeholder')).toMatch(/^Filter \d+ groups$/)
  await totals.fill('harbour-festival')
  await expect.poll(() => rows.count()).toBe(1)
  await totals.fill(fresh('none of this name'))
  await expect.poll(() => rows.count()).toBe(0)
  expect(await ann.textContent()).toContain('No group of this name.')
  await totals.fill('HARBOUR festival')
  await expect.poll(() => rows.count()).toBe(1)
  expect(await rows.textContent()).toContain('6,000 members')
  await rows.click()
  await drawn(ann)
  await openPart(ann, 'about')
  const about = ann.getByRole('tabpanel', { name: 'About' })
  expect(await about.getByTestId('groupID').textContent()).toBe('harbour-festival')
  expect(await about.getByTestId('type').textContent()).toBe('ChatRoom')
  expect(await about.getByTestId('ownerID').textContent()).toBe('ann')
  expect(await about.getByTestId('introduction').textContent()).toBe(
    'The whole town, more or less.'
  )
  await totals.fill('castle ')
  await ann.getByTestId('group-order').selectOption('By name')
  const names = () => rows.locator('.name').allInnerTexts()
  await expect.poll(async () => (await names()).join()).toMatch(/^Castle [^,]+(,Castle [^,]+)+$/)
  const isSorted = (texts: readonly string[]) => texts.join() === texts.toSorted().join()
  await expect.poll(async () => isSorted(await names())).toBe(true)
})

test('a group of others is searched by ID, joined and left', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const groupID = fresh('orchard')
  await submit(ann, 'create-group', {
    name: `The ${groupID}`,
    groupID,
    type: 'Public',
    introduction: 'Apples.'
  })
  await caughtUp(ann)

  await bob.getByTestId('join-group').click()
  await bob.getByTestId('form').locator('[name=groupID]').fill(groupID)
  await bob.getByTestId('look-up').click()
  await expect
    .poll(() => bob.getByTestId('found').innerText())
    .toContain('1 member, owned by ann. Anybody may come in.')
  expect(await bob.getByTestId('found').textContent()).toContain('Apples.')
  await fillIn(bob, {})
  await expect.poll(() => bob.getByTestId('group-name').textContent()).toBe(`The ${groupID}`)
  await expect.poll(() => roleOf(bob, 'ann')).toBe('owner')

  await ann.getByTestId('tab-activity').click()
  await expect
    .poll(() => ann.getByTestId('tip').allInnerTexts())
    .toEqual([expect.stringContaining('bob joined')])
  await submit(bob, 'quit-group', {})
  await groupRow(bob, groupID).waitFor({ state: 'detached' })
  await expect.poll(() => ann.getByTestId('tip').first().textContent()).toContain('bob left')

  await bob.getByTestId('join-group').click()
  await bob.getByTestId('form').locator('[name=groupID]').fill(fresh('nowhere'))
  await bob.getByTestId('look-up').click()
  await expect
    .poll(() => bob.getByTestId('found').textContent())
    .toContain('There is no such group')
})

test('a group is created with custom fields, updated and dismissed', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const name = fresh('Bakery')
  await ann.getByTestId('create-group').click()
  await ann.getByTestId('more-fields').click()
  await fillIn(ann, {
    name,
    type: 'ChatRoom',
    members: 'bob',
    key0: 'oven',
    value0: 'wood',
    key1: 'opens',
    value1: '6'
  })
  await select(bob, name)
  const fields = [ann, bob].map(pane => pane.getByTestId('groupCustomField'))
  for (const field of fields)
    await expect.poll(() => field.textContent()).toBe('oven: wood, opens: 6')

  await submit(ann, 'edit-profile', {
    name: `${name}!`,
    value0: 'gas',
    value1: '',
    key2: 'bread',
    value2: 'rye'
  })
  for (const field of fields)
    await expect.poll(() => field.textContent()).toBe('oven: gas, bread: rye')
  await expect.poll(() => bob.getByTestId('group-name').textContent()).toBe(`${name}!`)
  await bob.getByTestId('tab-activity').click()
  await expect
    .poll(() => bob.getByTestId('tip').first().textContent())
    .toContain(`ann renamed the group to “${name}!”`)

  await submit(ann, 'dismiss-group', {})
  await bob.getByTestId('not-in-group').waitFor()
  await bob.getByTestId('ask-server').click()
  await expect.poll(() => bob.getByTestId('found').textContent()).toContain('10010')
  await bob.getByTestId('tab-inbox').click()
  await expect
    .poll(() => noticesOf(bob, name).first().textContent())
    .toContain('ann dismissed the group')
})

test('a new owner gets a notice and the rights of an owner', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const name = fresh('Kiosk')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob' })
  await caughtUp(ann)
  await select(bob, name)
  await changeMember(ann, 'bob', 'make-owner', {})
  await expect.poll(() => roleOf(ann, 'bob')).toBe('owner')
  expect(await roleOf(ann, 'ann')).toBe('')
  await expect.poll(() => bob.getByTestId('own-role').textContent()).toBe('Owner')
  await bob.getByTestId('tab-activity').click()
  await expect
    .poll(() => bob.getByTestId('tip').first().textContent())
    .toContain('ann handed the group over to bob')
  await submit(bob, 'dismiss-group', {})
  await ann.getByTestId('not-in-group').waitFor()
})

test('members are added and removed, and a removed user gets a notice', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const name = fresh('Choir')
  await submit(ann, 'create-group', { name, type: 'Private' })
  await submit(ann, 'add-members', { users: 'bob mia.berg, jens.koch' })
  await expect.poll(() => ann.getByTestId('member-count').textContent()).toBe('4')
  await memberRow(ann, 'jens.koch').waitFor()
  await bob.getByTestId('tab-inbox').click()
  await expect.poll(() => noticesOf(bob, name).textContent()).toContain('ann added you')
  await noticesOf(bob, name).getByRole('button', { name }).click()
  await memberRow(bob, 'mia.berg').waitFor()
  const shown = () => bob.getByTestId('member-row').locator('.name').allInnerTexts()
  await bob.getByTestId('member-order').selectOption('Names')
  await expect.poll(shown).toEqual(['ann', 'bob you', 'jens.koch', 'mia.berg'])
  await bob.getByTestId('find-member').fill('KO')
  await expect.poll(shown).toEqual(['jens.koch'])
  await bob.getByTestId('find-member').fill('')
  await expect.poll(shown).toHaveLength(4)

  await changeMember(ann, 'bob', 'remove-member', { reason: 'moved away' })
  await bob.getByTestId('not-in-group').waitFor()
  await expect.poll(() => noticesOf(bob, name).first().textContent()).toContain('ann removed you')
  await expect.poll(() => ann.getByTestId('member-count').textContent()).toBe('3')
})

test("a member's card shows and changes role, name card and custom fields", async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const name = fresh('Studio')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob mia.berg' })
  await caughtUp(ann)
  await select(bob, name)

  await ann.getByTestId('find-member').fill('bob')
  await page.keyboard.press('Enter')
  const card = ann.getByTestId('card')
  await expect.poll(() => card.getByTestId('card-role').textContent()).toContain('member')
  await card.getByTestId('set-role').click()
  await expect.poll(() => bob.getByTestId('own-role').textContent()).toBe('Admin')
  await card.getByTestId('set-name-card').click()
  await fillIn(ann, { nameCard: 'Bob the brush' })
  await card.getByTestId('set-custom-field').click()
  await fillIn(ann, { key0: 'seat', value0: '12' })
  await expect.poll(() => card.getByTestId('name-card').textContent()).toBe('Bob the brush')

  await openPart(bob, 'you')
  const you = bob.getByRole('tabpanel', { name: 'You' })
  await expect.poll(() => you.getByTestId('custom-field').textContent()).toBe('seat: 12')
  await expect.poll(() => you.getByTestId('name-card').textContent()).toBe('Bob the brush')
  await you.getByTestId('set-name-card').click()
  await fillIn(bob, { nameCard: 'Robert' })
  await you.getByTestId('set-custom-field').click()
  await fillIn(bob, { value0: '7' })
  await expect.poll(() => card.getByTestId('name-card').textContent()).toBe('Robert')
  await expect.poll(() => card.getByTestId('custom-field').textContent()).toBe('seat: 7')

  await page.keyboard.press('Escape')
  await ann.getByTestId('close-card').click()
  await expect.poll(() => memberRow(ann, 'bob').textContent()).toContain('Robert')
  await ann.getByTestId('find-member').fill(fresh('nobody'))
  await page.keyboard.press('Enter')
  await expect
    .poll(() => card.textContent())
    .toContain('Nobody of this ID is known to be in the group.')
})

test("a user's remind type is their own and survives a reload", async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  await select(ann, 'Sailing crew')
  await openPart(ann, 'you')
  await ann.getByTestId('remind-type').selectOption('Receive quietly')
  await caughtUp(ann)
  await page.reload()
  await caughtUp(ann)
  await select(ann, 'Sailing crew')
  await openPart(ann, 'you')
  await expect.poll(() => ann.getByTestId('remind-type').inputValue()).toBe('AcceptNotNotify')
  await ann.getByTestId('remind-type').selectOption('Notify me')
  await caughtUp(ann)
})

test('a mute shows its remaining time and ends by itself offline', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const name = fresh('Theatre')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob mia.berg' })
  await caughtUp(ann)
  await select(bob, name)
  await openPart(bob, 'you')
  const ownMute = bob.getByTestId('own-mute')
  await expect.poll(() => ownMute.textContent()).toBe('not muted')

  await changeMember(ann, 'mia.berg', 'mute', { muteTime: '2', unit: 'hours' })
  await expect
    .poll(() => memberRow(ann, 'mia.berg').getByTestId('mute').textContent())
    .toMatch(/^muted (2:00:00|1:59:\d\d)$/)
  await changeMember(ann, 'mia.berg', 'unmute')
  await memberRow(ann, 'mia.berg').getByTestId('mute').waitFor({ state: 'detached' })

  await changeMember(ann, 'bob', 'mute', { muteTime: '15', unit: 'seconds' })
  const seen = seenTexts(ownMute, 'not muted')
  await ownMute.getByTestId('mute').waitFor()
  await ann.getByTestId('offline').check()
  await bob.getByTestId('offline').check()
  expect(
    (await seen).filter(text => /^muted 0:(0[1-9]|1[0-5])$/.test(text)).length
  ).toBeGreaterThanOrEqual(2)
  await memberRow(ann, 'bob').getByTestId('mute').waitFor({ state: 'detached' })
})

test('a forbidden button is disabled with its reason until it is allowed', async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const name = fresh('Museum')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob mia.berg' })
  await caughtUp(ann)
  await select(bob, name)

  const edit = bob.getByTestId('edit-profile')
  await expect.poll(() => edit.getAttribute('aria-disabled')).toBe('true')
  const reason = page.locator(`[id="${await edit.getAttribute('aria-describedby')}"]`)
  expect(await reason.textContent()).toContain('may not')
  expect(await reason.isVisible()).toBe(false)
  await edit.focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Shift+Tab')
  await reason.waitFor()
  await page.keyboard.press('Enter')
  await expect.poll(() => bob.getByTestId('toast').textContent()).toContain('10007')
  expect(await bob.getByTestId('form').count()).toBe(0)

  await openCard(bob, 'mia.berg')
  for (const button of [
    'set-role',
    'mute',
    'set-name-card',
    'set-custom-field',
    'make-owner',
    'remove-member'
  ]) {
    await expect
      .poll(() => bob.getByTestId('card').getByTestId(button).getAttribute('aria-disabled'))
      .toBe('true')
  }
  await changeMember(ann, 'bob', 'set-role')
  await expect.poll(() => edit.getAttribute('aria-disabled')).toBeNull()
  for (const button of ['mute', 'set-name-card', 'set-custom-field']) {
    await expect
      .poll(() => bob.getByTestId('card').getByTestId(button).getAttribute('aria-disabled'))
      .toBeNull()
  }
  expect(await bob.getByTestId('set-role').getAttribute('aria-disabled')).toBe('true')
})

/** The texts that an element shows until it shows the last. */
const seenTexts = (element: Locator, last: string) =>
  element.evaluate(
    (element, last) =>
      new Promise<string[]>(resolve => {
        const seen = [element.textContent.trim()]
        const observer = new MutationObserver(() => {
          const text = element.textContent.trim()
          if (text !== seen.at(-1)) seen.push(text)
          if (seen.length > 1 && text === last) {
            observer.disconnect()
            resolve(seen)
          }
        })
        observer.observe(element, { subtree: true, childList: true, characterData: true })
      }),
    last
  )
