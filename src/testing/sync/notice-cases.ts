/** Tips and notices: each arrives once, and only at its recipients. */

import { numberOf } from './events.ts'
import { noPositions } from './replica.ts'
import type { Suite } from './stage.ts'

export function noticeCases({ check, expect }: Suite): void {
  check('a tip arrives once with its rows, also after an absence', async ({ crew, login, act }) => {
    const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
    const positions = clients[1].positions()
    for (const name of ['Boat', 'Ship', 'Raft'])
      await act(clients[0], 'updateGroupProfile', { groupID, name })
    await clients[1].ping()
    const names = () =>
      clients[1].groups.get(groupID)?.tips.map(({ newGroupProfile }) => newGroupProfile?.name)
    expect(names()).toEqual(['Boat', 'Ship', 'Raft'])
    const away = await login(userIDs[1], positions)
    const known = await login(userIDs[1], clients[1].positions())
    const seqs = [away, known].map(({ groups }) => groups.get(groupID)?.tips.map(({ seq }) => seq))
    expect(seqs).toEqual([[2, 3, 4], []])
  })

  check('a new member receives no tips from before joining', async ({ crew, login, act, id }) => {
    const { clients, groupID } = await crew(['ann', 'bob'], { joinOption: 'FreeAccess' })
    await act(clients[0], 'updateGroupProfile', { groupID, name: 'Boat' })
    const carl = await login(id('carl'))
    await act(carl, 'joinGroup', { groupID })
    expect(carl.groups.get(groupID)?.tips.map(({ operationType }) => operationType)).toEqual([1])
  })

  check('a notice reaches each device of its user once', async ({ crew, login, act }) => {
    const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl'])
    const phone = await login(userIDs[1])
    const positions = phone.positions()
    const since = clients[1].events.length
    await act(clients[0], 'setGroupMemberRole', { groupID, userID: userIDs[1], role: 'Admin' })
    await Promise.all([...clients, phone].map(client => client.ping()))
    const fresh = clients[1].events.slice(since)
    expect(fresh.map(numberOf)).toEqual([9])
    expect([phone.events.at(-1), clients[2].events.map(numberOf).includes(9)]).toEqual([
      fresh[0],
      false
    ])
    const away = await login(userIDs[1], positions)
    expect(away.events).toEqual(fresh)
    const caughtUp = await login(userIDs[1], away.positions())
    expect(caughtUp.events).toEqual([])
  })

  check('a new device receives recent notices', async ({ crew, login, act }) => {
    const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
    await act(clients[0], 'setGroupMemberRole', { groupID, userID: userIDs[1], role: 'Admin' })
    const phone = await login(userIDs[1], noPositions)
    expect(phone.events.map(numberOf).includes(9)).toEqual(true)
  })

  check('the notice of a dismissed group keeps its name', async ({ crew, act }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    await act(clients[0], 'dismissGroup', { groupID })
    await clients[1].ping()
    const dismissed = clients[1].events.find(event => numberOf(event) === 5)
    expect(dismissed?.kind === 'notice' && [dismissed.groupID, dismissed.groupName]).toEqual([
      groupID,
      'Crew'
    ])
  })
}
