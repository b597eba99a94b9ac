/** Login, versions and tokens. */

import { kernelVersion } from '../../kernel/decide.ts'
import { protocolVersion } from '../../protocol/messages.ts'
import type { Suite } from './stage.ts'

export function sessionCases({ check, expect, server }: Suite): void {
  check('a login brings the user ID and the current groups', async ({ open, crew, token }) => {
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
  })

  check(
    'the feed of a login names exactly the groups of the user',
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

  check('another protocol version ends the connection with 4508', async ({ open }) => {
    const client = await open()
    // Another protocol may change every other field of hello.
    client.send({ type: 'hello', protocol: protocolVersion + 1 })
    expect(await client.errorCode()).toEqual(4508)
  })

  check(
    'a client of another kernel version receives that of the server',
    async ({ open, id, token }) => {
      const client = await open()
      const { welcome } = await client.login({
        token: await token(id('ann')),
        kernel: kernelVersion + 1
      })
      expect(welcome.kernel).toEqual(kernelVersion)
    }
  )

  check('an unreadable token is answered with 70003, an empty one with 70002', async ({ open }) => {
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
    check('an expired token ends the connection with 70001', async ({ open, id }) => {
      const client = await open()
      const token = await makeExpiredToken(id('ann'))
      client.send({
        type: 'hello',
        protocol: protocolVersion,
        kernel: kernelVersion,
        token,
        epoch: '',
        feed: 0,
        groups: [],
        pending: []
      })
      expect(await client.errorCode()).toEqual(70001)
    })

  check(
    'a new token of the same user keeps the connection open',
    async ({ login, id, token, act }) => {
      const userID = id('ann')
      const client = await login(userID)
      client.send({ type: 'auth', token: await token(userID) })
      expect(await client.ping()).toEqual([])
      expect(
        (await act(client, 'createGroup', { groupID: id('crew'), name: 'Crew' })).kind
      ).toEqual('applied')
    }
  )

  check("another user's token ends the connection with 70013", async ({ crew, token, login }) => {
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
          waitedSeconds: 0
        }
      ]
    })
    expect(await clients[1].errorCode()).toEqual(70013)
    const nextSession = await login(userIDs[1])
    expect(nextSession.groups.has(groupID)).toEqual(true)
  })
}
