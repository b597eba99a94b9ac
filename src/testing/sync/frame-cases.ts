/** Frames that are refused, and frames of a newer build. */

import { kernelVersion } from '../../kernel/decide.ts'
import { frameLimits, protocolVersion } from '../../protocol/messages.ts'
import type { Suite } from './stage.ts'

export function frameCases({ check, expect }: Suite): void {
  const frames: [title: string, frame: string | object][] = [
    ['a text other than JSON', 'Hello?'],
    ['an empty frame', ''],
    ['null', 'null'],
    ['a list', []],
    ['a message without a type', {}],
    ['a push without operations', { type: 'push', operations: [] }],
    [
      'a push with too many operations',
      {
        type: 'push',
        operations: Array.from({ length: frameLimits.operationsPerPushMax + 1 }, (_, index) => ({
          opID: `op${index}`,
          name: 'quitGroup',
          args: { groupID: 'x' },
          groupID: 'x',
          seen: 0,
          waitedSeconds: 0
        }))
      }
    ],
    ['a push of an incomplete operation', { type: 'push', operations: [{ opID: 'half' }] }],
    ['a request for too many members', members(frameLimits.membersPerPageMax + 1)],
    ['a request for no members', members(0)],
    ['a frame nested 100 deep', '['.repeat(100) + ']'.repeat(100)]
  ]
  for (const [title, frame] of frames) {
    check(`${title} ends the connection with 4509`, async ({ login, id }) => {
      const client = await login(id('ann'))
      client.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
      expect(await client.errorCode()).toEqual(4509)
    })
  }

  check('a second hello ends the connection with 4509', async ({ login, id, token }) => {
    const userID = id('ann')
    const client = await login(userID)
    const hello = {
      type: 'hello',
      protocol: protocolVersion,
      kernel: kernelVersion,
      epoch: '',
      feed: 0,
      groups: [],
      pending: []
    }
    client.send({ ...hello, token: await token(userID) })
    expect(await client.errorCode()).toEqual(4509)
  })

  check('a message before hello ends the connection with 2999', async ({ open }) => {
    for (const frame of [{ type: 'ping' }, members(1), { type: 'auth', token: 'x' }]) {
      const client = await open()
      client.send(frame)
      expect(await client.errorCode()).toEqual(2999)
    }
  })

  check('a message of an unknown type is answered with unknown', async ({ login, id, act }) => {
    const client = await login(id('ann'))
    client.send({ type: 'from-next-year', of: ['unknown', 'things'] })
    expect(await client.next('unknown')).toEqual({ type: 'unknown', what: 'from-next-year' })
    expect((await act(client, 'createGroup', { groupID: id('crew'), name: 'Crew' })).kind).toEqual(
      'applied'
    )
  })

  check('unknown fields are ignored', async ({ open, crew, token, operation }) => {
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
  })
}

const members = (limit: number) => ({ type: 'members', groupID: 'nowhere', after: '', limit })
