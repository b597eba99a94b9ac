import { expect, test } from 'vitest'
import { fresh, openStore, removeDatabase, taken, until } from './connect.ts'

test('operations survive the loss of the whole database', async () => {
  const userID = fresh('ann')
  const store = await openStore(userID, { paused: true })
  const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  await store.close()
  await removeDatabase(userID)

  const again = await openStore(userID, { paused: true })
  const outbox = await until(again.outbox$, () => true)
  expect(outbox.map(pending => pending.opID)).toEqual([opID])
  await again.resume()
  expect(await again.settled(opID)).toMatchObject({ kind: 'applied' })
})

test('the journal holds more operations than one entry of a cache', async () => {
  const userID = fresh('ann')
  const store = await openStore(userID, { paused: true })
  const { groupID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  const introduction = 'x'.repeat(200)
  const edits = Array.from({ length: 300 }, () =>
    store.apply('updateGroupProfile', { groupID, introduction })
  )
  await Promise.all(edits)
  await store.close()
  await removeDatabase(userID)

  const again = await openStore(userID, { paused: true })
  expect(await until(again.outbox$, () => true)).toHaveLength(301)
})
