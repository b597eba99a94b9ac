/** Sync over HTTP, for networks that block WebSockets. */

import { expect, inject, test } from 'vitest'
import { fresh, openLine, openStore, taken, until } from './connect.ts'

test('stores on HTTP sync both ways, also after a cut', async () => {
  const [ann, bob, groupID] = [fresh('ann'), fresh('bob'), fresh('crew')]
  const line = await openLine()
  const hers = await openStore(ann, { url: line.url.replace('ws', 'http') })
  const his = await openStore(bob, { url: inject('url').replace('ws', 'http') })
  const created = taken(
    await hers.apply('createGroup', {
      groupID,
      name: 'Crew',
      type: 'Public',
      memberList: [{ userID: bob }]
    })
  )
  expect(await hers.settled(created.opID)).toMatchObject({ kind: 'applied' })
  await until(his.group$(groupID), group => group?.name === 'Crew')

  await line.cut()
  await until(hers.status$, ({ connection }) => connection === 'offline')
  const renamed = taken(await hers.apply('updateGroupProfile', { groupID, name: 'Boat' }))
  await line.restore()
  expect(await hers.settled(renamed.opID)).toMatchObject({ kind: 'applied' })
  await until(his.group$(groupID), group => group?.name === 'Boat')
})

test.each([
  ['WebSocket', 'HTTP', 'ws', 'http'],
  ['HTTP', 'WebSocket', 'http', 'ws']
])('an operation pending on %s is sent over %s', async (_from, _to, from, to) => {
  const ann = fresh('ann')
  const url = (scheme: string) => inject('url').replace('ws', scheme)
  const before = await openStore(ann, { url: url(from), paused: true })
  const { opID } = taken(await before.apply('createGroup', { name: 'Crew' }))
  await before.close()
  const after = await openStore(ann, { url: `${url(to)}/`, paused: true })
  expect((await until(after.outbox$, () => true)).map(pending => pending.opID)).toEqual([opID])
  await after.close()
  const again = await openStore(ann, { url: url(to) })
  expect(await again.settled(opID)).toMatchObject({ kind: 'applied' })
})

test('tabs on WebSocket and HTTP share one leader', async () => {
  const ann = fresh('ann')
  const first = await openStore(ann)
  await until(first.status$, ({ connection }) => connection === 'online')
  const second = await openStore(ann, { url: inject('url').replace('ws', 'http') })
  await until(second.status$, ({ connection }) => connection === 'online')
  const { opID } = taken(await second.apply('createGroup', { name: 'Crew' }))
  await until(first.groups$, ({ rows }) => rows.length === 1)
  expect(await second.settled(opID)).toMatchObject({ kind: 'applied' })
})
