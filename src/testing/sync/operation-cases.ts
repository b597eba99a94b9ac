/** The verdict of an operation: one for each, stored with its effect. */

import { outcome, scopeAndCause, type Suite } from './stage.ts'

const expiresAfterSeconds = 30 * 86_400

export function operationCases({ check, expect, server }: Suite): void {
  check('the rows of a verdict arrive before it or with it', async ({ crew, operation }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    for (const name of ['Boat', 'Ship', 'Raft']) {
      const [verdict] = await clients[0].judge(operation('updateGroupProfile', { groupID, name }))
      // The client itself checks this position with each verdict.
      expect([outcome(verdict), clients[0].groups.get(groupID)?.row?.name]).toEqual([
        'applied',
        name
      ])
    }
  })

  check(
    'an operation repeated in a frame has one verdict and one effect',
    async ({ crew, operation }) => {
      const { clients, groupID } = await crew(['ann', 'bob'])
      const renamed = operation('updateGroupProfile', { groupID, name: 'Boat' })
      const before = clients[0].groups.get(groupID)?.seq ?? 0
      const [first, second] = await clients[0].judge(renamed, renamed)
      expect([outcome(first), clients[0].groups.get(groupID)?.seq]).toEqual(['applied', before + 1])
      expect(second).toEqual(first)
    }
  )

  check(
    'an operation over two connections has one verdict and one effect',
    async ({ crew, login, operation }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
      const phone = await login(userIDs[0])
      for (let round = 1; round <= 5; round++) {
        const before = clients[0].groups.get(groupID)?.seq ?? 0
        const renamed = operation('updateGroupProfile', { groupID, name: `Boat ${round}` })
        const [[one], [other]] = await Promise.all([
          clients[0].judge(renamed),
          phone.judge(renamed)
        ])
        await Promise.all([clients[0].ping(), phone.ping()])
        expect([outcome(one), clients[0].groups.get(groupID)?.seq]).toEqual(['applied', before + 1])
        expect(other).toEqual(one)
      }
    }
  )

  check('an operation resent over a later connection gets its first verdict', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'])
    const allowed = stage.operation('updateGroupProfile', { groupID, name: 'Boat' })
    const refused = stage.operation('updateGroupProfile', { groupID, name: '' })
    const verdicts = await clients[0].judge(allowed, refused)
    clients[0].close()
    await server.restart?.()
    const resumed = await stage.login(userIDs[0])
    const before = resumed.groups.get(groupID)?.seq
    expect(await resumed.judge(allowed, refused)).toEqual(verdicts)
    expect([verdicts.map(outcome), resumed.groups.get(groupID)?.seq]).toEqual([
      ['applied', 10004],
      before
    ])
  })

  if (server.restart)
    check(
      'a restarted server has every operation that it gave a verdict',
      async ({ crew, login, act }) => {
        const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
        await act(clients[0], 'updateGroupProfile', { groupID, name: 'Boat' })
        const positions = clients[0].positions()
        await server.restart?.()
        const resumed = await login(userIDs[1])
        expect([resumed.groups.get(groupID)?.row?.name, resumed.positions().epoch]).toEqual([
          'Boat',
          positions.epoch
        ])
      }
    )

  check('a named operation has its verdict in the frame of its rows', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'])
    const positions = clients[0].positions()
    const renamed = stage.operation('updateGroupProfile', { groupID, name: 'Boat' })
    await clients[0].judge(renamed)
    clients[0].close()
    const resumed = await stage.open()
    const token = await stage.token(userIDs[0])
    const login = { token, ...positions, pending: [renamed.opID] }
    const { deltas } = await resumed.login(login)
    const frames = deltas.filter(({ groups }) => groups.length > 0)
    expect(frames.map(({ verdicts }) => verdicts.map(({ opID }) => opID))).toEqual([[renamed.opID]])
  })

  check('an operation ID belongs to its user', async ({ crew, operation }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    const renamed = operation('updateGroupProfile', { groupID, name: 'Boat' })
    expect((await clients[0].judge(renamed)).map(outcome)).toEqual(['applied'])
    expect((await clients[1].judge(renamed)).map(outcome)).toEqual([10007])
  })

  check('an operation that waited over 30 days is refused with 4511', async stage => {
    const { clients, groupID } = await stage.crew(['ann', 'bob'])
    const waited = (seconds: number, name: string) =>
      stage.operation(
        'updateGroupProfile',
        { groupID, name },
        { waitedSeconds: expiresAfterSeconds + seconds }
      )
    const verdicts = await clients[0].judge(waited(0, 'Boat'), waited(1, 'Ship'))
    expect([verdicts.map(outcome), clients[0].groups.get(groupID)?.row?.name]).toEqual([
      ['applied', 4511],
      'Boat'
    ])
    expect(scopeAndCause(verdicts[1])).toEqual(['expired', undefined, undefined])
  })

  check(
    'a refusal after a removal or demotion names its author',
    async ({ crew, act, operation }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl'])
      const [ann, bob, carl] = clients
      await act(ann, 'setGroupMemberRole', { groupID, userID: userIDs[2], role: 'Admin' })
      await carl.ping()
      const seen = carl.groups.get(groupID)?.seq ?? 0
      await act(ann, 'setGroupMemberRole', { groupID, userID: userIDs[2], role: 'Member' })
      await act(ann, 'deleteGroupMember', { groupID, userIDList: [userIDs[1]] })
      const rename = (name: string) => operation('updateGroupProfile', { groupID, name }, { seen })
      expect((await carl.judge(rename('Mutiny'))).map(scopeAndCause)).toEqual([
        ['permission', 'demoted', userIDs[0]]
      ])
      expect((await bob.judge(rename('Mutiny'))).map(scopeAndCause)).toEqual([
        ['permission', 'kicked', userIDs[0]]
      ])
    }
  )

  check('an operation without effect gets a position that its user reaches', async stage => {
    const { clients, groupID } = await stage.crew(['ann', 'bob'])
    // The settings of bob take a position that ann does not receive.
    await stage.act(clients[1], 'setMessageRemindType', { groupID, messageRemindType: 'Discard' })
    const verdict = await stage.act(clients[0], 'deleteGroupMember', {
      groupID,
      userIDList: [stage.id('nobody')]
    })
    expect((clients[0].groups.get(groupID)?.seq ?? 0) >= verdict.seq).toEqual(true)
  })
}
