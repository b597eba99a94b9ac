/** A refused operation is retried once, however many tabs and calls ask for it. */

import { beforeEach, expect, test } from 'vitest'
import { isGroupError } from '../../src/engine/api.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import {
  createPeers,
  createTestClient,
  createTestServer,
  crewWithBob,
  type TestClient,
  type TestServer
} from '../harness.ts'

let server: TestServer
beforeEach(() => {
  server = createTestServer()
})

/** A device with an operation that the server has refused later. */
async function refused(
  options: Parameters<typeof createTestClient>[2] = {}
): Promise<{ ann: TestClient; opID: string }> {
  const ann = createTestClient(server, 'ann', options)
  await ann.settle('createGroup', crewWithBob)
  await server.clock.advance(100)
  ann.network.cut()
  const { opID } = await ann.apply('setGroupMemberNameCard', {
    groupID: 'crew',
    userID: 'bob',
    nameCard: 'Bobby'
  })
  const args = { groupID: 'crew', userIDList: ['bob'] }
  await server.judge('ann', { name: 'deleteGroupMember', args, groupID: 'crew' })
  ann.network.restore()
  await ann.caughtUp()
  await server.judge('app', { name: 'addGroupMember', args, groupID: 'crew' })
  await server.clock.advance(1000)
  return { ann, opID }
}

/** How many operations of this name the server has carried out. */
const done = (name: string) =>
  server.database.snapshot(async reader => (await reader.logSince('crew', 0, [name], 10)).length)
const codes = (answers: readonly unknown[]) =>
  answers.map(answer =>
    typeof answer === 'object' && answer && isGroupError(answer) ? answer.code : 'queued'
  )

test('a retry that is called twice at once is done once', async () => {
  const { ann, opID } = await refused()
  const answers = await Promise.all([ann.engine.retry(opID), ann.engine.retry(opID)])
  await ann.caughtUp()
  expect([codes(answers), await done('setGroupMemberNameCard')]).toEqual([['queued', 4503], 1])
})

test('a retry from two tabs at once is done once', async () => {
  const storage = createMemoryStorage()
  const [first, second] = createPeers()
  const pair = refused({ storage, peers: first.peers })
  first.lead()
  const { ann, opID } = await pair
  const other = createTestClient(server, 'ann', { storage, peers: second.peers })
  await other.groups()
  const answers = await Promise.all([ann.engine.retry(opID), other.engine.retry(opID)])
  await ann.caughtUp()
  expect([codes(answers).sort(), await done('setGroupMemberNameCard')]).toEqual([
    [4503, 'queued'],
    1
  ])
  expect([await other.verdicts(), await ann.verdicts()]).toEqual([[], []])
})

test('a slow retry that another tab has overtaken gets a verdict', async () => {
  const storage = createMemoryStorage()
  const [first, second] = createPeers()
  const pair = refused({ storage, peers: first.peers })
  first.lead()
  const { ann, opID } = await pair
  const transact: typeof storage.transact = async (...work) => {
    await new Promise<void>(resolve => void server.clock.setTimer(resolve, 20_000))
    return storage.transact(...work)
  }
  const slow = { ...storage, transact }
  const other = createTestClient(server, 'ann', { storage: slow, peers: second.peers })
  await other.groups()
  const late = other.engine.retry(opID)
  const [pending] = await other.outbox()
  const settled = other.engine.settled(pending?.opID ?? '')
  expect(codes([await ann.engine.retry(opID)])).toEqual(['queued'])
  await server.clock.advance(60_000)
  expect(codes([await late])).toEqual([4512])
  expect(await settled).toMatchObject({ verdict: { kind: 'rejected', error: { code: 4503 } } })
})

test('a retry and its dismissed verdict are one commit', async () => {
  const storage = createMemoryStorage()
  const { ann, opID } = await refused({ storage })
  const { transact } = storage
  let commits = 0
  storage.transact = (...call) => {
    commits++
    return transact(...call)
  }
  ann.network.cut()
  await ann.engine.retry(opID)
  const [outbox, verdicts] = (
    await storage.read([
      { table: 'outbox', scope: '' },
      { table: 'verdicts', scope: '', ids: [opID] }
    ])
  ).answers
  expect([commits, outbox.length, verdicts.length]).toEqual([1, 1, 0])
})

test('a retry that storage refuses leaves the verdict', async () => {
  const storage = createMemoryStorage()
  const { ann, opID } = await refused({ storage })
  const { transact } = storage
  storage.transact = () => Promise.reject(new Error('full'))
  expect(codes([await ann.engine.retry(opID)])).toEqual([4502])
  storage.transact = transact
  expect((await ann.verdicts()).map(entry => entry.opID)).toEqual([opID])
})

test('an operation that succeeded cannot be retried', async () => {
  const { ann } = await refused()
  const { opID } = await ann.apply('updateGroupProfile', { groupID: 'crew', name: 'Boat' })
  await ann.caughtUp()
  expect(codes([await ann.engine.retry(opID), await ann.engine.dismissVerdict(opID)])).toEqual([
    4503, 4503
  ])
})

test('a verdict that two tabs dismiss is dismissed by one', async () => {
  const { ann, opID } = await refused()
  const answers = await Promise.all([
    ann.engine.dismissVerdict(opID),
    ann.engine.dismissVerdict(opID)
  ])
  expect(answers.map(answer => answer?.code ?? 'dismissed')).toEqual(['dismissed', 4503])
})

test.each([
  ['partial', 1000],
  ['rejected', 10_000]
] as const)('verdicts of the kind %s are bounded, and the newest stay', async (kind, max) => {
  const storage = createMemoryStorage()
  const rest =
    kind === 'partial'
      ? { seq: 1, result: {} }
      : { scope: 'state', error: { code: 10007, reason: 'NotPermitted', message: '' } }
  await storage.transact([], () =>
    Array.from({ length: max + 5 }, (_, index) => {
      const verdict = { kind, opID: `old-${index}`, groupID: 'crew', ...rest }
      return {
        table: 'verdicts',
        scope: '',
        id: verdict.opID,
        row: { verdict: verdict as never, name: 'quitGroup', args: {}, askedAtMs: index }
      }
    })
  )
  const ann = createTestClient(server, 'ann', { storage })
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew' })
  const kept = new Set((await ann.verdicts()).map(({ opID }) => opID))
  expect([kept.size, kept.has('old-4'), kept.has('old-5')]).toEqual([max, false, true])
})
