/** One verdict per operation, one effect at most, in the order of its lane. */

import type { Verdict } from '../../kernel/verdict.ts'
import { outcome, type Suite } from './stage.ts'

const expiresAfterSeconds = 30 * 86_400

export function operationCases({ check, expect, server }: Suite): void {
  check(
    'an operation gets a verdict, and the rows that it speaks of come before it or with it',
    async ({ crew, operation }) => {
      const { clients, groupID } = await crew(['ann', 'bob'])
      for (const name of ['Boat', 'Ship', 'Raft']) {
        const [verdict] = await clients[0].judge(operation('updateGroupProfile', { groupID, name }))
        // That it stands there is also what the client sees to with each verdict.
        expect([outcome(verdict), clients[0].groups.get(groupID)?.row?.name]).toEqual([
          'applied',
          name
        ])
      }
    }
  )

  check(
    'an operation that comes twice in a frame has one verdict and one effect',
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
    'a group that is created and dismissed in one frame brings both verdicts',
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
    'an operation that comes over two connections at once has one verdict and one effect',
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
        await Promise.all([clients[0].told(), phone.told()])
        expect([outcome(one), clients[0].groups.get(groupID)?.seq]).toEqual(['applied', before + 1])
        expect(other).toEqual(one)
      }
    }
  )

  check(
    'an operation that is sent again over a later connection has the verdict of the first time',
    async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'])
      const allowed = stage.operation('updateGroupProfile', { groupID, name: 'Boat' })
      const refused = stage.operation('updateGroupProfile', { groupID, name: '' })
      const verdicts = await clients[0].judge(allowed, refused)
      clients[0].close()
      await server.restart?.()
      const again = await stage.login(userIDs[0])
      const before = again.groups.get(groupID)?.seq
      expect(await again.judge(allowed, refused)).toEqual(verdicts)
      expect([verdicts.map(outcome), again.groups.get(groupID)?.seq]).toEqual([
        ['applied', 10004],
        before
      ])
    }
  )

  if (server.restart)
    check(
      'a server that starts again has everything that it gave a verdict on',
      async ({ crew, login, act }) => {
        const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
        await act(clients[0], 'updateGroupProfile', { groupID, name: 'Boat' })
        const stand = clients[0].stand()
        await server.restart?.()
        const again = await login(userIDs[1])
        expect([again.groups.get(groupID)?.row?.name, again.stand().epoch]).toEqual([
          'Boat',
          stand.epoch
        ])
      }
    )

  check(
    "an operation's ID is its user's own: somebody else's says nothing about it",
    async ({ crew, operation }) => {
      const { clients, groupID } = await crew(['ann', 'bob'])
      const renamed = operation('updateGroupProfile', { groupID, name: 'Boat' })
      expect((await clients[0].judge(renamed)).map(outcome)).toEqual(['applied'])
      expect((await clients[1].judge(renamed)).map(outcome)).toEqual([10007])
    }
  )

  check(
    'an operation that nobody can carry out is refused, and the lane goes on behind it',
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
    'an operation after one that has not come is to be sent again, and done once that has come',
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

  check(
    'what was to happen in a group that could not be created is refused with it, and what follows that',
    async stage => {
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
    }
  )

  check(
    'another refusal does not keep the next operation of the lane from being judged by itself',
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
    'an operation that has waited 30 days is done, and one that has waited longer is refused: 4511',
    async stage => {
      const { clients, groupID } = await stage.crew(['ann', 'bob'])
      const waited = (seconds: number, name: string) =>
        stage.operation(
          'updateGroupProfile',
          { groupID, name },
          { waited: expiresAfterSeconds + seconds }
        )
      const verdicts = await clients[0].judge(waited(0, 'Boat'), waited(1, 'Ship'))
      expect([verdicts.map(outcome), clients[0].groups.get(groupID)?.row?.name]).toEqual([
        ['applied', 4511],
        'Boat'
      ])
      expect(scopeAndCause(verdicts[1])).toEqual(['expired', undefined, undefined])
    }
  )

  check(
    'who was removed, or lost a role, is told with the refusal by whom',
    async ({ crew, act, operation }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl'])
      const [ann, bob, carl] = clients
      await act(ann, 'setGroupMemberRole', { groupID, userID: userIDs[2], role: 'Admin' })
      await carl.told()
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

  check(
    'positions are dense: whoever acts, each accepted operation takes the next one',
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

  check(
    'an operation that changes nothing is applied, and its verdict needs no rows that do not come',
    async stage => {
      const { clients, groupID } = await stage.crew(['ann', 'bob'])
      // What bob sets for himself takes a position that ann is not told of.
      await stage.act(clients[1], 'setMessageRemindType', { groupID, messageRemindType: 'Discard' })
      const verdict = await stage.act(clients[0], 'deleteGroupMember', {
        groupID,
        userIDList: [stage.id('nobody')]
      })
      expect((clients[0].groups.get(groupID)?.seq ?? 0) >= verdict.seq).toEqual(true)
    }
  )

  check(
    'who does everything at once with others ends with what they have',
    async ({ crew, operation }) => {
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
      await Promise.all(clients.map(client => client.told()))
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
    }
  )
}

const scopeAndCause = (verdict: Verdict | 'retry' | undefined): unknown[] =>
  typeof verdict === 'object' && verdict.kind === 'rejected'
    ? [verdict.scope, verdict.cause?.reason, verdict.cause?.by]
    : []
