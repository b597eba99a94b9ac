/** A database with several connections, whose reads and announcements overtake each other. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { openClient, type SyncClient } from '../../src/testing/sync/client.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { createTestServer, type TestServer } from '../harness.ts'
import { request } from './sync-request.ts'

const users = ['ann', 'bob', 'carl', 'dave']
const groups = ['g1', 'g2']

/** Each statement and commit takes 0 to `spreadMs` milliseconds, chosen by the seed. */
function createWorld(seed: number, spreadMs: number): TestServer {
  const clock = createTestClock()
  let state = seed
  const pause = () =>
    new Promise<void>(resolve => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      clock.setTimer(resolve, ((state >>> 8) / 2 ** 24) * spreadMs)
    })
  return createTestServer({
    clock,
    database: createMemoryDatabase('epoch', { count: 4, pause }),
    policy: { suppressTips: 'tencent' }
  })
}

type Step = {
  readonly user: string
  readonly groupID: string
  readonly name: string
  readonly args: object
  readonly afterMs: number
}
const pick = (weight: number, name: string, args: fc.Arbitrary<object>) => ({
  weight,
  arbitrary: args.map(each => ({ name, args: each }))
})
const user = fc.constantFrom(...users)
const step: fc.Arbitrary<Step> = fc
  .record({
    user,
    groupID: fc.constantFrom(...groups),
    afterMs: fc.nat(12),
    call: fc.oneof(
      pick(3, 'updateGroupProfile', fc.record({ name: fc.constantFrom('a', 'b', 'c') })),
      pick(
        3,
        'setMessageRemindType',
        fc.record({ messageRemindType: fc.constantFrom('Discard', 'AcceptNotNotify') })
      ),
      pick(2, 'setGroupMemberNameCard', fc.record({ nameCard: fc.constantFrom('x', 'y', 'z') })),
      pick(2, 'joinGroup', fc.constant({})),
      pick(2, 'quitGroup', fc.constant({})),
      pick(
        1,
        'deleteGroupMember',
        fc.record({ userIDList: fc.array(user, { minLength: 1, maxLength: 2 }) })
      ),
      pick(
        1,
        'addGroupMember',
        fc.record({ userIDList: fc.array(user, { minLength: 1, maxLength: 2 }) })
      )
    )
  })
  .map(({ call, ...rest }) => ({ ...rest, ...call }))

async function login(server: TestServer, userID: string): Promise<SyncClient> {
  const opening = openClient(server.network().connect)
  let client: SyncClient | undefined
  await server.clock.until(async () =>
    Boolean((client = await Promise.race([opening, server.clock.settle().then(() => undefined)])))
  )
  if (!client) throw new Error('no connection')
  let isIn = false
  void client.login({ token: userID }).then(() => (isIn = true))
  await server.clock.until(() => isIn)
  return client
}

/** The rows that a user may see, from the database and from a client. */
async function truth(server: TestServer, userID: string) {
  let answer: unknown
  void server.database
    .snapshot(async reader => {
      const { followed } = await reader.sync(userID, request)
      const rows = []
      for (const { groupID, membershipEpoch, seq } of followed) {
        const members = await reader.membersAfter(groupID, '', 100)
        rows.push({
          groupID,
          membershipEpoch,
          seq,
          row: (await reader.group(groupID)).row,
          members
        })
      }
      return rows
    })
    .then(rows => (answer = rows))
  await server.clock.until(() => answer !== undefined)
  return answer
}
const held = (client: SyncClient) =>
  [...client.groups.values()]
    .sort((a, b) => (a.groupID < b.groupID ? -1 : 1))
    .map(({ groupID, membershipEpoch, row, members, isComplete }) => ({
      groupID,
      membershipEpoch,
      row,
      isComplete,
      members: [...members.values()].sort((a, b) => (a.userID < b.userID ? -1 : 1))
    }))

describe('a session on a database with four connections', () => {
  test('that is quiet holds exactly the rows of the database', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.nat(),
        async (steps, seed) => {
          const server = createWorld(seed, 8)
          const verdicts: Promise<unknown>[] = []
          const judge = (
            userID: string,
            { groupID, name, args }: Pick<Step, 'groupID' | 'name' | 'args'>
          ) =>
            void verdicts.push(server.judge(userID, { groupID, name, args: { groupID, ...args } }))
          const memberList = users.map(userID => ({ userID }))
          for (const groupID of groups)
            judge('ann', {
              groupID,
              name: 'createGroup',
              args: { name: 'n', type: 'Public', memberList }
            })
          const clients = new Map<string, SyncClient>()
          for (const userID of users) {
            const client = await login(server, userID)
            clients.set(userID, client)
            for (const groupID of client.groups.keys())
              client.send({ type: 'members', groupID, after: '', limit: 500 })
          }
          for (const each of steps) {
            judge(each.user, each)
            await server.clock.advance(each.afterMs)
          }
          // Less than the time to the first ping, which would repair drift.
          await server.clock.advance(5_000)
          await Promise.all(verdicts)
          for (const [userID, client] of clients) {
            const expected = (await truth(server, userID)) as { seq: number }[]
            expect(held(client)).toEqual(
              expected.map(({ seq: _seq, ...rest }) => ({ ...rest, isComplete: true }))
            )
            // Receiving throws if a delta has broken a rule.
            while (await Promise.race([client.receive(), server.clock.settle()]));
          }
          expect(server.errors).toEqual([])
        }
      ),
      { numRuns: 60 }
    )
  })
})
