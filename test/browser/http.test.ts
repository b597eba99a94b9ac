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
