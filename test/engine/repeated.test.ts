/** Operations that are applied once more under their ID, because an answer was lost. */

import { beforeEach, expect, test } from 'vitest'
import type { Applied } from '../../src/engine/api.ts'
import type { Result } from '../../src/kernel/decide.ts'
import type { GroupError } from '../../src/kernel/errors.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { createTestClient, createTestServer, type TestServer } from '../harness.ts'

let server: TestServer
beforeEach(() => {
  server = createTestServer()
})

const opID = 'an-ID-of-22-characters'
const crew = { name: 'Crew', type: 'Public' } as const

type Answer = Applied | GroupError
const idsOf = (answers: readonly Answer[]) =>
  answers.map(answer => ('code' in answer ? answer.code : answer.opID))
const groupOf = (answer: Applied<'createGroup'> | GroupError) =>
  'code' in answer ? answer.code : answer.groupID
const countOf = async (name: string, groupID: string) =>
  (await server.database.snapshot(reader => reader.logSince(groupID, 0, [name], 10))).length

test('an operation applied twice at once is pending once', async () => {
  const ann = createTestClient(server, 'ann', { paused: true })
  const answers = await Promise.all(
    [1, 2].map(() => ann.engine.apply('createGroup', crew, { opID }))
  )
  expect([idsOf(answers), (await ann.outbox()).length]).toEqual([[opID, opID], 1])
})

test('a pending operation that is applied again is answered alike', async () => {
  const ann = createTestClient(server, 'ann', { paused: true })
  const first = await ann.engine.apply('createGroup', crew, { opID })
  const second = await ann.engine.apply('createGroup', crew, { opID })
  expect({ ...second, version: 0 }).toEqual({ ...first, version: 0 })
})

test('a pending operation is answered alike by the next engine', async () => {
  const storage = createMemoryStorage()
  const first = createTestClient(server, 'ann', { storage, paused: true })
  const answer = await first.engine.apply('createGroup', crew, { opID })
  const next = createTestClient(server, 'ann', { storage, paused: true })
  const repeated = await next.engine.apply('createGroup', crew, { opID })
  expect({ ...repeated, version: 0 }).toEqual({ ...answer, version: 0 })
})

test('an applied operation that is applied again takes effect once', async () => {
  const ann = createTestClient(server, 'ann')
  await ann.caughtUp()
  const groupID = String(groupOf(await ann.engine.apply('createGroup', crew, { opID })))
  await ann.caughtUp()
  const repeated = await ann.engine.apply('createGroup', crew, { opID })
  await ann.caughtUp()
  expect([groupOf(repeated), (await ann.groups()).length]).toEqual([groupID, 1])
})

test('a repetition of an applied operation has the result of its verdict', async () => {
  const ann = createTestClient(server, 'ann')
  await ann.settle('createGroup', { groupID: 'crew', name: 'Crew', type: 'Private' })
  const args = { groupID: 'crew', userIDList: ['bob'] }
  await ann.engine.apply('addGroupMember', args, { opID })
  await ann.caughtUp()
  const repeated = await ann.engine.apply('addGroupMember', args, { opID })
  const result = 'code' in repeated ? repeated : (repeated.result as Result<'addGroupMember'>)
  expect(result).toMatchObject({ successUserIDList: ['bob'] })
})

test('a refused operation that is applied again is answered with its error', async () => {
  const ann = createTestClient(server, 'ann')
  await ann.caughtUp()
  await server.judge('bob', {
    name: 'createGroup',
    groupID: 'crew',
    args: { groupID: 'crew', ...crew }
  })
  ann.network.cut()
  await ann.engine.apply('createGroup', { groupID: 'crew', ...crew }, { opID })
  ann.network.restore()
  await ann.caughtUp()
  const repeated = await ann.engine.apply('createGroup', { groupID: 'crew', ...crew }, { opID })
  expect(repeated).toMatchObject({ code: 10021 })
})

test('a repetition from a device without the verdict has no second effect', async () => {
  const first = createTestClient(server, 'ann')
  await first.caughtUp()
  const groupID = String(groupOf(await first.engine.apply('createGroup', crew, { opID })))
  await first.caughtUp()
  const other = createTestClient(server, 'ann')
  await other.caughtUp()
  await other.engine.apply('createGroup', crew, { opID })
  await other.caughtUp()
  expect([await countOf('createGroup', groupID), (await other.groups()).length]).toEqual([1, 1])
})

test('a repeated operation that storage refuses late stays refused', async () => {
  const memory = createMemoryStorage()
  let isRefusing = true
  const transact: typeof memory.transact = async (...args) => {
    if (!isRefusing) return memory.transact(...args)
    await new Promise<void>(resolve => void server.clock.setTimer(resolve, 20_000))
    throw new Error('The disk is full.')
  }
  const ann = createTestClient(server, 'ann', { storage: { ...memory, transact }, paused: true })
  const first = ann.engine.apply('createGroup', crew, { opID })
  await server.clock.advance(25_000)
  const second = ann.engine.apply('createGroup', crew, { opID })
  await server.clock.settle()
  isRefusing = false
  await server.clock.advance(60_000)
  expect(idsOf([await first, await second])).toEqual([4512, 4502])
  expect([await ann.outbox(), await ann.verdicts()]).toMatchObject([
    [],
    [{ opID, verdict: { kind: 'rejected' } }]
  ])
})

test.each([['too short'], ['23 characters, one more'], ['a letter with ümlaut..'], [5], [{}]])(
  '%j is no ID of an operation',
  async wrong => {
    const ann = createTestClient(server, 'ann', { paused: true })
    const answer = await ann.engine.apply('createGroup', crew, { opID: wrong as string })
    expect(answer).toMatchObject({ code: 10004 })
  }
)

test('a retried operation has the ID that its caller has given', async () => {
  const ann = createTestClient(server, 'ann')
  await ann.caughtUp()
  await server.judge('bob', {
    name: 'createGroup',
    groupID: 'crew',
    args: { groupID: 'crew', ...crew }
  })
  ann.network.cut()
  const refused = await ann.apply('createGroup', { groupID: 'crew', ...crew })
  ann.network.restore()
  await ann.caughtUp()
  const revised = { ...crew, groupID: 'boat' }
  const retried = await ann.engine.retry(refused.opID, revised, { opID })
  expect(retried).toMatchObject({ opID, groupID: 'boat' })
})
