import { fileURLToPath } from 'node:url'
import { expect, inject, onTestFinished, test } from 'vitest'
import {
  caughtUp,
  changeMember,
  fresh,
  goOffline,
  goOnline,
  groupRow,
  memberRow,
  openDemo,
  outboxOf,
  roleOf,
  select,
  submit
} from './page.ts'
import { filledFolder, startDemo } from './server.ts'

test('every button has the effect of its label', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  const groupID = fresh('park')
  const name = fresh('Park')

  await ann.getByTestId('create-group').click()
  await ann.getByTestId('cancel').click()
  await ann.getByTestId('form').waitFor({ state: 'detached' })
  await submit(ann, 'create-group', {
    name,
    groupID,
    type: 'Public',
    introduction: 'Trees.',
    members: 'mia.berg',
    admins: 'jens.koch'
  })
  await expect.poll(() => ann.getByTestId('group-name').textContent()).toBe(name)
  await expect.poll(() => roleOf(ann, 'jens.koch')).toBe('admin')

  await changeMember(ann, 'mia.berg', 'set-role')
  await expect.poll(() => roleOf(ann, 'mia.berg')).toBe('admin')
  await changeMember(ann, 'mia.berg', 'set-role')
  await expect.poll(() => roleOf(ann, 'mia.berg')).toBe('')
  await changeMember(ann, 'mia.berg', 'remove-member', {})
  await memberRow(ann, 'mia.berg').waitFor({ state: 'detached' })
  await caughtUp(ann)

  await submit(bob, 'join-group', { groupID })
  await expect.poll(() => bob.getByTestId('group-name').textContent()).toBe(name)
  await memberRow(ann, 'bob').waitFor()
  await submit(bob, 'quit-group', {})
  await groupRow(bob, name).waitFor({ state: 'detached' })
  await memberRow(ann, 'bob').waitFor({ state: 'detached' })

  await submit(ann, 'edit-profile', {
    introduction: 'Trees and ponds.',
    notification: 'Closed on Mondays.',
    maxMemberNum: '50',
    joinOption: 'NeedPermission',
    muteAllMembers: true
  })
  await expect.poll(() => ann.getByTestId('maxMemberNum').textContent()).toBe('50')
  await expect.poll(() => ann.getByTestId('muteAllMembers').textContent()).toBe('yes')
  await expect.poll(() => ann.getByTestId('details').textContent()).toContain('Closed on Mondays.')
  await caughtUp(ann)

  await submit(bob, 'join-group', { groupID, applyMessage: 'I like ponds.' })
  await expect.poll(() => bob.getByTestId('toast').textContent()).toContain('have been asked')
  await bob.getByTestId('dismiss-toast').click()
  await bob.getByTestId('toast').waitFor({ state: 'detached' })

  await submit(ann, 'dismiss-group', {})
  await groupRow(ann, name).waitFor({ state: 'detached' })
  await caughtUp(ann, bob)

  const flat = fresh('Flat')
  await submit(ann, 'create-group', { name: flat, type: 'Private' })
  await submit(ann, 'add-members', { users: 'bob mia.berg' })
  await memberRow(ann, 'mia.berg').waitFor()
  await groupRow(bob, flat).waitFor()

  await submit(ann, 'create-group', { name: fresh('Pier'), type: 'AVChatRoom' })
  await caughtUp(ann)
  await ann.getByTestId('enter-group').click()
  await expect.poll(() => ann.getByTestId('own-role').textContent()).toBe('Owner')
})

test('a forbidden operation is refused at once with code and reason', async () => {
  const { ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  await select(ann, 'Sailing crew')
  await ann.getByTestId('more').click()
  await ann.getByTestId('quit-group').press('Enter')
  await expect.poll(() => ann.getByTestId('toast').textContent()).toContain('10009')
  expect(await ann.getByTestId('toast').textContent()).toContain(
    'The owner cannot quit: transfer or dismiss the group.'
  )
  expect(await ann.getByTestId('form').count()).toBe(0)
  await ann.getByTestId('dismiss-toast').click()

  await goOffline(bob)
  await submit(bob, 'join-group', { groupID: fresh('nowhere') })
  await expect.poll(() => bob.getByTestId('toast').textContent()).toContain('2805')
  await bob.getByTestId('cancel').click()
  await goOnline(bob)
  await submit(bob, 'join-group', { groupID: fresh('nowhere') })
  await expect
    .poll(() => bob.getByTestId('verdict').textContent())
    .toContain('There is no such group')
  await bob.getByTestId('dismiss-verdict').click()
  await bob.getByTestId('verdict').waitFor({ state: 'detached' })
  expect(await outboxOf(bob)).toEqual([])
})

test('names with markup are shown as text', async () => {
  const { page, ann, bob } = await openDemo({
    before: () => void (window.alert = () => document.body.append('ALERTED'))
  })
  await caughtUp(ann, bob)
  const hostile = '<img src=x onerror=alert(1)>'
  await submit(ann, 'create-group', { name: hostile, type: 'Public', members: 'bob' })
  await submit(ann, 'edit-profile', {
    introduction: '<script>alert(2)</script>',
    avatar: 'http://x/"onload="alert(3)'
  })
  await caughtUp(ann)
  await select(bob, hostile)
  for (const pane of [ann, bob]) {
    await expect.poll(() => pane.getByTestId('group-name').textContent()).toBe(hostile)
    await expect
      .poll(() => pane.getByTestId('details').textContent())
      .toContain('<script>alert(2)</script>')
  }
  expect(await page.locator('main img').count()).toBe(0)

  await submit(ann, 'edit-profile', { name: 'ab\u202Egnp.exe' })
  await expect.poll(() => ann.getByTestId('group-name').textContent()).toBe('abgnp.exe')
  expect(await page.locator('body').textContent()).not.toContain('ALERTED')
})

test('the page can be used with the keyboard alone', async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  await ann.getByTestId('group-list').focus()
  await page.keyboard.press('Home')
  const first = await ann.getByTestId('group-name').textContent()
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => ann.getByTestId('group-name').textContent()).not.toBe(first)
  await page.keyboard.press('End')
  await expect
    .poll(() => ann.getByTestId('group-row').last().getAttribute('aria-selected'))
    .toBe('true')
  await page.keyboard.press('Home')
  await expect.poll(() => ann.getByTestId('group-name').textContent()).toBe(first)

  await ann.getByTestId('create-group').press('Enter')
  await ann.getByTestId('form').waitFor()
  const name = fresh('Keys')
  await page.keyboard.type(name)
  await page.keyboard.press('Enter')
  await expect.poll(() => ann.getByTestId('group-name').textContent()).toBe(name)

  await ann.getByTestId('join-group').press('Enter')
  await ann.getByTestId('form').waitFor()
  await page.keyboard.press('Escape')
  await ann.getByTestId('form').waitFor({ state: 'detached' })
  expect(
    await ann.getByTestId('join-group').evaluate(button => button === document.activeElement)
  ).toBe(true)

  await ann.getByTestId('offline').press('Space')
  await expect.poll(() => ann.getByTestId('connection').textContent()).toBe('offline')
})

test('buttons and selects show their whole text in half a small screen', async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  await select(ann, 'Harbour festival')
  await expect.poll(() => ann.getByTestId('complete').textContent()).toBe('complete')
  const measured = await page.evaluate(() =>
    ['.ann .tools', '.ann .members header'].flatMap(place =>
      [...document.querySelectorAll<HTMLElement>(`${place} :is(select, button)`)].map(element => {
        const { top, width } = element.getBoundingClientRect()
        element.style.cssText = 'position: absolute; width: max-content'
        const { width: wholeWidth } = element.getBoundingClientRect()
        element.style.cssText = ''
        const previous = element.previousElementSibling?.getBoundingClientRect()
        const isWrapped = element.matches('button') && top >= (previous?.bottom ?? 0)
        return { id: element.dataset['testid'], isClipped: width < wholeWidth, isWrapped }
      })
    )
  )
  const names = ['group-order', 'join-group', 'create-group', 'member-order', 'add-members']
  expect(measured).toEqual(names.map(id => ({ id, isClipped: false, isWrapped: false })))
})

// `SCREENSHOT=1` makes the README's picture of the page.
if (process.env['SCREENSHOT'])
  test('the picture shows an offline user and a refused operation', async () => {
    const folder = await filledFolder(inject('demo').filled)
    const demo = await startDemo({ DEMO_DATA_DIR: folder.path })
    onTestFinished(async () => {
      await demo.stop()
      await folder.remove()
    })
    const { page, ann, bob } = await openDemo({
      url: demo.url,
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light'
    })
    await caughtUp(ann, bob)
    await submit(ann, 'create-group', {
      name: 'Lantern parade',
      type: 'Public',
      members: 'mia.berg jens.koch',
      admins: 'bob'
    })
    await caughtUp(ann)
    await select(bob, 'Lantern parade')
    await goOffline(bob)
    await submit(bob, 'edit-profile', { name: 'Lantern and kite parade' })
    await changeMember(ann, 'bob', 'remove-member', {})
    await caughtUp(ann)
    await goOnline(bob)
    await bob.getByTestId('verdict').waitFor()
    await select(bob, 'Harbour festival')
    await expect.poll(() => bob.getByTestId('complete').textContent()).toBe('complete')

    await select(ann, 'Sailing crew')
    await changeMember(ann, 'ada.kaya', 'set-name-card', { nameCard: 'Mends the sails' })
    await caughtUp(ann)
    await goOffline(ann)
    await submit(ann, 'edit-profile', { name: 'Boat crew ⛵' })
    await changeMember(ann, 'ada.jansen', 'set-role')
    await changeMember(ann, 'ada.kang', 'mute', { muteTime: '10' })
    await submit(ann, 'create-group', {
      name: 'Regatta 2027',
      type: 'Public',
      members: 'bob mia.berg'
    })
    await select(ann, 'Boat crew')
    await memberRow(ann, 'ada.jansen').waitFor()
    await ann.getByTestId('tab-inbox').click()
    await ann.getByTestId('tab-inbox').blur()
    await page.mouse.move(0, 0)
    await page.screenshot({
      path: fileURLToPath(new URL('../../demo/screenshot.png', import.meta.url))
    })
  })
