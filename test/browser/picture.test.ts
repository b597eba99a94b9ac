/** What a page shows before its worker has started: what was shown last. */

import { createGroupStore, type Group, type List, type Member } from 'offline-groups'
import { firstValueFrom } from 'rxjs'
import { expect, inject, onTestFinished, test } from 'vitest'
import { databaseName } from '../../src/storage/database.ts'
import { openPictures } from '../../src/storage/picture.ts'
import { fresh, openStore, taken, until } from './connect.ts'

/** A worker that takes its time: nothing of what a page then shows can have come from it. */
const silentWorker = () =>
  new Worker(URL.createObjectURL(new Blob([''], { type: 'text/javascript' })))

function openSilent(userID: string) {
  const store = createGroupStore({
    url: inject('url'),
    userID,
    token: '',
    worker: silentWorker,
    paused: true
  })
  const groups: List<Group>[] = []
  const members: List<Member>[] = []
  store.groups$.subscribe(list => groups.push(list))
  store.members$('crew', { limit: 10 }).subscribe(list => members.push(list))
  return { groups, members }
}

async function kept(userID: string): Promise<string | undefined> {
  const pictures = openPictures(databaseName({ url: inject('url'), userID }))
  return pictures.read().finally(pictures.close)
}

/** Somebody with a group, who has looked at it until it was quiet. */
async function openKept(userID: string, name: string) {
  const store = await openStore(userID, { paused: true })
  const looks = [store.groups$.subscribe(), store.members$('crew', { limit: 10 }).subscribe()]
  onTestFinished(() => looks.forEach(look => look.unsubscribe()))
  taken(await store.apply('createGroup', { groupID: 'crew', name, type: 'Private' }))
  await expect.poll(() => kept(userID), { interval: 200 }).toContain(name)
  return store
}

test('what was shown last is shown before the worker has started, with what waits', async () => {
  const userID = fresh('ann')
  const store = await openKept(userID, 'Crew')
  await store.close()
  const { groups, members } = openSilent(userID)
  await expect.poll(() => [groups.length, members.length]).toEqual([1, 1])
  expect(groups[0]).toMatchObject({
    rows: [{ groupID: 'crew', name: 'Crew' }],
    total: 1,
    stale: true
  })
  expect(members[0]).toMatchObject({ rows: [{ userID, role: 'Owner' }], stale: true })
})

test('what was done after that is not left out: then nothing is shown before the worker has read', async () => {
  const userID = fresh('ann')
  const store = await openKept(userID, 'Crew')
  taken(await store.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' }))
  expect(await kept(userID)).toBeUndefined()
  await store.close()
  const again = await openStore(userID, { paused: true })
  const list = await firstValueFrom(again.groups$)
  expect(list.rows.map(({ name }) => name)).toEqual(['Boat'])
})

test('the worker goes on from there: what it knows the same is not shown twice', async () => {
  const userID = fresh('ann')
  const store = await openKept(userID, 'Crew')
  await store.close()
  const again = await openStore(userID, { paused: true })
  const seen: List<Group>[] = []
  const look = again.groups$.subscribe(list => seen.push(list))
  onTestFinished(() => look.unsubscribe())
  await until(again.status$, ({ pending }) => pending === 1)
  taken(
    await again.apply('setMessageRemindType', { groupID: 'crew', messageRemindType: 'Discard' })
  )
  const rows = seen.map(list => list.rows[0]?.selfInfo?.messageRemindType)
  expect(rows).toEqual(['AcceptAndNotify', 'Discard'])
})

test('nothing of it is left after logging out', async () => {
  const userID = fresh('ann')
  const store = await openKept(userID, 'Crew')
  expect(await store.logout({ pending: 'discard' })).toBeNull()
  expect(await kept(userID)).toBeUndefined()
})
