/** The same operation on the same rows gets the same answer on the device, before it is sent, and from the server. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OperationName } from '../../src/kernel/decide.ts'
import { isGroupError } from '../../src/engine/api.ts'
import { createTestClient, createTestServer, type TestClient, type TestServer } from '../harness.ts'

const users = ['ann', 'bob', 'carl', 'dora', 'app'] as const
const user = fc.constantFrom(...users, 'stranger')
const name = fc.constantFrom('Crew', 'Boat', 'Ship', '群', 'Oar', '', 'x'.repeat(31))
const groupID = fc.constantFrom('g1', 'g2', 'g3')
const joinOption = fc.constantFrom('FreeAccess', 'NeedPermission', 'DisableApply')
const memberList = fc.array(fc.record({ userID: user, role: fc.constantFrom('Admin') }, { requiredKeys: ['userID'] }), {
  maxLength: 4
})
const field = fc.record({ key: fc.constantFrom('level', 'city'), value: fc.constantFrom('', 'high') })

const operation = fc.oneof(
  call('createGroup', {
    name,
    groupID,
    type: fc.constantFrom('Private', 'Public', 'ChatRoom', 'AVChatRoom'),
    joinOption,
    memberList,
    maxMemberNum: fc.constantFrom(3, 200, 300),
    groupCustomField: fc.array(field, { maxLength: 2 })
  }),
  call('updateGroupProfile', {
    groupID,
    name,
    introduction: fc.constantFrom('', 'about', 'y'.repeat(241)),
    maxMemberNum: fc.constantFrom(1, 4, 2000),
    joinOption,
    muteAllMembers: fc.boolean(),
    groupCustomField: fc.array(field, { maxLength: 2 })
  }),
  call('joinGroup', { groupID, applyMessage: fc.constantFrom('', 'please'), type: fc.constantFrom('Private', 'Public') }),
  call('quitGroup', { groupID }),
  call('dismissGroup', { groupID }),
  call('addGroupMember', { groupID, userIDList: fc.array(user, { maxLength: 3 }) }),
  call('deleteGroupMember', { groupID, userIDList: fc.array(user, { maxLength: 3 }) }),
  call('setGroupMemberRole', { groupID, userID: user, role: fc.constantFrom('Admin', 'Member', 'Owner') })
)

/** Arguments of one operation: the group and what else is required most of the time, the others now and then. */
function call<N extends OperationName>(operationName: N, fields: Record<string, fc.Arbitrary<unknown>>) {
  const optional = new Set([
    'type',
    'joinOption',
    'memberList',
    'maxMemberNum',
    'groupCustomField',
    'introduction',
    'muteAllMembers',
    'applyMessage'
  ])
  const requiredKeys = Object.keys(fields).filter(key => !optional.has(key))
  return fc.record({ name: fc.constant<OperationName>(operationName), args: fc.record(fields, { requiredKeys }) })
}

/** Groups that are there already: of any type, with members, some of them admins. */
const beginning = fc
  .tuple(
    ...['g1', 'g2'].map(groupID =>
      fc.constantFrom('Private', 'Public', 'ChatRoom', 'AVChatRoom').map(type => ({ groupID, type }))
    )
  )
  .map(groups =>
    groups.map(group => ({
      ...group,
      name: 'Crew',
      memberList: [{ userID: 'bob', ...(group.type !== 'Private' && { role: 'Admin' }) }, { userID: 'carl' }]
    }))
  )

const step = fc.record({ actor: fc.constantFrom(...users), operation })

test('what a device predicts is what the server decides', async () => {
  const seen = { accepted: 0, refused: new Set<number>(), undecided: 0 }
  const rare = [10004, 10007, 10009, 2622, 2661, 2680, 2681, 2682, 2683, 2684]
  // Until the rare refusals have been among what chance brought.
  for (let round = 0; round === 0 || (round < 5 && !rare.every(code => seen.refused.has(code))); round++) await compareMany()
  expect(seen.accepted).toBeGreaterThan(100)
  expect(seen.undecided).toBeGreaterThan(10)
  expect([...seen.refused]).toEqual(expect.arrayContaining(rare))

  async function compareMany() {
    const property = fc.asyncProperty(beginning, fc.array(step, { minLength: 5, maxLength: 25 }), async (groups, steps) => {
      const server = createTestServer({ policy: { groupsPerUserMax: 3 } })
      for (const args of groups) await server.judge('ann', { name: 'createGroup', args, groupID: args.groupID })
      const clients = new Map(users.map(userID => [userID, createTestClient(server, userID)]))
      await server.clock.advance(1000)
      for (const { actor, operation } of steps) await compare(server, clients.get(actor)!, operation)
      expect(server.errors).toEqual([])
    })
    await fc.assert(property, { numRuns: 200 })
  }

  async function compare(
    server: TestServer,
    actor: TestClient,
    { name, args }: { name: OperationName; args: Record<string, unknown> }
  ) {
    const group = await actor.group(String(args['groupID']))
    const holdsGroup = Boolean(group)
    const members = actor.watch({ kind: 'members', groupID: String(args['groupID']), offset: 0, limit: 100 })
    await server.clock.until(() => group?.type === 'AVChatRoom' || members.last()?.complete === true)
    // The arguments are random; that they may not fit is the point.
    const answer = await actor.engine.apply(name, args)
    const groupID = String(args['groupID'])
    if (isGroupError(answer)) {
      const verdict = await server.judge(actor.userID, { name, args, groupID })
      // Where the device does not hold the group, the server may have a weightier reason; refused it is all the same.
      const error = holdsGroup ? answer : {}
      expect({ name, args, verdict }).toMatchObject({ verdict: { kind: 'rejected', error } })
      seen.refused.add(answer.code)
      return
    }
    const predicted = await shown(actor, groupID)
    let verdict: unknown
    void actor.engine.settled(answer.opID).then(settled => (verdict = 'verdict' in settled ? settled.verdict : settled))
    await server.clock.until(() => verdict !== undefined)
    // Until everybody has heard of it.
    await server.clock.advance(100)
    // Of a group that the device does not know, nothing was predicted: the server may have reasons that it cannot see.
    if (answer.result === undefined) seen.undecided++
    else if (!isTaken(verdict)) {
      seen.accepted++
      expect({ name, args, verdict }).toMatchObject({ verdict: { result: answer.result } })
      expect(await shown(actor, groupID)).toEqual(predicted)
    }
  }
})

/** Whether a group of this ID belongs to somebody else: the one thing that only the server can know about a creation. */
const isTaken = (verdict: unknown) => JSON.stringify(verdict).includes('GroupIDTaken')

async function shown(client: TestClient, groupID: string): Promise<unknown> {
  const group = await client.group(groupID)
  const members = [...(await client.members(groupID))].sort((a, b) => (a.userID < b.userID ? -1 : 1))
  // The server's clock is a moment ahead of the prediction, and members stand in the order in which they joined.
  return JSON.parse(
    JSON.stringify([group ?? null, members], (key, value: unknown) => (key.endsWith('Time') ? 'some time' : value))
  )
}
