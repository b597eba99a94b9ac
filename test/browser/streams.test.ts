import { expect, test } from 'vitest'
import { isGroupError, type Group, type List } from 'offline-groups'
import { fresh, openStore, taken, until } from './connect.ts'

const script = new URL('../../dist/src/worker.js', import.meta.url)

test('a worker that the browser ended is replaced without flicker or loss', async () => {
  const workers: Worker[] = []
  const ann = fresh('ann')
  const store = await openStore(ann, {
    worker() {
      workers.push(new Worker(script, { type: 'module' }))
      return workers.at(-1)!
    }
  })
  const { groupID } = taken(
    await store.apply('createGroup', {
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'bob' }]
    })
  )
  await until(store.status$, ({ connection, pending }) => connection === 'online' && pending === 0)
  const lists: List<Group>[] = []
  store.groups$.subscribe(list => lists.push(list))
  await until(store.groups$, ({ stale }) => !stale)
  await store.pause()
  const { opID } = taken(await store.apply('updateGroupProfile', { groupID, name: 'Boat' }))
  const before = lists.length

  workers[0]!.terminate()
  // No call may hang: the new worker answers it, or it ends with an error.
  const answers = await Promise.all([1, 2, 3].map(() => store.preview('quitGroup', { groupID })))
  expect(answers.every(({ kind }) => kind === 'no')).toBe(true)
  await expect.poll(() => workers.length).toBe(2)
  expect((await until(store.outbox$, () => true)).map(pending => pending.opID)).toEqual([opID])
  expect(lists.slice(before)).toEqual([])

  // The new worker inherits the pause.
  expect((await until(store.status$, ({ connection }) => connection === 'offline')).pending).toBe(1)
  await store.resume()
  expect(await store.settled(opID)).toMatchObject({ kind: 'applied' })
  expect(lists.every(({ rows }) => rows.length === 1)).toBe(true)
  expect(lists.at(-1)?.rows[0]?.name).toBe('Boat')
})

test('the death of an app-made worker is reported as 4510', async () => {
  const worker = new Worker(script, { type: 'module' })
  const store = await openStore(fresh('ann'), { worker })
  taken(await store.apply('createGroup', { name: 'Crew' }))
  worker.terminate()
  expect((await until(store.status$, ({ lastError }) => lastError !== null)).lastError?.code).toBe(
    4510
  )
  const answer = await store.apply('createGroup', { name: 'Boat' })
  expect(isGroupError(answer) && answer.code).toBe(4510)
})

test('a stream with an invalid window ends with 10004', async () => {
  const store = await openStore(fresh('ann'))
  const error = await new Promise(resolve => {
    store.members$('crew', { offset: -1, limit: 10 }).subscribe({ error: resolve })
  })
  expect(error).toMatchObject({ code: 10004 })
})

test('the group list shows first, and members follow in the background', async () => {
  const [ann, bob] = [fresh('ann'), fresh('bob')]
  const hers = await openStore(ann)
  const memberList = Array.from({ length: 100 }, (_, index) => ({ userID: `user-${index}` }))
  const created = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      hers.apply('createGroup', {
        name: `Group ${index}`,
        type: 'Public',
        memberList: [...memberList, { userID: bob }]
      })
    )
  )
  await Promise.all(created.map(answer => hers.settled(taken(answer).opID)))
  const his = await openStore(bob, { worker: false })
  const first = await until(his.groups$, ({ rows }) => rows.length > 0)
  expect(first.rows.every(({ memberNum }) => memberNum === 102)).toBe(true)
  const groupID = taken(created[19]!).groupID
  await until(
    his.members$(groupID, { limit: 100 }),
    ({ complete, total }) => complete && total === 102
  )
})
