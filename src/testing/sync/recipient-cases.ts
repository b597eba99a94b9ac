/** The users who receive the changes of a group. */

import { rowsOf } from '../../protocol/column-block.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { SyncClient } from './client.ts'
import { noPositions } from './replica.ts'
import type { Stage, Suite } from './stage.ts'

export function recipientCases({ check, expect }: Suite): void {
  check('a new member receives a feed event, then the whole group', async stage => {
    const { groupID } = await stage.crew(['ann', 'bob'], { joinOption: 'FreeAccess' })
    const carl = await stage.login(stage.id('carl'))
    await stage.act(carl, 'joinGroup', { groupID })
    expect(carl.events.map(({ kind }) => kind)).toEqual(['joined'])
    const held = carl.groups.get(groupID)
    expect([held?.row?.memberNum, held?.seq, held?.membershipEpoch]).toEqual([3, 2, 1])
  })

  const partings: [
    title: string,
    part: (stage: Stage, crew: Crew) => Promise<unknown>,
    reason: string,
    by: 0 | 1
  ][] = [
    [
      'quits',
      ({ act }, { clients, groupID }) => act(clients[1], 'quitGroup', { groupID }),
      'quit',
      1
    ],
    [
      'is removed',
      ({ act }, { clients, userIDs, groupID }) =>
        act(clients[0], 'deleteGroupMember', { groupID, userIDList: [userIDs[1]] }),
      'kicked',
      0
    ],
    [
      'loses the group',
      ({ act }, { clients, groupID }) => act(clients[0], 'dismissGroup', { groupID }),
      'dismissed',
      0
    ]
  ]
  for (const [title, part, reason, by] of partings) {
    check(`a member who ${title} learns the reason, then receives nothing`, async stage => {
      const crew = await stage.crew(['ann', 'bob'])
      const { clients, userIDs, groupID } = crew
      await part(stage, crew)
      await clients[1].ping()
      const left = clients[1].events.find(({ kind }) => kind === 'left')
      expect(left?.kind === 'left' && [left.groupID, left.reason, left.by]).toEqual([
        groupID,
        reason,
        userIDs[by]
      ])
      await clients[0].judge(stage.operation('updateGroupProfile', { groupID, name: 'Secret' }))
      clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
      expect(
        groupsIn(await clients[1].ping({ groupID, membershipEpoch: 1, seq: 1, digest: 0 }))
      ).toEqual([])
      const nextSession = await stage.login(userIDs[1])
      expect(nextSession.groups.size).toEqual(0)
    })
  }

  check('an outsider receives nothing of a Private group', async ({ crew, login, id }) => {
    const { groupID } = await crew(['ann', 'bob'], { type: 'Private' })
    const mallory = await login(id('mallory'), { ...noPositions, groups: [[groupID, 1, 1]] })
    mallory.send({ type: 'members', groupID, after: '', limit: 10 })
    mallory.send({ type: 'read', request: 1, groupID, search: false })
    const answers = await mallory.ping({ groupID, membershipEpoch: 1, seq: 1, digest: 0 })
    expect(
      answers.map(
        message => message.type === 'profile' && 'code' in message.answer && message.answer.code
      )
    ).toEqual([10007])
  })

  check('an outsider reads a Public profile without custom fields', async stage => {
    const { groupID } = await stage.crew(['ann', 'bob'], {
      groupCustomField: [{ key: 'secret', value: 'of members' }]
    })
    const mallory = await stage.login(stage.id('mallory'))
    mallory.send({ type: 'read', request: 7, groupID, search: true })
    const { request, answer } = await mallory.next('profile')
    expect([request, 'name' in answer && [answer.name, answer.groupCustomField]]).toEqual([
      7,
      ['Crew', []]
    ])
  })

  check('the profile of an unknown group is refused with 10010', async ({ login, id }) => {
    const mallory = await login(id('mallory'))
    mallory.send({ type: 'read', request: 8, groupID: id('nowhere'), search: false })
    const { answer } = await mallory.next('profile')
    expect('code' in answer && answer.code).toEqual(10010)
  })

  check('only members of a group read its members, the owner first', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['zoe', 'bob'], { type: 'Private' })
    const mallory = await stage.login(stage.id('mallory'))
    const ask = async (client: SyncClient, question: object = {}) => {
      client.send({ type: 'readMembers', request: 9, groupID, offset: 0, limit: 10, ...question })
      const { request, answer } = await client.next('memberPage')
      return 'code' in answer
        ? [request, answer.code]
        : [request, rowsOf(answer.members).map(({ userID }) => userID), answer.next]
    }
    expect([
      await ask(clients[1]),
      await ask(clients[1], { limit: 1 }),
      await ask(clients[1], { role: 'Member' }),
      await ask(clients[1], { userIDList: [userIDs[1]] }),
      await ask(mallory),
      await ask(mallory, { groupID: stage.id('nowhere') })
    ]).toEqual([
      [9, userIDs, null],
      [9, [userIDs[0]], 1],
      [9, [userIDs[1]], null],
      [9, [userIDs[1]], null],
      [9, 10007],
      [9, 10010]
    ])
  })

  check("a user's settings reach only the devices of that user", async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'])
    const phone = await stage.login(userIDs[1])
    await stage.act(clients[1], 'setMessageRemindType', { groupID, messageRemindType: 'Discard' })
    await phone.ping()
    expect(phone.groups.get(groupID)?.settings?.messageRemindType).toEqual('Discard')
    const received = await clients[0].ping()
    expect([
      JSON.stringify(received).includes('Discard'),
      clients[0].groups.get(groupID)?.settings
    ]).toEqual([false, undefined])
    const newDevice = await stage.login(userIDs[1])
    expect(newDevice.groups.get(groupID)?.settings?.messageRemindType).toEqual('Discard')
  })
}

type Crew = {
  clients: readonly [SyncClient, SyncClient]
  userIDs: readonly [string, string]
  groupID: string
}

/** The groups that the messages have rows of. */
const groupsIn = (messages: readonly ServerMessage[]): string[] =>
  messages.flatMap(message => {
    if (message.type === 'members') return message.groupID
    return message.type === 'delta' ? message.groups.map(({ groupID }) => groupID) : []
  })
