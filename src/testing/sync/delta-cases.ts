/** Who is told what of groups, from where, and what nobody is told. */

import { rowCount, rowsOf } from '../../protocol/column-block.ts'
import { digestVersion, groupDigest, rowDigest } from '../../protocol/digest.ts'
import type { DeltaMessage, ServerMessage } from '../../protocol/messages.ts'
import { nowhere, type SyncClient, type ToldGroup } from './client.ts'
import type { Stage, Suite } from './stage.ts'

export function deltaCases({ check, expect }: Suite): void {
  check(
    'what one does, the others are told: the rows that have changed, and no others',
    async ({ crew, act }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl'])
      await clients[1].told()
      await act(clients[0], 'setGroupMemberRole', { groupID, userID: userIDs[2], role: 'Admin' })
      const [delta] = deltasOf(await clients[1].told(), groupID)
      expect(delta?.members.map(({ userID, role }) => [userID, role])).toEqual([
        [userIDs[2], 'Admin']
      ])
      expect([delta?.gone, delta?.from, delta?.to]).toEqual([[], 1, 2])
    }
  )

  /** Logs in from where `client` stands, after something has happened. */
  async function resume({ open, token }: Stage, userID: string, stand: object) {
    const client = await open()
    const { welcome, deltas } = await client.login({ token: await token(userID), ...stand })
    return {
      client,
      welcome,
      groups: deltas.flatMap(({ groups }) => groups),
      feeds: deltas.flatMap(({ feed }) => feed ?? [])
    }
  }

  check('who comes back is told what has changed since, from where it stands', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob', 'carl'])
    const stand = clients[1].stand()
    clients[1].close()
    await stage.act(clients[0], 'setGroupMemberRole', {
      groupID,
      userID: userIDs[2],
      role: 'Admin'
    })
    const { welcome, groups, feeds } = await resume(stage, userIDs[1], stand)
    expect([
      welcome.known,
      groups.map(({ groupID: told, from, to, members }) => [told, from, to, members.length])
    ]).toEqual([true, [[groupID, 1, 2, 1]]])
    expect(feeds.flatMap(({ events }) => events)).toEqual([])
  })

  check('who comes back to where nothing has happened is told nothing', async stage => {
    const { clients, userIDs } = await stage.crew(['ann', 'bob'])
    const { welcome, groups, feeds } = await resume(stage, userIDs[1], clients[1].stand())
    expect([welcome.known, groups, feeds]).toEqual([true, [], []])
  })

  check(
    'groups that came and went while somebody was away are told in the order in which that happened',
    async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'], { type: 'Private' })
      const stand = clients[1].stand()
      const added = { groupID, userIDList: [userIDs[1]] }
      for (let round = 0; round < 2; round++) {
        await stage.act(clients[0], 'deleteGroupMember', added)
        await stage.act(clients[0], 'addGroupMember', added)
      }
      const { client, feeds } = await resume(stage, userIDs[1], stand)
      const moves = feeds
        .flatMap(({ events }) => events)
        .filter(({ kind }) => kind === 'joined' || kind === 'left')
      expect(moves.map(({ kind }) => kind)).toEqual(['left', 'joined', 'left', 'joined'])
      expect(client.groups.get(groupID)?.row?.memberNum).toEqual(2)
    }
  )

  const strangers: [
    title: string,
    stand: (stand: ReturnType<SyncClient['stand']>, groupID: string) => object
  ][] = [
    ['of another epoch', stand => ({ ...stand, epoch: `not ${stand.epoch}` })],
    ['in a feed that has not come so far', stand => ({ ...stand, feed: stand.feed + 1000 })],
    [
      'in a group that has not come so far',
      (stand, groupID) => ({ ...stand, groups: [[groupID, 1, 1000]] })
    ],
    [
      'in a membership that is still to come',
      (stand, groupID) => ({ ...stand, groups: [[groupID, 1000, 1]] })
    ],
    ['without a group that the feed has told of', stand => ({ ...stand, groups: [] })]
  ]
  for (const [title, change] of strangers) {
    check(`who says to stand ${title} is told that it cannot, and everything anew`, async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'])
      const { welcome, client, groups } = await resume(
        stage,
        userIDs[1],
        change(clients[1].stand(), groupID)
      )
      expect([welcome.known, groups.map(({ from }) => from)]).toEqual([false, [0]])
      expect(client.groups.get(groupID)?.row?.memberNum).toEqual(2)
    })
  }

  check(
    'who joins is told so in the feed, then the group from the beginning',
    async ({ crew, login, act, id }) => {
      const { groupID } = await crew(['ann', 'bob'], { joinOption: 'FreeAccess' })
      const carl = await login(id('carl'))
      await act(carl, 'joinGroup', { groupID })
      expect(carl.events.map(({ kind }) => kind)).toEqual(['joined'])
      const held = carl.groups.get(groupID)
      expect([held?.row?.memberNum, held?.seq, held?.membershipEpoch]).toEqual([3, 2, 1])
    }
  )

  check(
    'who joins again has a higher membership, and a position of the last one counts for nothing',
    async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'], { type: 'Private' })
      const stand = clients[1].stand()
      await stage.act(clients[0], 'deleteGroupMember', { groupID, userIDList: [userIDs[1]] })
      await stage.act(clients[0], 'addGroupMember', { groupID, userIDList: [userIDs[1]] })
      await clients[1].told()
      expect(clients[1].groups.get(groupID)?.membershipEpoch).toEqual(2)
      const { groups } = await resume(stage, userIDs[1], stand)
      expect(groups.map(({ from, membershipEpoch }) => [from, membershipEpoch])).toEqual([[0, 2]])
    }
  )

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
      'sees the group dismissed',
      ({ act }, { clients, groupID }) => act(clients[0], 'dismissGroup', { groupID }),
      'dismissed',
      0
    ]
  ]
  for (const [title, part, reason, by] of partings) {
    check(`who ${title} is told so, and nothing of the group any more`, async stage => {
      const crew = await stage.crew(['ann', 'bob'])
      const { clients, userIDs, groupID } = crew
      await part(stage, crew)
      await clients[1].told()
      const left = clients[1].events.find(({ kind }) => kind === 'left')
      expect(left?.kind === 'left' && [left.groupID, left.reason, left.by]).toEqual([
        groupID,
        reason,
        userIDs[by]
      ])
      await clients[0].judge(stage.operation('updateGroupProfile', { groupID, name: 'Secret' }))
      clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
      expect(
        groupsIn(await clients[1].told({ groupID, membershipEpoch: 1, seq: 1, digest: 0 }))
      ).toEqual([])
      const again = await stage.login(userIDs[1])
      expect(again.groups.size).toEqual(0)
    })
  }

  check(
    'who is not in a group is told nothing of it, whatever is asked',
    async ({ crew, login, id }) => {
      const { groupID } = await crew(['ann', 'bob'], { type: 'Private' })
      const mallory = await login(id('mallory'), { ...nowhere, groups: [[groupID, 1, 1]] })
      mallory.send({ type: 'members', groupID, after: '', limit: 10 })
      mallory.send({ type: 'read', request: 1, groupID, search: false })
      const told = await mallory.told({ groupID, membershipEpoch: 1, seq: 1, digest: 0 })
      expect(
        told.map(
          message => message.type === 'profile' && 'code' in message.answer && message.answer.code
        )
      ).toEqual([10007])
    }
  )

  check(
    'the profile of a Public group may be read by anyone, that of no group by nobody',
    async ({ crew, login, id }) => {
      const { groupID } = await crew(['ann', 'bob'], {
        groupCustomField: [{ key: 'secret', value: 'of members' }]
      })
      const mallory = await login(id('mallory'))
      mallory.send({ type: 'read', request: 7, groupID, search: true })
      const { request, answer } = await mallory.next('profile')
      expect([request, 'name' in answer && [answer.name, answer.groupCustomField]]).toEqual([
        7,
        ['Crew', []]
      ])
      mallory.send({ type: 'read', request: 8, groupID: id('nowhere'), search: false })
      const { answer: none } = await mallory.next('profile')
      expect('code' in none && none.code).toEqual(10010)
    }
  )

  check(
    "what a user sets for a group reaches that user's devices, and nobody else",
    async ({ crew, login, act }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
      const phone = await login(userIDs[1])
      await act(clients[1], 'setMessageRemindType', { groupID, messageRemindType: 'Discard' })
      await phone.told()
      expect(phone.groups.get(groupID)?.settings?.messageRemindType).toEqual('Discard')
      const told = await clients[0].told()
      expect([
        JSON.stringify(told).includes('Discard'),
        clients[0].groups.get(groupID)?.settings
      ]).toEqual([false, undefined])
      const fresh = await login(userIDs[1])
      expect(fresh.groups.get(groupID)?.settings?.messageRemindType).toEqual('Discard')
    }
  )

  check(
    'pages of members have all of them once, in the order of their IDs',
    async ({ crew, login, act, id }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
      await act(clients[0], 'updateGroupProfile', { groupID, joinOption: 'FreeAccess' })
      for (let count = 0; count < 3; count++)
        await act(await login(id('more')), 'joinGroup', { groupID })
      const bob = await login(userIDs[1])
      const pages: string[][] = []
      for (let after: string | null = ''; after !== null;) {
        bob.send({ type: 'members', groupID, after, limit: 2 })
        const page = await bob.next('members')
        pages.push(rowsOf(page.members).map(({ userID }) => userID))
        after = page.next
      }
      const all = pages.flat()
      expect([pages.map(({ length }) => length > 2), all.length]).toEqual([
        pages.map(() => false),
        5
      ])
      expect(all).toEqual([...all].sort())
    }
  )

  check(
    'before a page comes what has happened until then, so that it fits',
    async ({ crew, operation, act }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl'])
      for (let round = 0; round < 5; round++) {
        await clients[0].judge(operation('updateGroupProfile', { groupID, name: `Boat ${round}` }))
        // That the page is of where one stands is what the client sees to.
        clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
        expect((await clients[1].next('members')).asOf).toEqual(round + 2)
      }
      await act(clients[0], 'deleteGroupMember', { groupID, userIDList: [userIDs[2]] })
      clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
      expect(rowCount((await clients[1].next('members')).members)).toEqual(2)
    }
  )

  check(
    'what everybody was given a verdict on before a ping comes before its answer',
    async ({ crew, act }) => {
      const { clients, groupID } = await crew(['ann', 'bob'])
      for (let round = 0; round < 10; round++) {
        await act(clients[0], 'updateGroupProfile', { groupID, name: `Boat ${round}` })
        await clients[1].told()
        expect(clients[1].groups.get(groupID)?.row?.name).toEqual(`Boat ${round}`)
      }
    }
  )

  check(
    'whose digest of a group is right is told nothing, and whose is wrong is sent the group anew',
    async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob', 'carl'])
      clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
      await clients[1].next('members')
      const held = clients[1].groups.get(groupID)
      const right = held && digestOf(held)
      expect(right && (await clients[1].told(right))).toEqual([])
      const missing = held?.members.get(userIDs[2])
      const wrong = right && { ...right, digest: (right.digest ^ rowDigest(missing)) >>> 0 }
      const [delta] = deltasOf(wrong ? await clients[1].told(wrong) : [], groupID)
      expect([delta?.from, delta?.to, delta?.members.length]).toEqual([0, 1, 3])
    }
  )

  check('a digest of another version is not compared', async ({ crew }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    const other = { groupID, membershipEpoch: 1, seq: 1, digest: 1, version: digestVersion + 1 }
    expect(await clients[1].told(other)).toEqual([])
  })

  check('a digest of a position that one has left says nothing', async ({ crew, act }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    const outdated = { groupID, membershipEpoch: 1, seq: 1, digest: 1 }
    await act(clients[0], 'updateGroupProfile', { groupID, name: 'Boat' })
    await clients[1].told()
    expect(await clients[1].told(outdated)).toEqual([])
  })
}

type Crew = {
  clients: readonly [SyncClient, SyncClient]
  userIDs: readonly [string, string]
  groupID: string
}

const groupsIn = (messages: readonly ServerMessage[]): string[] =>
  messages.flatMap(message => {
    if (message.type === 'members') return message.groupID
    return message.type === 'delta' ? message.groups.map(({ groupID }) => groupID) : []
  })
const deltasOf = (messages: readonly ServerMessage[], groupID: string): DeltaMessage['groups'] =>
  messages
    .flatMap(message => (message.type === 'delta' ? message.groups : []))
    .filter(delta => delta.groupID === groupID)

const digestOf = ({ groupID, membershipEpoch, seq, row, members }: ToldGroup) =>
  row && { groupID, membershipEpoch, seq, digest: groupDigest(row, members.values()) }
