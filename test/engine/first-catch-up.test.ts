/** Lists of a device that has nothing yet, and verdicts of an earlier run. */

import { beforeEach, expect, test } from 'vitest'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'

let server: TestServer
beforeEach(() => void (server = createTestServer()))

const lists = [
  ['groups', { kind: 'groups' }],
  ['members of a group', { kind: 'members', groupID: 'crew' }],
  ['notices', { kind: 'notices' }]
] as const

test.each(lists)('%s are incomplete until the first catch-up', async (_name, query) => {
  const ann = createTestClient(server, 'ann', { paused: true })
  const list = ann.watch(query)
  await server.clock.settle()
  expect(list.last()).toMatchObject({ total: 0, complete: false })
  await ann.engine.resume()
  await ann.caughtUp()
  expect(list.last()).toMatchObject({ total: 0, complete: true })
})

test('groups stay complete offline after the first catch-up', async () => {
  const ann = createTestClient(server, 'ann')
  await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  await ann.caughtUp()
  await ann.engine.close()
  const next = createTestClient(server, 'ann', { storage: ann.storage, paused: true })
  const list = next.watch({ kind: 'groups' })
  await server.clock.settle()
  expect(list.last()).toMatchObject({ total: 1, complete: true, stale: true })
})

test('`settled` answers a stored verdict in a later run, else 4503', async () => {
  const ann = createTestClient(server, 'ann')
  const { opID } = await ann.apply('createGroup', { groupID: 'crew', name: 'Crew' })
  await ann.caughtUp()
  const next = createTestClient(server, 'ann', { storage: ann.storage, paused: true })
  expect(await next.engine.settled(opID)).toMatchObject({ verdict: { kind: 'applied' } })
  await ann.storage.transact([], () => [{ table: 'verdicts', scope: '', id: opID, row: null }])
  const last = createTestClient(server, 'ann', { storage: ann.storage, paused: true })
  expect(await last.engine.settled(opID)).toMatchObject({ code: 4503 })
})
