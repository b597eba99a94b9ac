/** Applications from the form to the inbox, refusals, and operations that are pending offline. */

import { randomBytes } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { generateUserSig } from 'offline-groups/server'
import { app } from '../../demo/app.ts'
import { connect } from '../../demo/wire.ts'
import {
  caughtUp,
  changeMember,
  fresh,
  goOffline,
  goOnline,
  groupRow,
  memberRow,
  noticesOf,
  openDemo,
  openPart,
  outboxOf,
  roleOf,
  select,
  submit
} from './page.ts'

test('an applicant is admitted from the inbox with an answer', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const groupID = fresh('court')
  const name = `The ${groupID}`
  await submit(ann, 'create-group', { name, groupID, type: 'Public', joinOption: 'NeedPermission' })
  // Only then does the page show that ann has caught up.
  await groupRow(ann, name).waitFor()
  await caughtUp(ann)
  const before = Number(await ann.getByTestId('inbox-count').textContent())
  await submit(bob, 'join-group', { groupID, applyMessage: 'I bring a ball.' })
  await expect.poll(() => bob.getByTestId('toast').textContent()).toContain('have been asked')
  await expect.poll(() => ann.getByTestId('inbox-count').textContent()).toBe(String(before + 1))

  await ann.getByTestId('tab-inbox').click()
  const application = noticesOf(ann, name).filter({ hasText: 'bob asks to join' })
  expect(await application.textContent()).toContain('“I bring a ball.”')
  await application.getByRole('textbox').fill('Bring two.')
  await application.getByRole('button', { name: 'Accept bob' }).click()
  await expect.poll(() => application.getByTestId('outcome').textContent()).toBe('let in')
  expect(await application.getByRole('button', { name: /Accept|Refuse/ }).count()).toBe(0)

  await bob.getByTestId('tab-inbox').click()
  const answer = noticesOf(bob, name).first()
  await expect.poll(() => answer.textContent()).toContain('ann let you in')
  expect(await answer.textContent()).toContain('“Bring two.”')
  await answer.getByRole('button', { name }).click()
  await expect.poll(() => bob.getByTestId('group-name').textContent()).toBe(name)
})

test('a refused applicant sees the reason and can apply again', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const groupID = fresh('vault')
  const name = `The ${groupID}`
  await submit(ann, 'create-group', { name, groupID, type: 'Public', joinOption: 'NeedPermission' })
  await caughtUp(ann)
  await ann.getByTestId('tab-inbox').click()
  await bob.getByTestId('tab-inbox').click()
  for (const round of [1, 2]) {
    await bob.getByTestId('tab-groups').click()
    await submit(bob, 'join-group', { groupID, applyMessage: `Try ${round}` })
    const application = noticesOf(ann, name).filter({ hasText: `Try ${round}` })
    await application.getByRole('textbox').fill(`No, ${round}`)
    await application.getByRole('button', { name: 'Refuse bob' }).click()
    await expect.poll(() => application.getByTestId('outcome').textContent()).toBe('turned away')
    await bob.getByTestId('tab-inbox').click()
    await expect.poll(() => noticesOf(bob, name).first().textContent()).toContain(`“No, ${round}”`)
    expect(await noticesOf(bob, name).first().textContent()).toContain('ann turned you away')
  }
})

test('the second decision on an application is refused as already handled', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const groupID = fresh('pool')
  const name = `The ${groupID}`
  await submit(ann, 'create-group', {
    name,
    groupID,
    type: 'Public',
    joinOption: 'NeedPermission',
    admins: 'bob'
  })
  await caughtUp(ann)
  await applyAs('carla', groupID)
  for (const pane of [ann, bob]) {
    await pane.getByTestId('tab-inbox').click()
    await noticesOf(pane, name).filter({ hasText: 'carla asks to join' }).waitFor()
  }

  await goOffline(bob)
  const his = noticesOf(bob, name).filter({ hasText: 'carla' })
  await his.getByTestId('accept').click()
  await expect.poll(() => his.getByTestId('outcome').textContent()).toBe('let in')
  await expect
    .poll(() => outboxOf(bob))
    .toEqual([expect.stringContaining('let in carla — waiting')])
  const hers = noticesOf(ann, name).filter({ hasText: 'carla' })
  await hers.getByTestId('refuse').click()
  await caughtUp(ann)

  await goOnline(bob)
  await caughtUp(bob)
  await expect.poll(() => bob.getByTestId('code').textContent()).toMatch(/^10024 /)
  for (const notice of [hers, his])
    await expect.poll(() => notice.getByTestId('outcome').textContent()).toBe('turned away')
  await noticesOf(ann, name).getByRole('button', { name }).first().click()
  await memberRow(ann, 'bob').waitFor()
  expect(await memberRow(ann, 'carla').count()).toBe(0)

  const again = bob.getByTestId('retry-verdict')
  await expect.poll(() => again.getAttribute('aria-disabled')).toBe('true')
  await bob.getByTestId('dismiss-verdict').click()
  await bob.getByTestId('verdict').waitFor({ state: 'detached' })
})

test('a refused operation can be retried once it is allowed', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const name = fresh('Cinema')
  await submit(ann, 'create-group', { name, type: 'Public', admins: 'bob' })
  await caughtUp(ann)
  await select(bob, name)
  await goOffline(bob)
  await submit(bob, 'edit-profile', { notification: 'Closed.' })
  await changeMember(ann, 'bob', 'set-role')
  await caughtUp(ann)
  await goOnline(bob)
  await caughtUp(bob)
  await expect
    .poll(() => bob.getByTestId('cause').textContent())
    .toMatch(/^Because your admin role was taken by ann at/)
  const again = bob.getByTestId('retry-verdict')
  await expect.poll(() => again.getAttribute('aria-disabled')).toBe('true')

  await changeMember(ann, 'bob', 'set-role')
  await expect.poll(() => again.getAttribute('aria-disabled')).toBeNull()
  await again.click()
  await bob.getByTestId('verdict').waitFor({ state: 'detached' })
  await openPart(ann, 'about')
  await expect.poll(() => ann.getByTestId('notification').textContent()).toBe('Closed.')
})

test('every operation waits offline in words and survives a reload', async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const name = fresh('Museum')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob mia.berg jens.koch' })
  await caughtUp(ann)
  await goOffline(ann)
  await submit(ann, 'edit-profile', { key0: 'wing', value0: 'east' })
  await changeMember(ann, 'mia.berg', 'mute', { muteTime: '1', unit: 'days' })
  await changeMember(ann, 'mia.berg', 'set-name-card', { nameCard: 'Guide' })
  await changeMember(ann, 'mia.berg', 'set-custom-field', { key0: 'floor', value0: '2' })
  await changeMember(ann, 'jens.koch', 'remove-member', {})
  await openPart(ann, 'you')
  await ann.getByTestId('remind-type').selectOption('Receive none')
  await changeMember(ann, 'bob', 'make-owner', {})

  await page.reload()
  await expect.poll(() => ann.getByTestId('outbox-entry').count()).toBe(7)
  const sentences = await outboxOf(ann)
  const words = [
    'change the custom fields',
    'mute mia.berg for 1 day',
    'set mia.berg’s name card to “Guide”',
    'set mia.berg’s custom fields',
    'remove jens.koch',
    'set notifications to Discard',
    'hand the group over to bob'
  ]
  expect(sentences).toEqual(words.map(sentence => expect.stringContaining(`${sentence} — waiting`)))
  await select(ann, name)
  await expect.poll(() => roleOf(ann, 'bob')).toBe('owner')

  await goOnline(ann)
  await caughtUp(ann, bob)
  await select(bob, name)
  await expect.poll(() => bob.getByTestId('own-role').textContent()).toBe('Owner')
  await expect.poll(() => bob.getByTestId('groupCustomField').textContent()).toBe('wing: east')
  await expect
    .poll(() => memberRow(bob, 'mia.berg').textContent())
    .toMatch(/Guide\s+muted (?:1 day|23:59:\d\d)/)
  await expect.poll(() => memberRow(bob, 'jens.koch').count()).toBe(0)
  expect(
    (await bob.getByTestId('verdict').count()) + (await ann.getByTestId('verdict').count())
  ).toBe(0)
})

/** Another user, without the page, applies to join. */
async function applyAs(userID: string, groupID: string): Promise<void> {
  const client = await connect(
    `${inject('demo').url.replace('http', 'ws')}/sync`,
    generateUserSig(app, { userID })
  )
  const opID = randomBytes(16).toString('base64url')
  await client.push([
    { opID, name: 'joinGroup', groupID, args: { groupID, applyMessage: 'May I?' } }
  ])
  client.close()
}
