/** Site data that the browser or its user removes while the page is open. */

import { expect, test } from 'vitest'
import { caughtUp, fresh, goOffline, goOnline, openDemo } from './page.ts'

test('operations survive that the user clears the data of the site', async () => {
  const { page, ann, bob } = await openDemo()
  await caughtUp(ann, bob)
  await goOffline(ann)
  const groupID = fresh('boat')
  const opID = await page.evaluate(async id => {
    const { store } = window.demo.ann
    const answer = await store.apply('createGroup', { name: 'Boat', groupID: id, type: 'Public' })
    return 'opID' in answer ? answer.opID : JSON.stringify(answer)
  }, groupID)
  const cdp = await page.context().newCDPSession(page)
  const origin = await page.evaluate(() => location.origin)
  await cdp.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })

  const stored = () =>
    page.evaluate(
      () =>
        new Promise<{ loss: unknown }>(resolve => {
          const subscription = window.demo.ann.store.storage$.subscribe(status => {
            if (!status.loss) return
            resolve(status)
            setTimeout(() => subscription.unsubscribe())
          })
        })
    )
  expect(await stored()).toMatchObject({ loss: { kind: 'wiped' } })
  const pendingIDs = () =>
    page.evaluate(() => window.demo.ann.view.outbox.map(pending => pending.opID))
  expect(await pendingIDs()).toEqual([opID])
  await goOnline(ann)
  await caughtUp(ann)
  const settled = await page.evaluate(id => window.demo.ann.store.settled(id), opID)
  expect(settled).toMatchObject({ kind: 'applied' })
})
