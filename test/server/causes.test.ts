/** The cause of a refusal, when the group had an earlier group of the same ID. */

import { expect, test } from 'vitest'
import { createTestServer } from '../harness.ts'

function crew() {
  const server = createTestServer()
  const judge = (userID: string, name: string, args: object = {}) =>
    server.judge(userID, { name, groupID: 'crew', args: { groupID: 'crew', ...args } })
  return { server, judge }
}

test.each(['kicked', 'dismissed'])(
  'a user %s by an earlier group learns no cause',
  async reason => {
    const { judge } = crew()
    await judge('ann', 'createGroup', {
      name: 'A',
      type: 'Public',
      memberList: [{ userID: 'eve' }]
    })
    if (reason === 'kicked') await judge('ann', 'deleteGroupMember', { userIDList: ['eve'] })
    await judge('ann', 'dismissGroup')
    expect(await judge('eve', 'updateGroupProfile', { name: 'x' })).toMatchObject({
      cause: { reason, by: 'ann' }
    })
    await judge('bob', 'createGroup', { name: 'Secret', type: 'Private' })
    const refusal = await judge('eve', 'updateGroupProfile', { name: 'x' })
    expect(refusal).toMatchObject({ kind: 'rejected', error: { code: 10007 } })
    expect(refusal).not.toHaveProperty('cause')
  }
)

test('a user kicked by the present group learns its cause', async () => {
  const { judge } = crew()
  await judge('ann', 'createGroup', { name: 'A', type: 'Public', memberList: [{ userID: 'eve' }] })
  await judge('ann', 'dismissGroup')
  await judge('bob', 'createGroup', { name: 'B', type: 'Public', memberList: [{ userID: 'eve' }] })
  await judge('bob', 'deleteGroupMember', { userIDList: ['eve'] })
  expect(await judge('eve', 'updateGroupProfile', { name: 'x' })).toMatchObject({
    cause: { reason: 'kicked', by: 'bob' }
  })
})

test('a demotion in an earlier group is no cause', async () => {
  const { server, judge } = crew()
  const memberList = [{ userID: 'eve', role: 'Admin' }]
  await judge('ann', 'createGroup', { name: 'A', type: 'Public', memberList })
  await judge('ann', 'setGroupMemberRole', { userID: 'eve', role: 'Member' })
  await judge('ann', 'dismissGroup')
  await judge('bob', 'createGroup', { name: 'B', type: 'Public', memberList: [{ userID: 'eve' }] })
  const outcome = await server.submit('eve', {
    name: 'updateGroupProfile',
    args: { groupID: 'crew', name: 'x' },
    groupID: 'crew',
    opID: 'late',
    seen: 1,
    waitedSeconds: 0
  })
  expect(outcome).toMatchObject({ verdict: { kind: 'rejected', error: { code: 10007 } } })
  expect(outcome).not.toHaveProperty('verdict.cause')
})
