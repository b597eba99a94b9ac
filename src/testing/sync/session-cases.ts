/** Logging in, being understood, and staying logged in. */

import { kernelVersion } from '../../kernel/decide.ts'
import { frameLimits, protocolVersion } from '../../protocol/messages.ts'
import type { Suite } from './stage.ts'

export function sessionCases({ check, expect, server }: Suite): void {
  check(
    'who logs in is welcomed as who it is, and told everything up to now',
    async ({ open, crew, token }) => {
      const { groupID, userIDs } = await crew(['ann', 'bob'])
      const client = await open()
      const { welcome, deltas } = await client.login({ token: await token(userIDs[1]) })
      expect([welcome.userID, welcome.protocol, welcome.kernel]).toEqual([
        userIDs[1],
        protocolVersion,
        kernelVersion
      ])
      expect([
        client.groups.get(groupID)?.row?.name,
        deltas.map(({ caughtUp }) => caughtUp).lastIndexOf(true)
      ]).toEqual(['Crew', deltas.length - 1])
    }
  )

  check(
    'what a user is told begins with the feed, which says of which groups',
    async ({ open, crew, token, id }) => {
      const { groupID, userIDs } = await crew(['ann', 'bob'])
      const client = await open()
      await client.login({ token: await token(userIDs[0]) })
      const joined = client.events.filter(({ kind }) => kind === 'joined')
      expect(joined.map(event => 'groupID' in event && event.groupID)).toEqual([groupID])
      const nobody = await open()
      await nobody.login({ token: await token(id('new')) })
      expect([nobody.groups.size, nobody.events.length]).toEqual([0, 0])
    }
  )

  const frames: [title: string, frame: string | object][] = [
    ['no JSON', 'Hello?'],
    ['an empty text', ''],
    ['null', 'null'],
    ['a list', []],
    ['of no type', {}],
    ['a push without operations', { type: 'push', operations: [] }],
    [
      'a push of more operations than one frame may have',
      {
        type: 'push',
        operations: Array.from({ length: frameLimits.operationsPerPushMax + 1 }, (_, index) => ({
          opID: `op${index}`,
          name: 'quitGroup',
          args: { groupID: 'x' },
          groupID: 'x',
          seen: 0,
          waited: 0
        }))
      }
    ],
    ['a push of half an operation', { type: 'push', operations: [{ opID: 'half' }] }],
    ['a page of more members than one page may have', members(frameLimits.membersPerPageMax + 1)],
    ['a page of no members', members(0)],
    ['nested a hundred deep', '['.repeat(100) + ']'.repeat(100)]
  ]
  for (const [title, frame] of frames) {
    check(
      `a frame that is ${title} is answered 4509, and the connection ends`,
      async ({ login, id }) => {
        const client = await login(id('ann'))
        client.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
        expect(await client.refusal()).toEqual(4509)
      }
    )
  }

  check('a second login over a connection is answered 4509', async ({ login, id, token }) => {
    const userID = id('ann')
    const client = await login(userID)
    const hello = {
      type: 'hello',
      protocol: protocolVersion,
      kernel: kernelVersion,
      epoch: '',
      feed: 0,
      groups: []
    }
    client.send({ ...hello, token: await token(userID) })
    expect(await client.refusal()).toEqual(4509)
  })

  check('whoever says something before logging in is answered 2999', async ({ open }) => {
    for (const frame of [{ type: 'ping' }, members(1), { type: 'auth', token: 'x' }]) {
      const client = await open()
      client.send(frame)
      expect(await client.refusal()).toEqual(2999)
    }
  })

  check('a client of another protocol is answered 4508', async ({ open }) => {
    const client = await open()
    // Everything else in its hello may differ as well.
    client.send({ type: 'hello', protocol: protocolVersion + 1 })
    expect(await client.refusal()).toEqual(4508)
  })

  check(
    'a client that judges by other rules is welcome, and told by which the server does',
    async ({ open, id, token }) => {
      const client = await open()
      const { welcome } = await client.login({
        token: await token(id('ann')),
        kernel: kernelVersion + 1
      })
      expect(welcome.kernel).toEqual(kernelVersion)
    }
  )

  check('a token that is none is answered 70003, an empty one 70002', async ({ open }) => {
    const refused = async (token: string) => {
      const client = await open()
      return client.login({ token }).then(
        () => 'welcome',
        (error: Error) => (JSON.parse(error.message) as { code: number }).code
      )
    }
    expect([await refused('nonsense'), await refused('')]).toEqual([70003, 70002])
  })

  const { makeExpiredToken } = server
  if (makeExpiredToken)
    check('a token that has expired is answered 70001', async ({ open, id }) => {
      const client = await open()
      const token = await makeExpiredToken(id('ann'))
      client.send({
        type: 'hello',
        protocol: protocolVersion,
        kernel: kernelVersion,
        token,
        epoch: '',
        feed: 0,
        groups: []
      })
      expect(await client.refusal()).toEqual(70001)
    })

  check(
    'another token of the same user is taken over the open connection',
    async ({ login, id, token, act }) => {
      const userID = id('ann')
      const client = await login(userID)
      client.send({ type: 'auth', token: await token(userID) })
      expect(await client.told()).toEqual([])
      expect(
        (await act(client, 'createGroup', { groupID: id('crew'), name: 'Crew' })).kind
      ).toEqual('applied')
    }
  )

  check(
    "another user's token is answered 70013, and does nothing",
    async ({ crew, token, login }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
      clients[1].send({ type: 'auth', token: await token(userIDs[0]) })
      clients[1].send({
        type: 'push',
        operations: [
          {
            opID: `by ${userIDs[0]}`,
            name: 'dismissGroup',
            args: { groupID },
            groupID,
            seen: 0,
            waited: 0
          }
        ]
      })
      expect(await clients[1].refusal()).toEqual(70013)
      const again = await login(userIDs[1])
      expect(again.groups.has(groupID)).toEqual(true)
    }
  )

  check(
    'a message of an unknown type is answered, and the connection stays',
    async ({ login, id, act }) => {
      const client = await login(id('ann'))
      client.send({ type: 'from-next-year', of: ['what', 'nobody', 'knows'] })
      expect(await client.next('unknown')).toEqual({ type: 'unknown', what: 'from-next-year' })
      expect(
        (await act(client, 'createGroup', { groupID: id('crew'), name: 'Crew' })).kind
      ).toEqual('applied')
    }
  )

  check(
    'fields that nobody knows are ignored, wherever they are',
    async ({ open, crew, token, operation }) => {
      const { groupID, userIDs } = await crew(['ann', 'bob'])
      const client = await open()
      const extra = { since: 'next year' }
      await client.login({ token: await token(userIDs[0]), ...extra })
      client.send({ type: 'ping', ...extra })
      await client.next('pong')
      const renamed = { ...operation('updateGroupProfile', { groupID, name: 'Boat' }), ...extra }
      expect(
        (await client.judge(renamed)).map(verdict => verdict !== 'retry' && verdict.kind)
      ).toEqual(['applied'])
    }
  )
}

const members = (limit: number) => ({ type: 'members', groupID: 'nowhere', after: '', limit })
