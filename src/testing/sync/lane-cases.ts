/** The order of operations: in a lane, in a group, and of members who act at the same time. */

import { outcome, scopeAndCause, type Suite } from './stage.ts'

export function laneCases({ check, expect }: Suite): void {
  check(
    'a group created and dismissed in one frame gets both verdicts',
    async ({ login, id, operation }) => {
      const client = await login(id('ann'))
      for (let round = 0; round < 5; round++) {
        const groupID = id('crew')
        const created = operation('createGroup', { groupID, name: 'Crew', type: 'Public' })
        const verdicts = await client.judge(created, operation('dismissGroup', { groupID }))
        expect(verdicts.map(outcome)).toEqual(['applied', 'applied'])
      }
    }
  )

  check(
    'an operation that cannot be carried out does not block its lane',
    async ({ crew, operation }) => {
      const { clients, groupID } = await crew(['ann', 'bob'])
      const unknown = { ...operation('updateGroupProfile', { groupID }), name: 'fly' }
      const wrong = operation('updateGroupProfile', { groupID, name: '' }, { after: unknown.opID })
      const good = operation('updateGroupProfile', { groupID, name: 'Boat' }, { after: wrong.opID })
      expect((await clients[0].judge(unknown, wrong, good)).map(outcome)).toEqual([
        10003,
        10004,
        'applied'
      ])
    }
  )

  check(
    'an operation whose predecessor is missing is answered with retry',
    async ({ crew, operation }) => {
      const { clients, groupID } = await crew(['ann', 'bob'])
      const first = operation('updateGroupProfile', { groupID, name: 'Boat' })
      const second = operation(
        'updateGroupProfile',
        { groupID, name: 'Ship' },
        { after: first.opID }
      )
      expect(await clients[0].judge(second)).toEqual(['retry'])
      expect((await clients[0].judge(first, second)).map(outcome)).toEqual(['applied', 'applied'])
      expect(clients[0].groups.get(groupID)?.row?.name).toEqual('Ship')
    }
  )

  check('operations on a group that could not be created are refused', async stage => {
    const { groupID } = await stage.crew(['ann', 'bob'])
    const userID = stage.id('mallory')
    const client = await stage.login(userID)
    const created = stage.operation('createGroup', { groupID, name: 'Mine' })
    const renamed = stage.operation(
      'updateGroupProfile',
      { groupID, name: 'Mine!' },
      { after: created.opID }
    )
    const dismissed = stage.operation('dismissGroup', { groupID }, { after: renamed.opID })
    const verdicts = await client.judge(created, renamed, dismissed)
    expect(verdicts.map(outcome)).toEqual([10021, 4507, 4507])
    expect(verdicts.slice(1).map(scopeAndCause)).toEqual([
      ['dependency', 'predecessor', userID],
      ['dependency', 'predecessor', userID]
    ])
  })

  check(
    'a refused operation does not change the verdict of the next',
    async ({ crew, operation }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
      const refused = operation('setGroupMemberRole', {
        groupID,
        userID: userIDs[0],
        role: 'Admin'
      })
      const good = operation(
        'updateGroupProfile',
        { groupID, name: 'Boat' },
        { after: refused.opID }
      )
      expect((await clients[0].judge(refused, good)).map(outcome)).toEqual([2684, 'applied'])
    }
  )

  check(
    'accepted operations of all members get consecutive positions',
    async ({ crew, operation }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl'])
      const before = clients[0].groups.get(groupID)?.seq ?? 0
      const cards = (userID: string) =>
        Array.from({ length: 10 }, (_, index) =>
          operation('setGroupMemberNameCard', { groupID, userID, nameCard: `card ${index}` })
        )
      const all = await Promise.all(
        clients.map((client, index) => client.judge(...cards(userIDs[index] ?? '')))
      )
      const seqs = all
        .flat()
        .flatMap(verdict => (verdict !== 'retry' && verdict.kind === 'applied' ? verdict.seq : []))
      expect(seqs.sort((a, b) => a - b)).toEqual(
        Array.from({ length: 30 }, (_, index) => before + index + 1)
      )
    }
  )

  check('members who act at the same time end with equal rows', async ({ crew, operation }) => {
    const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl', 'dan'])
    await Promise.all(
      clients.map((client, by) =>
        client.judge(
          operation('setGroupMemberNameCard', {
            groupID,
            userID: userIDs[by] ?? '',
            nameCard: `card ${by}`
          }),
          operation('setGroupMemberRole', {
            groupID,
            userID: userIDs[1],
            role: by % 2 ? 'Member' : 'Admin'
          }),
          by === 3 ? operation('quitGroup', { groupID }) : operation('joinGroup', { groupID }),
          operation('updateGroupProfile', { groupID, name: `Boat ${by}` })
        )
      )
    )
    await Promise.all(clients.map(client => client.ping()))
    const views = clients.map(({ groups }) => {
      const held = groups.get(groupID)
      return (
        held && [
          held.seq,
          held.row,
          [...held.members.values()].sort((a, b) => (a.userID < b.userID ? -1 : 1))
        ]
      )
    })
    expect(views).toEqual([views[0], views[0], views[0], undefined])
  })
}
