import { lastValueFrom } from 'rxjs'
import { expect, test } from 'vitest'
import type { GroupStoreOptions, List, Member } from 'offline-groups'
import { fresh, openStore, taken, until } from './connect.ts'

const places: [string, Partial<GroupStoreOptions>][] = [
  ['in its worker', {}],
  ['in the calling thread', { worker: false }]
]

test.each(places)('an engine %s shows and delivers an operation', async (_place, options) => {
  const [ann, bob] = [fresh('ann'), fresh('bob')]
  const hers = await openStore(ann, options)
  const his = await openStore(bob, options)
  const { groupID, opID } = taken(
    await hers.apply('createGroup', {
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: bob }]
    })
  )
  expect((await until(hers.groups$, () => true)).rows.map(({ name }) => name)).toEqual(['Crew'])
  expect(await hers.settled(opID)).toMatchObject({ kind: 'applied', groupID })
  const { rows } = await until(his.groups$, list => list.rows.length > 0)
  expect(rows).toMatchObject([
    { groupID, name: 'Crew', memberNum: 2, selfInfo: { role: 'Member' } }
  ])
  expect(await until(hers.status$, ({ connection }) => connection === 'online')).toMatchObject({
    pending: 0,
    lastError: null
  })
})

test('the effect of a call is visible before it resolves', async () => {
  const store = await openStore(fresh('ann'))
  const seen: number[] = []
  store.groups$.subscribe(({ rows }) => seen.push(rows.length))
  for (let count = 1; count <= 20; count++) {
    taken(await store.apply('createGroup', { name: `Group ${count}` }))
    expect(seen.at(-1)).toBe(count)
  }
})

test('a reopened store has its pending operations', async () => {
  const ann = fresh('ann')
  const store = await openStore(ann, { paused: true })
  const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  await store.close()
  const again = await openStore(ann, { paused: true })
  expect((await until(again.groups$, () => true)).rows.map(({ name }) => name)).toEqual(['Crew'])
  expect((await until(again.outbox$, () => true)).map(pending => pending.opID)).toEqual([opID])
  await again.resume()
  expect(await again.settled(opID)).toMatchObject({ kind: 'applied' })
})

test('unchanged rows stay the same frozen objects', async () => {
  const ann = fresh('ann')
  const store = await openStore(ann)
  const { groupID } = taken(
    await store.apply('createGroup', {
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: 'x' }, { userID: 'y' }]
    })
  )
  const lists: List<Member>[] = []
  store.members$(groupID, { offset: 0, limit: 10 }).subscribe(list => lists.push(list))
  await until(store.members$(groupID, { offset: 0, limit: 10 }), ({ rows }) => rows.length === 3)
  taken(await store.apply('setGroupMemberRole', { groupID, userID: 'y', role: 'Admin' }))
  await until(store.members$(groupID, { offset: 0, limit: 10 }), ({ rows }) =>
    rows.some(({ role }) => role === 'Admin')
  )
  const before = lists.find(
    ({ rows }) => rows.length === 3 && rows.every(({ role }) => role !== 'Admin')
  )
  const after = lists.find(({ rows }) => rows.some(({ role }) => role === 'Admin'))
  const unchanged = (list: List<Member> | undefined) =>
    list?.rows.filter(({ userID }) => userID !== 'y') ?? []
  expect([unchanged(before).length, unchanged(after).length]).toEqual([2, 2])
  unchanged(before).forEach((row, index) => expect(unchanged(after)[index]).toBe(row))
  expect(() => Object.assign(after?.rows[0] ?? {}, { role: 'Owner' })).toThrow(TypeError)
})

test('logout with pending operations needs keep, flush or discard', async () => {
  const ann = fresh('ann')
  const store = await openStore(ann, { paused: true })
  taken(await store.apply('createGroup', { name: 'Crew' }))
  expect(await store.logout()).toMatchObject({ code: 4504 })
  expect(await store.logout({ pending: 'flush' })).toMatchObject({ code: 2805 })
  expect(await store.logout({ pending: 'keep' })).toBeNull()
  const again = await openStore(ann, { paused: true })
  expect(await until(again.outbox$, () => true)).toHaveLength(1)
  await again.resume()
  expect(await again.logout({ pending: 'flush' })).toBeNull()
  expect(await again.apply('createGroup', { name: 'Late' })).toMatchObject({ code: 2999 })
  const last = await openStore(ann, { paused: true })
  expect((await until(last.groups$, () => true)).rows).toEqual([])
})

test('a follower shows all rows and leads after the leader closes', async () => {
  const ann = fresh('ann')
  const first = await openStore(ann)
  await until(first.status$, ({ connection }) => connection === 'online')
  const second = await openStore(ann)
  await until(second.status$, ({ connection }) => connection === 'online')
  const { groupID, opID } = taken(await second.apply('createGroup', { name: 'Crew' }))
  await until(first.groups$, ({ rows }) => rows.length === 1)
  expect(await second.settled(opID)).toMatchObject({ kind: 'applied' })
  expect(await first.settled(opID)).toMatchObject({ kind: 'applied' })
  await first.close()
  const renamed = taken(await second.apply('updateGroupProfile', { groupID, name: 'Boat' }))
  expect(await second.settled(renamed.opID)).toMatchObject({ kind: 'applied' })
})

test('a worker that cannot be loaded is reported as 4510', async () => {
  const store = await openStore(fresh('ann'), {
    worker: () => new Worker('/nowhere.js', { type: 'module' })
  })
  expect(await store.apply('createGroup', { name: 'Crew' })).toMatchObject({ code: 4510 })
  expect((await until(store.status$, ({ lastError }) => lastError !== null)).lastError?.code).toBe(
    4510
  )
})

test('users who take turns in a browser keep separate outboxes', async () => {
  const [ann, bob] = [fresh('ann'), fresh('bob')]
  const queued = new Map<string, string>()
  for (const userID of [ann, bob]) {
    const store = await openStore(userID, { paused: true })
    queued.set(userID, taken(await store.apply('createGroup', { name: `Of ${userID}` })).opID)
    await store.close()
  }
  for (const userID of [ann, bob, ann]) {
    const store = await openStore(userID)
    expect(await store.settled(queued.get(userID) ?? '')).toMatchObject({ kind: 'applied' })
    const { rows } = await until(store.groups$, list => list.rows.length > 0)
    expect(rows).toMatchObject([{ name: `Of ${userID}`, ownerID: userID, memberNum: 1 }])
    await store.close()
  }
})

test('a logout ends the store of another tab', async () => {
  const ann = fresh('ann')
  const [first, second] = [
    await openStore(ann, { paused: true }),
    await openStore(ann, { paused: true })
  ]
  const { opID } = taken(await second.apply('createGroup', { name: 'Crew' }))
  const settled = second.settled(opID)
  const status = lastValueFrom(second.status$)
  await until(first.outbox$, ({ length }) => length === 1)
  expect(await first.logout({ pending: 'discard' })).toBeNull()
  expect(await settled).toMatchObject({ kind: 'rejected', error: { code: 4505 } })
  expect(await status).toMatchObject({ connection: 'offline', lastError: { code: 2999 } })
  expect(await second.apply('createGroup', { name: 'Late' })).toMatchObject({ code: 2999 })
  expect(await second.logout()).toBeNull()
})
