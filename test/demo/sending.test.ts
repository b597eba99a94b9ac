/** The status of the page while a change is on its way from a click to the server's answer. */

import { expect, inject, onTestFinished, test } from 'vitest'
import { caughtUp, fresh, goOffline, groupRow, openDemo, outboxOf, submit } from './page.ts'
import { filledFolder, startDemo } from './server.ts'

test('the page says caught up only once the server has every change', async () => {
  const { ann, bob } = await openDemo({ before: slowWorkers })
  await caughtUp(ann, bob)
  const name = fresh('Ferry')
  await submit(ann, 'create-group', { name, type: 'Public', members: 'bob' })
  await caughtUp(ann)
  await goOffline(ann)
  await groupRow(bob, name).waitFor()
  expect(await outboxOf(ann)).toEqual([])
})

test('the page says sending while the server does not answer', async () => {
  const folder = await filledFolder(inject('demo').filled)
  const server = await startDemo({ DEMO_DATA_DIR: folder.path })
  onTestFinished(async () => {
    await server.stop()
    await folder.remove()
  })
  const { ann, bob } = await openDemo({ url: server.url })
  await caughtUp(ann, bob)
  server.freeze()
  await submit(ann, 'create-group', { name: fresh('Ferry') })
  await ann.getByTestId('pending').waitFor()
  expect(await ann.getByTestId('connection').textContent()).toBe('online, sending')
  server.thaw()
  await caughtUp(ann)
  expect(await outboxOf(ann)).toEqual([])
})

test('a form that is submitted twice is sent once', async () => {
  const { page, ann, bob } = await openDemo({ before: slowWorkers })
  await caughtUp(ann, bob)
  const name = fresh('Ferry')
  await ann.getByTestId('create-group').click()
  await ann.getByTestId('form').locator('[name=name]').fill(name)
  // In the page: on a busy machine, the form would close before the test's second click.
  await ann.getByTestId('submit').evaluate(async (button: HTMLElement) => {
    button.click()
    await new Promise(requestAnimationFrame)
    button.click()
  })
  await ann.getByTestId('form').waitFor({ state: 'detached' })
  await caughtUp(ann)
  const names = await page.evaluate(() =>
    window.demo.ann.view.groups?.rows.map(group => group.name)
  )
  expect(names?.filter(each => each === name)).toHaveLength(1)
})

/** Every message to a worker takes half a second, as on a busy device. */
function slowWorkers(): void {
  const delayMs = 500
  window.Worker = class extends Worker {
    override postMessage(
      message: unknown,
      transfer?: Transferable[] | StructuredSerializeOptions
    ): void {
      setTimeout(() => super.postMessage(message, transfer as Transferable[]), delayMs)
    }
  }
}
