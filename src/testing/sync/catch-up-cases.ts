/** The changes that a client receives, from its positions to the current ones. */

import { deltasOf } from './deltas.ts'
import type { Positions } from './replica.ts'
import type { Stage, Suite } from './stage.ts'

export function catchUpCases({ check, expect }: Suite): void {
  check('a change reaches others as only the changed rows', async ({ crew, act }) => {
    const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl'])
    await clients[1].ping()
    await act(clients[0], 'setGroupMemberRole', { groupID, userID: userIDs[2], role: 'Admin' })
    const [delta] = deltasOf(await clients[1].ping(), groupID)
    expect(delta?.members.map(({ userID, role }) => [userID, role])).toEqual([
      [userIDs[2], 'Admin']
    ])
    expect([delta?.gone, delta?.from, delta?.to]).toEqual([[], 1, 2])
  })

  check('everything judged before a ping arrives before its pong', async ({ crew, act }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    for (let round = 0; round < 10; round++) {
      await act(clients[0], 'updateGroupProfile', { groupID, name: `Boat ${round}` })
      await clients[1].ping()
      expect(clients[1].groups.get(groupID)?.row?.name).toEqual(`Boat ${round}`)
    }
  })

  check('a returning client receives the changes since its positions', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob', 'carl'])
    const positions = clients[1].positions()
    clients[1].close()
    await stage.act(clients[0], 'setGroupMemberRole', {
      groupID,
      userID: userIDs[2],
      role: 'Admin'
    })
    const { welcome, groups, feeds } = await resume(stage, userIDs[1], positions)
    expect([
      welcome.known,
      groups.map(({ groupID: changed, from, to, members }) => [changed, from, to, members.length])
    ]).toEqual([true, [[groupID, 1, 2, 1]]])
    expect(feeds.flatMap(({ events }) => events)).toEqual([])
  })

  check('a returning client with current positions receives no change', async stage => {
    const { clients, userIDs } = await stage.crew(['ann', 'bob'])
    const { welcome, groups, feeds } = await resume(stage, userIDs[1], clients[1].positions())
    expect([welcome.known, groups, feeds]).toEqual([true, [], []])
  })

  check('removals and returns during an absence arrive in order', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'], { type: 'Private' })
    const positions = clients[1].positions()
    const added = { groupID, userIDList: [userIDs[1]] }
    for (let round = 0; round < 2; round++) {
      await stage.act(clients[0], 'deleteGroupMember', added)
      await stage.act(clients[0], 'addGroupMember', added)
    }
    const { client, feeds } = await resume(stage, userIDs[1], positions)
    const moves = feeds
      .flatMap(({ events }) => events)
      .filter(({ kind }) => kind === 'joined' || kind === 'left')
    expect(moves.map(({ kind }) => kind)).toEqual(['left', 'joined', 'left', 'joined'])
    expect(client.groups.get(groupID)?.row?.memberNum).toEqual(2)
  })

  check('a position of an earlier membership brings a full snapshot', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'], { type: 'Private' })
    const positions = clients[1].positions()
    await stage.act(clients[0], 'deleteGroupMember', { groupID, userIDList: [userIDs[1]] })
    await stage.act(clients[0], 'addGroupMember', { groupID, userIDList: [userIDs[1]] })
    await clients[1].ping()
    expect(clients[1].groups.get(groupID)?.membershipEpoch).toEqual(2)
    const { groups } = await resume(stage, userIDs[1], positions)
    expect(groups.map(({ from, membershipEpoch }) => [from, membershipEpoch])).toEqual([[0, 2]])
  })

  const impossible: [
    title: string,
    change: (positions: Positions, groupID: string) => Positions
  ][] = [
    ['another epoch', positions => ({ ...positions, epoch: `not ${positions.epoch}` })],
    ['a future feed position', positions => ({ ...positions, feed: positions.feed + 1000 })],
    [
      'a future group position',
      (positions, groupID) => ({ ...positions, groups: [[groupID, 1, 1000]] })
    ],
    [
      'a future membership',
      (positions, groupID) => ({ ...positions, groups: [[groupID, 1000, 1]] })
    ],
    ['a missing group', positions => ({ ...positions, groups: [] })]
  ]
  for (const [title, change] of impossible) {
    check(`a hello with ${title} brings a full snapshot`, async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'])
      const positions = change(clients[1].positions(), groupID)
      const { welcome, client, groups } = await resume(stage, userIDs[1], positions)
      expect([welcome.known, groups.map(({ from }) => from)]).toEqual([false, [0]])
      expect(client.groups.get(groupID)?.row?.memberNum).toEqual(2)
    })
  }
}

async function resume({ open, token }: Stage, userID: string, positions: Positions) {
  const client = await open()
  const { welcome, deltas } = await client.login({ token: await token(userID), ...positions })
  return {
    client,
    welcome,
    groups: deltas.flatMap(({ groups }) => groups),
    feeds: deltas.flatMap(({ feed }) => feed ?? [])
  }
}
