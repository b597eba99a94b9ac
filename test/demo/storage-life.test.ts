/** Site data that the browser or its user removes while the page is open. */

import { expect, inject, test } from 'vitest'
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

test('a full quota takes verdicts and frees rows that nobody looks at', async () => {
  const { page, ann, bob } = await openDemo({
    async prepare(page) {
      const cdp = await page.context().newCDPSession(page)
      const { origin } = new URL(inject('demo').url)
      await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 60_000_000 })
    }
  })
  await caughtUp(ann, bob)
  // The first checkpoint leaves a reserve.
  const hasReserve = () =>
    page.evaluate(async () => {
      const result = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result)
          request.onerror = () => reject(request.error ?? new Error('failed'))
        })
      const names = (await indexedDB.databases()).map(({ name = '' }) => name)
      const name = names.find(each => each.endsWith(' ann')) ?? ''
      const database = await result(indexedDB.open(name))
      const key = database.transaction('pages').objectStore('pages').getKey(['reserve'])
      return result(key).finally(() => database.close())
    })
  await expect.poll(hasReserve).toBeDefined()
  await goOffline(ann)
  const opID = await page.evaluate(async id => {
    const { store } = window.demo.ann
    const answer = await store.apply('createGroup', { name: 'Boat', groupID: id, type: 'Public' })
    return 'opID' in answer ? answer.opID : JSON.stringify(answer)
  }, fresh('boat'))
  const error = await page.evaluate(async () => {
    const opening = indexedDB.open('other data of this site', 1)
    opening.onupgradeneeded = () =>
      opening.result.createObjectStore('rows', { autoIncrement: true })
    await new Promise(resolve => (opening.onsuccess = resolve))
    const put = (bytes: number) =>
      new Promise<string | undefined>(resolve => {
        const transaction = opening.result.transaction('rows', 'readwrite')
        transaction.objectStore('rows').put(crypto.getRandomValues(new Uint8Array(bytes)))
        transaction.oncomplete = () => resolve(undefined)
        transaction.onabort = () => resolve(transaction.error?.name)
      })
    let name: string | undefined
    for (const bytes of [60_000, 2000, 100]) while (!(name = await put(bytes)));
    return name
  })
  expect(error).toBe('QuotaExceededError')
  const refused = await page.evaluate(() => {
    const { store } = window.demo.ann
    return store.apply('createGroup', { name: 'Raft', type: 'Public' })
  })
  expect(refused).toMatchObject({ code: 4516 })
  await goOnline(ann)
  const settled = await page.evaluate(id => window.demo.ann.store.settled(id), opID)
  expect(settled).toMatchObject({ kind: 'applied' })
  await caughtUp(ann)
})
