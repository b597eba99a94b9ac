import { expect, inject, test } from 'vitest'
import { fresh, openStore, taken, until } from './connect.ts'

// WebKitGTK has no private file system, so there the operations are gone with the database.
const hasFiles = 'storage' in navigator && 'getDirectory' in navigator.storage

const removeDatabase = (userID: string) =>
  new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(`offline-groups ${inject('url')} ${userID}`)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error ?? new Error('not removed'))
  })

test('operations survive the loss of the whole database', async () => {
  const userID = fresh('ann')
  const store = await openStore(userID, { paused: true })
  const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  await store.close()
  await removeDatabase(userID)

  const again = await openStore(userID, { paused: true })
  const outbox = await until(again.outbox$, () => true)
  expect(outbox.map(pending => pending.opID)).toEqual(hasFiles ? [opID] : [])
  if (!hasFiles) return
  await again.resume()
  expect(await again.settled(opID)).toMatchObject({ kind: 'applied' })
})
