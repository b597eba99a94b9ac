/**
 * The first-paint cache in a page: lists before the worker has started. A paint is cached after 6 s,
 * so the tests wait at the same time.
 */

import { createGroupStore, type Group, type List, type Member } from 'offline-groups'
import { firstValueFrom } from 'rxjs'
import { inject, test, type TestContext } from 'vitest'
import { databaseName } from '../../src/storage/database.ts'
import { openPaintCache } from '../../src/storage/paint-cache.ts'
import { fresh, openStore, taken, until } from './connect.ts'

/** A worker that never answers, so all that the page shows comes from the cache. */
const silentWorker = () =>
  new Worker(URL.createObjectURL(new Blob([''], { type: 'text/javascript' })))

function openWithSilentWorker(userID: string) {
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

async function cachedPaint(userID: string): Promise<string | undefined> {
  const cache = openPaintCache(databaseName({ url: inject('url'), userID }))
  return cache.read().finally(cache.close)
}

/** A user whose page has shown a group until its paint was cached. */
async function openCached(
  userID: string,
  name: string,
  { expect, onTestFinished }: Pick<TestContext, 'expect' | 'onTestFinished'>
) {
  const store = await openStore(userID, { paused: true }, onTestFinished)
  const subscriptions = [
    store.groups$.subscribe(),
    store.members$('crew', { limit: 10 }).subscribe()
  ]
  onTestFinished(() => subscriptions.forEach(subscription => subscription.unsubscribe()))
  taken(await store.apply('createGroup', { groupID: 'crew', name, type: 'Private' }))
  await expect.poll(() => cachedPaint(userID), { interval: 200 }).toContain(name)
  return store
}

test.concurrent(
  'a page shows the cached paint before its worker starts',
  async ({ expect, onTestFinished }) => {
    const userID = fresh('ann')
    const store = await openCached(userID, 'Crew', { expect, onTestFinished })
    await store.close()
    const { groups, members } = openWithSilentWorker(userID)
    await expect.poll(() => [groups.length, members.length]).toEqual([1, 1])
    expect(groups[0]).toMatchObject({
      rows: [{ groupID: 'crew', name: 'Crew' }],
      total: 1,
      stale: true
    })
    expect(members[0]).toMatchObject({ rows: [{ userID, role: 'Owner' }], stale: true })
  }
)

test.concurrent(
  'a page waits for its worker if the cached paint is outdated',
  async ({ expect, onTestFinished }) => {
    const userID = fresh('ann')
    const store = await openCached(userID, 'Crew', { expect, onTestFinished })
    taken(await store.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' }))
    expect(await cachedPaint(userID)).toBeUndefined()
    await store.close()
    const reopened = await openStore(userID, { paused: true }, onTestFinished)
    const list = await firstValueFrom(reopened.groups$)
    expect(list.rows.map(({ name }) => name)).toEqual(['Boat'])
  }
)

test.concurrent(
  'rows that the worker reads unchanged are not emitted twice',
  async ({ expect, onTestFinished }) => {
    const userID = fresh('ann')
    const store = await openCached(userID, 'Crew', { expect, onTestFinished })
    await store.close()
    const reopened = await openStore(userID, { paused: true }, onTestFinished)
    const seen: List<Group>[] = []
    const subscription = reopened.groups$.subscribe(list => seen.push(list))
    onTestFinished(() => subscription.unsubscribe())
    await until(reopened.status$, ({ pending }) => pending === 1)
    taken(
      await reopened.apply('setMessageRemindType', {
        groupID: 'crew',
        messageRemindType: 'Discard'
      })
    )
    const rows = seen.map(list => list.rows[0]?.selfInfo?.messageRemindType)
    expect(rows).toEqual(['AcceptAndNotify', 'Discard'])
  }
)

test.concurrent(
  'the cached paint names no group that its user has left',
  async ({ expect, onTestFinished }) => {
    const userID = fresh('ann')
    const store = await openStore(userID, { paused: true }, onTestFinished)
    const subscriptions = [
      store.groups$.subscribe(),
      store.members$('crew', { limit: 10 }).subscribe()
    ]
    onTestFinished(() => subscriptions.forEach(subscription => subscription.unsubscribe()))
    for (const groupID of ['boat', 'crew'])
      taken(await store.apply('createGroup', { groupID, name: groupID, type: 'Public' }))
    taken(await store.apply('dismissGroup', { groupID: 'crew' }))
    await expect.poll(() => cachedPaint(userID), { interval: 200 }).toContain('boat')
    expect(await cachedPaint(userID)).not.toContain('crew')
  }
)

test.concurrent('logout removes the cached paint', async ({ expect, onTestFinished }) => {
  const userID = fresh('ann')
  const store = await openCached(userID, 'Crew', { expect, onTestFinished })
  expect(await store.logout({ pending: 'discard' })).toBeNull()
  expect(await cachedPaint(userID)).toBeUndefined()
})
