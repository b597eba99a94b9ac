/** Pages of members. */

import { rowCount, rowsOf } from '../../protocol/column-block.ts'
import type { Suite } from './stage.ts'

export function pageCases({ check, expect }: Suite): void {
  check('member pages have every member once, in order of ID', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'])
    await stage.act(clients[0], 'updateGroupProfile', { groupID, joinOption: 'FreeAccess' })
    for (let count = 0; count < 3; count++)
      await stage.act(await stage.login(stage.id('more')), 'joinGroup', { groupID })
    const bob = await stage.login(userIDs[1])
    const pages: string[][] = []
    for (let after: string | null = ''; after !== null;) {
      bob.send({ type: 'members', groupID, after, limit: 2 })
      const page = await bob.next('members')
      pages.push(rowsOf(page.members).map(({ userID }) => userID))
      after = page.next
    }
    const all = pages.flat()
    expect([pages.map(({ length }) => length > 2), all.length]).toEqual([pages.map(() => false), 5])
    expect(all).toEqual([...all].sort())
  })

  check('a member page arrives after the changes that it contains', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob', 'carl'])
    for (let round = 0; round < 5; round++) {
      const name = `Boat ${round}`
      await clients[0].judge(stage.operation('updateGroupProfile', { groupID, name }))
      // The client itself checks that the page has its own position.
      clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
      expect((await clients[1].next('members')).asOf).toEqual(round + 2)
    }
    await stage.act(clients[0], 'deleteGroupMember', { groupID, userIDList: [userIDs[2]] })
    clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
    expect(rowCount((await clients[1].next('members')).members)).toEqual(2)
  })
}
